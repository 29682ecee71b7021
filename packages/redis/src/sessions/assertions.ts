import type { Commands } from '../commands.ts'
import { unavailable } from '../errors.ts'
import { milliseconds } from '../milliseconds.ts'
import type { Serial } from '../serial.ts'
import type { OwnedSession, OwnedSessions } from './owned-session.ts'
import { allOf } from './place.ts'
import { assert, whichRun } from './scripts.ts'

/** How many sessions are asserted at once. */
const assertedAtOnce = 100
/** How often a call is made again because Redis was another one. */
const maxRuns = 3

export interface AssertionHost {
  readonly commands: Commands
  readonly owned: OwnedSessions
  readonly lifetime: number
  /** Runs calls for one session one after the other. */
  readonly serial: Serial
  /** Another hub has the session. */
  lost(session: OwnedSession): void
}

/**
 * Says again which sessions this hub has, when Redis has become another server or has restarted: it may have forgotten its last
 * writes, and nothing that it knows is used before.
 */
export class Assertions {
  readonly #host: AssertionHost
  #isLooking = false

  constructor(host: AssertionHost) {
    this.#host = host
  }

  /** Says that the hub has the session, to that run of Redis or to a later one. False if it has not. */
  async assert(session: OwnedSession, run: string): Promise<boolean> {
    const { commands, lifetime } = this.#host
    let current = run
    for (let runs = 0; runs < maxRuns; runs++) {
      // The park may have been executed, and another hub may have the session.
      if (session.mayBeParked && current !== session.run) {
        this.#host.lost(session)
        return false
      }
      const { keys, token, keyHash, position, running } = session
      const args = [current, token.node, `${token.attempt}`, keyHash, milliseconds(lifetime), `${position}`]
      for (const request of running) args.push(`${request}`)
      const [status, other] = (await commands.run(assert, allOf(keys), args)) as [string, string]
      if (status === 'done') {
        session.run = current
        return true
      }
      if (status === 'late') {
        this.#host.lost(session)
        return false
      }
      current = other
    }
    throw unavailable('it is another one with every call')
  }

  /** Looks whether Redis is another one, and asserts the sessions of which it does not know for certain. */
  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const { commands, owned } = this.#host
      const shards = new Map<string, OwnedSession[]>()
      for (const session of owned.all) {
        const shard = commands.shardOf(session.keys.base) ?? ''
        const others = shards.get(shard)
        if (others) others.push(session)
        else shards.set(shard, [session])
      }
      for (const sessions of shards.values()) await this.#lookAt(sessions)
    } finally {
      this.#isLooking = false
    }
  }

  /** Keeps all sessions of this hub from expiring. */
  async refresh(): Promise<void> {
    await this.#assertAll(this.#host.owned.all)
  }

  async #lookAt(sessions: readonly OwnedSession[]): Promise<void> {
    const [{ keys }] = sessions as readonly [OwnedSession]
    const run = (await this.#host.commands.run(whichRun, [keys.base], [])) as string
    await this.#assertAll(
      sessions.filter((session) => session.run !== run),
      run,
    )
  }

  async #assertAll(sessions: readonly OwnedSession[], run?: string): Promise<void> {
    const { owned, serial } = this.#host
    for (let at = 0; at < sessions.length; at += assertedAtOnce) {
      const some = sessions.slice(at, at + assertedAtOnce).map((session) =>
        serial.run(session.id, async () => {
          if (owned.has(session)) await this.assert(session, run ?? session.run)
        }),
      )
      await Promise.all(some)
    }
  }
}
