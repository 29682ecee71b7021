import { createHash } from 'node:crypto'
import type {
  Claim,
  LostReason,
  MailboxEntry,
  ParkedState,
  PostResult,
  SessionStoreListener,
  SessionStoreNode,
  SessionToken,
  Taken,
  TakeOptions,
} from '@holdfast/server'
import { checkRedis } from '../check.ts'
import { createCommands } from '../commands.ts'
import type { Commands } from '../commands.ts'
import { unavailable } from '../errors.ts'
import type { Keys, SessionKeys } from '../keys.ts'
import { Lease, newId } from '../lease.ts'
import { milliseconds } from '../milliseconds.ts'
import type { RedisPolicy } from '../options.ts'
import { PubSub } from '../pub-sub.ts'
import type { Script } from '../scripts.ts'
import { strangers } from '../scripts.ts'
import { Serial } from '../serial.ts'
import { Assertions, allOf } from './assertions.ts'
import { Losses } from './losses.ts'
import { decodeMessage } from './messages.ts'
import { Messenger } from './messenger.ts'
import { OwnedSessions } from './owned-session.ts'
import type { OwnedSession } from './owned-session.ts'
import { Posts } from './posts.ts'
import { Replicas } from './replicas.ts'
import {
  abort,
  begin,
  end,
  giveBack,
  interrupt,
  park,
  readMailbox,
  runningRequests,
  take,
} from './scripts.ts'
import { Recent } from './recent.ts'

/** How often a call is made again because Redis was another one. */
const maxRuns = 3

/** The bounds of one session. */
export interface SessionBounds {
  /** How large a session may be that is parked, in UTF-8. */
  readonly maxParkedBytes: number
  readonly maxMailboxMessages: number
}

/** The part of a store of sessions on Redis that one hub uses. */
export class RedisSessionNode implements SessionStoreNode {
  readonly name: string = newId()
  readonly isLasting = true
  readonly #listener: SessionStoreListener
  readonly #keys: Keys
  readonly #lifetime: number
  readonly #bounds: SessionBounds
  readonly #commands: Commands
  readonly #pubSub: PubSub
  readonly #lease: Lease
  readonly #replicas: Replicas
  readonly #posts: Posts
  readonly #assertions: Assertions
  readonly #owned = new OwnedSessions()
  /** The ids of sessions that this hub has had to do with, by their hashes, which are what Redis knows. */
  readonly #ids = new Recent<string>()
  /** The runs of Redis that know the sessions that this hub has parked. */
  readonly #runs = new Recent<string>()
  /** Those that have ended, until Redis knows it. */
  readonly #ending = new Recent<OwnedSession>()
  readonly #losses: Losses
  readonly #messenger: Messenger
  readonly #serial = new Serial()
  #isListening = false
  readonly #timers: readonly NodeJS.Timeout[]
  #attempts = 0
  #isClosed = false

  constructor(policy: RedisPolicy, bounds: SessionBounds, listener: SessionStoreListener) {
    const { client, keys, timeout, memberTimeout, lifetime, probeInterval } = policy
    const commands = createCommands({ client, timeout, checkKey: keys.check, check: checkRedis() })
    this.#listener = listener
    this.#keys = keys
    this.#lifetime = lifetime
    this.#bounds = bounds
    this.#commands = commands
    const host = { commands, keys, timeout, node: newId() }
    const message = (_: string, text: string): void => this.#heard(text)
    this.#pubSub = new PubSub({ ...host, message, reset: () => this.#reset() }, probeInterval)
    const nextId = (): string => this.name
    const lost = (): void => this.#emptied()
    this.#lease = new Lease({ commands, keys, timeout: memberTimeout, lifetime, nextId, lost })
    this.#losses = new Losses({ commands, keys, node: this.name, timeout: memberTimeout })
    const hasNoLease = (): void => this.#losses.note()
    this.#messenger = new Messenger({ commands, keys, node: this.name, hasNoLease })
    this.#replicas = new Replicas(commands)
    this.#posts = new Posts({
      commands,
      node: this.name,
      lifetime,
      maxMailboxMessages: bounds.maxMailboxMessages,
      patience: 2 * memberTimeout,
      posted: (owner, hash) => this.#messenger.posted(owner, hash),
    })
    this.#assertions = new Assertions({
      commands,
      owned: this.#owned,
      lifetime,
      inOrder: (id, call) => this.#serial.run(id, call),
      lost: (session) => this.#lost(session),
    })
    this.#timers = [
      setInterval(() => this.#look(), probeInterval),
      setInterval(() => void this.refresh().catch(nothing), Math.min(lifetime / 4, 3_600_000)),
    ]
    this.#listen()
  }

  async begin(id: string, keyHash: string): Promise<SessionToken> {
    await this.#lease.ready()
    const { hash, keys } = this.#placeOf(id)
    const args = [this.name, `${++this.#attempts}`, keyHash, milliseconds(this.#lifetime)]
    const [attempt, run] = (await this.#run(begin, keys, args)) as [number, string]
    if (attempt === 0) throw unavailable('there is such a session')
    const token = { node: this.name, attempt }
    this.#own({ id, hash, keys, keyHash, token, run, position: 0, running: new Set(), mayBeParked: false })
    return token
  }

  async take(id: string, claim: Claim, { format, isLast = false }: TakeOptions): Promise<Taken> {
    await this.#lease.ready()
    const { hash, keys } = this.#placeOf(id)
    this.#ids.set(hash, id)
    const { keyHash, identity, client, n } = claim
    const attempt = ++this.#attempts
    const how = [identityText(identity), client, `${n}`, `${format}`, isLast ? '1' : '0']
    const args = [this.name, `${attempt}`, keyHash, ...how, milliseconds(this.#lifetime)]
    const answer = (await this.#run(take, keys, args)) as TakeAnswer
    switch (answer[0]) {
      case 'yours': {
        const [, text, elapsed, run, position, fields] = answer
        const token = { node: this.name, attempt }
        const running = new Set(fields.filter((_, index) => index % 2 === 0).map(Number))
        const rest = { position: Number(position), running, mayBeParked: false }
        this.#own({ id, hash, keys, keyHash, token, run, ...rest })
        return { status: 'yours', token, text, elapsed: Number(elapsed) }
      }
      case 'elsewhere': {
        const token = { node: answer[1], attempt: Number(answer[2]) }
        const isAlive = await this.#messenger.ask(hash, token, claim)
        // The lease of that hub may be lost, too.
        return { status: isAlive || this.#losses.isRecent ? 'elsewhere' : 'unknown' }
      }
      case 'ended': {
        const [, why, rx, tx, queued, handlers] = answer
        this.#messenger.abort(hash, handlers)
        return { status: 'ended', tombstone: { why, rx: Number(rx), tx: Number(tx), queued: Number(queued) } }
      }
      case 'missing':
        return {
          status: 'missing',
          // Afterwards a hub that could not reach Redis has no lease any more.
          beginTimeout: this.#losses.timeout,
          hasForgotten: await this.#losses.areRecent(keys.base),
        }
      case 'late':
      case 'unreadable':
      case 'unknown':
        return { status: answer[0] }
    }
  }

  async park(id: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean> {
    const { text, tombstone } = state
    if (Buffer.byteLength(text) > this.#bounds.maxParkedBytes)
      return this.end(id, token, { ...tombstone, why: 'overflow' })
    return this.#serial.run(id, async () => {
      const session = this.#owned.under(id, token)
      const { keys } = session ?? this.#placeOf(id)
      for (let runs = 0; runs < maxRuns; runs++) {
        const args = [session?.run ?? '', token.node, `${token.attempt}`, ...this.#parkArgs(state, ttl)]
        const mayBeParked = session?.mayBeParked
        const sent = (): void => {
          if (session) session.mayBeParked = true
        }
        const [status, other] = (await this.#commands.run(park, allOf(keys), args, sent)) as [string, string]
        if (status === 'renewed' && session && !mayBeParked) {
          session.mayBeParked = false
          if (await this.#assertions.assert(session, other)) continue
          return false
        }
        if (session) this.#owned.delete(session)
        if (status !== 'done') return false
        this.#ids.set(hashOf(id), id)
        if (session) this.#runs.set(id, session.run)
        if (other !== '0') await this.#replicas.have(keys.base)
        return true
      }
      throw unavailable('it is another one with every call')
    })
  }

  async end(
    id: string,
    token: SessionToken,
    { why, rx, tx, queued }: Parameters<SessionStoreNode['end']>[2],
  ): Promise<boolean> {
    return this.#serial.run(id, async () => {
      const { hash, keys } = this.#placeOf(id)
      const session = this.#owned.under(id, token) ?? this.#endingUnder(id, token)
      // Until Redis knows it, other hubs ask this one, which ends the session again.
      if (session) {
        this.#owned.delete(session)
        this.#ending.set(id, session)
      }
      const numbers = [rx, tx, queued].map(String)
      const rest = [
        session?.keyHash ?? '',
        why,
        ...numbers,
        milliseconds(this.#lifetime),
        session ? '1' : '0',
      ]
      this.#ids.set(hash, id)
      const args = [token.node, `${token.attempt}`, ...rest]
      const [hasEnded, handlers] = (await this.#run(end, keys, args)) as [number, string[]]
      this.#ending.delete(id)
      this.#messenger.abort(hash, handlers)
      return hasEnded === 1
    })
  }

  async giveBack(id: string, token: SessionToken): Promise<void> {
    const session = this.#owned.under(id, token)
    if (session) this.#owned.delete(session)
    await this.#giveBack(hashOf(id), token.attempt)
  }

  async post(id: string, entry: MailboxEntry): Promise<PostResult> {
    const { hash, keys } = this.#placeOf(id)
    return this.#serial.run(`post ${id}`, () => this.#posts.post(hash, keys, entry, this.#runs.get(id)))
  }

  async readMailbox(id: string, position: number): Promise<readonly MailboxEntry[]> {
    return this.#serial.run(id, async () => {
      const session = this.#owned.get(id)
      const { keys } = this.#placeOf(id)
      for (let runs = 0; runs < maxRuns; runs++) {
        const [status, found] = (await this.#run(readMailbox, keys, [session?.run ?? '', `${position}`])) as [
          string,
          (string & readonly MailboxFields[])?,
        ]
        if (status === 'renewed' && session && (await this.#assertions.assert(session, found!))) continue
        if (status !== 'found') return []
        const entries = (found ?? []).map(entryOf)
        if (session) {
          session.position = Math.max(session.position, position + entries.length)
          for (const { answers } of entries) if (answers !== undefined) session.running.delete(answers)
        }
        return entries
      }
      throw unavailable('it is another one with every call')
    })
  }

  async abort(id: string, token: SessionToken, request: number): Promise<void> {
    const { hash, keys } = this.#placeOf(id)
    this.#owned.under(id, token)?.running.delete(request)
    const node = await this.#run(abort, keys, [token.node, `${token.attempt}`, `${request}`])
    if (typeof node === 'string') this.#messenger.abort(hash, [`${request}`, node])
  }

  async interrupt(id: string, answer: (request: number) => string): Promise<void> {
    if (this.#owned.get(id)?.running.size === 0) return
    const { keys } = this.#placeOf(id)
    const fields = (await this.#run(runningRequests, keys, [])) as string[]
    const requests: (readonly [request: string, node: string])[] = []
    for (let index = 0; index < fields.length; index += 2) requests.push([fields[index]!, fields[index + 1]!])
    const nodes = [...new Set(requests.map(([, node]) => node))].filter((node) => !/^(\+|$)/.test(node))
    const dead = new Set(['', ...(await this.#deadOf(nodes))])
    const args = requests
      .filter(([, node]) => dead.has(node) && node !== this.name)
      .flatMap(([request, node]) => [request, node, answer(Number(request))])
    if (args.length > 0) await this.#run(interrupt, keys, [milliseconds(this.#lifetime), ...args])
  }

  /** Keeps the sessions of this hub from expiring. */
  async refresh(): Promise<void> {
    await this.#assertions.refresh()
  }

  /** Resolves when everything has arrived that other hubs have sent to this one before. */
  async heardAll(): Promise<void> {
    await this.#pubSub.isOf(this.#keys.inbox(this.name), '')
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#pubSub.close()
    this.#lease.stop()
    this.#owned.clear()
    try {
      await this.#lease.forget()
    } finally {
      this.#commands.close()
    }
  }

  #own(session: OwnedSession): void {
    if (!this.#isClosed) this.#owned.add(session)
  }

  #lost(session: OwnedSession): void {
    if (!this.#owned.has(session)) return
    this.#owned.delete(session)
    this.#listener.lost(session.id, session.token)
  }

  /** Messages of other hubs may be missing. */
  #reset(): void {
    this.#look()
    for (const { id } of this.#owned.all) this.#listener.posted(id)
  }

  #look(): void {
    if (this.#isClosed) return
    if (!this.#isListening) this.#listen()
    this.#assertions.look().catch(nothing)
  }

  /** The lease is gone, and maybe everything else. */
  #emptied(): void {
    this.#losses.note()
    // Without a lease, the hub seems to be dead.
    this.#lease
      .ready()
      .then(() => this.refresh())
      .catch(nothing)
  }

  #listen(): void {
    this.#isListening = true
    this.#pubSub.subscribe(this.#keys.inbox(this.name)).catch(() => (this.#isListening = false))
  }

  #heard(text: string): void {
    const message = this.#isClosed ? undefined : decodeMessage(text)
    if (!message) return
    const { hash } = message
    const id = this.#owned.find(hash)?.id ?? this.#ids.get(hash)
    if (message.type === 'posted') {
      if (id !== undefined) this.#listener.posted(id)
    } else if (message.type === 'aborted') {
      if (id !== undefined) this.#listener.aborted(id, message.requests)
    } else if (id === undefined) this.#giveBack(hash, message.attempt).catch(nothing)
    else {
      const token = { node: this.name, attempt: message.attempt }
      this.#listener.asked({ session: id, token, claim: message.claim })
    }
  }

  async #giveBack(hash: string, attempt: number): Promise<void> {
    await this.#run(giveBack, this.#keys.session(hash), [this.name, `${attempt}`])
  }

  #endingUnder(id: string, { attempt }: SessionToken): OwnedSession | undefined {
    const session = this.#ending.get(id)
    return session?.token.attempt === attempt ? session : undefined
  }

  async #deadOf(nodes: readonly string[]): Promise<readonly string[]> {
    if (nodes.length === 0) return []
    return (await this.#commands.run(strangers, [this.#keys.nodes], nodes)) as string[]
  }

  #placeOf(id: string): { readonly hash: string; readonly keys: SessionKeys } {
    const hash = hashOf(id)
    return { hash, keys: this.#keys.session(hash) }
  }

  #run(script: Script, keys: SessionKeys, args: readonly string[]): Promise<unknown> {
    return this.#commands.run(script, allOf(keys), args)
  }

  #parkArgs(
    { text, format, identity, dials, tombstone, mailbox, running }: ParkedState,
    ttl: number,
  ): string[] {
    const { rx, tx, queued } = tombstone
    return [
      ...[milliseconds(ttl), milliseconds(this.#lifetime), text, `${format}`, identityText(identity)],
      JSON.stringify([[dials.client, dials.n], ...dials.others]),
      ...[rx, tx, queued, mailbox, ...running].map(String),
    ]
  }
}

type MailboxFields = readonly [place: string, fields: readonly [string, string, string, string]]

type TakeAnswer =
  | readonly ['yours', text: string, elapsed: string, run: string, position: string, running: string[]]
  | readonly ['elsewhere', node: string, attempt: string]
  | readonly ['ended', why: LostReason, rx: string, tx: string, queued: string, handlers: string[]]
  | readonly ['late' | 'unreadable' | 'unknown' | 'missing']

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}

/** No identity is another one than an empty one. */
function identityText(identity: string | null): string {
  return identity === null ? '' : `=${identity}`
}

function entryOf([, [, text, , answers]]: MailboxFields): MailboxEntry {
  return answers === '' ? { text } : { text, answers: Number(answers) }
}

/** It is tried again later. */
function nothing(): void {}
