import type { MailboxEntry, PostResult } from '@holdfast/server'
import type { Commands } from '../commands.ts'
import { unavailable } from '../errors.ts'
import type { Keys } from '../keys.ts'
import { milliseconds } from '../milliseconds.ts'
import { strangers } from '../scripts.ts'
import type { Serial } from '../serial.ts'
import type { Assertions } from './assertions.ts'
import type { OwnedSessions } from './owned-session.ts'
import { allOf, placeOf } from './place.ts'
import type { Posts } from './posts.ts'
import type { Recent } from './recent.ts'
import { interrupt, readMailbox, runningRequests } from './scripts.ts'

/** How often a call is made again because Redis was another one. */
const maxRuns = 3

export interface MailboxesHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly lifetime: number
  /** The name of this hub. */
  readonly hub: string
  readonly owned: OwnedSessions
  readonly assertions: Assertions
  readonly posts: Posts
  /** Runs calls for one session one after the other. */
  readonly serial: Serial
  /** The runs of Redis that know the sessions that this hub has parked. */
  readonly runs: Recent<string>
}

type Fields = readonly [place: string, fields: readonly [string, string, string, string]]

/** The mailboxes of sessions: this hub reads those of its own, and posts to those that it had. */
export class Mailboxes {
  readonly #host: MailboxesHost

  constructor(host: MailboxesHost) {
    this.#host = host
  }

  async post(id: string, entry: MailboxEntry): Promise<PostResult> {
    const { posts, runs, serial } = this.#host
    const { hash, keys } = placeOf(this.#host.keys, id)
    return serial.run(`post ${id}`, () => posts.post(hash, keys, entry, runs.get(id)))
  }

  async read(id: string, position: number): Promise<readonly MailboxEntry[]> {
    return this.#host.serial.run(id, () => this.#read(id, position))
  }

  /** Answers the requests whose handlers ran on hubs that have died. */
  async interrupt(id: string, answer: (request: number) => string): Promise<void> {
    const { commands, hub, keys, lifetime, owned } = this.#host
    if (owned.get(id)?.running.size === 0) return
    const place = allOf(placeOf(keys, id).keys)
    const fields = (await commands.run(runningRequests, place, [])) as string[]
    const requests: (readonly [request: string, hub: string])[] = []
    for (let index = 0; index < fields.length; index += 2) requests.push([fields[index]!, fields[index + 1]!])
    const hubs = [...new Set(requests.map(([, name]) => name))].filter((name) => !/^(\+|$)/.test(name))
    const dead = new Set(['', ...(await this.#deadOf(hubs))])
    const args = requests
      .filter(([, name]) => dead.has(name) && name !== hub)
      .flatMap(([request, name]) => [request, name, answer(Number(request))])
    if (args.length > 0) await commands.run(interrupt, place, [milliseconds(lifetime), ...args])
  }

  async #read(id: string, position: number): Promise<readonly MailboxEntry[]> {
    const { assertions, commands, owned } = this.#host
    const session = owned.get(id)
    const keys = allOf(placeOf(this.#host.keys, id).keys)
    for (let runs = 0; runs < maxRuns; runs++) {
      const answer = await commands.run(readMailbox, keys, [session?.run ?? '', `${position}`])
      const [status, found] = answer as [string, (string & readonly Fields[])?]
      if (status === 'renewed' && session && (await assertions.assert(session, found!))) continue
      if (status !== 'found') return []
      const entries = (found ?? []).map(entryOf)
      if (session) {
        session.position = Math.max(session.position, position + entries.length)
        for (const { answers } of entries) if (answers !== undefined) session.running.delete(answers)
      }
      return entries
    }
    throw unavailable('it is another one with every call')
  }

  async #deadOf(hubs: readonly string[]): Promise<readonly string[]> {
    if (hubs.length === 0) return []
    const { commands, keys } = this.#host
    return (await commands.run(strangers, [keys.nodes], hubs)) as string[]
  }
}

function entryOf([, [, text, , answers]]: Fields): MailboxEntry {
  return answers === '' ? { text } : { text, answers: Number(answers) }
}
