import type {
  Claim,
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
import type { Script } from '../scripts.ts'
import { Serial } from '../serial.ts'
import { Assertions } from './assertions.ts'
import { Inbox } from './inbox.ts'
import { Losses } from './losses.ts'
import { Mailboxes } from './mailboxes.ts'
import { encodePosted } from './messages.ts'
import type { HubMessage } from './messages.ts'
import { OwnedSessions } from './owned-session.ts'
import type { OwnedSession } from './owned-session.ts'
import { Parks } from './parks.ts'
import { allOf, hashOf, placeOf } from './place.ts'
import type { SessionPlace } from './place.ts'
import { Posts } from './posts.ts'
import { Recent } from './recent.ts'
import { abort, begin, end, giveBack } from './scripts.ts'
import { Takes } from './takes.ts'

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
  readonly #lease: Lease
  readonly #inbox: Inbox
  readonly #takes: Takes
  readonly #parks: Parks
  readonly #mailboxes: Mailboxes
  readonly #assertions: Assertions
  readonly #owned = new OwnedSessions()
  /** The ids of sessions that this hub has had to do with, by their hashes, which are what Redis knows. */
  readonly #ids = new Recent<string>()
  /** Those that have ended, until Redis knows it. */
  readonly #ending = new Recent<OwnedSession>()
  readonly #losses: Losses
  readonly #serial = new Serial()
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
    const nextId = (): string => this.name
    const lost = (): void => this.#emptied()
    this.#lease = new Lease({ commands, keys, timeout: memberTimeout, lifetime, nextId, lost })
    const losses = new Losses({ commands, keys, node: this.name, timeout: memberTimeout })
    const shared = {
      commands,
      keys,
      lifetime,
      hub: this.name,
      losses,
      owned: this.#owned,
      serial: this.#serial,
    }
    const inbox = new Inbox({
      ...shared,
      timeout,
      probeInterval,
      heard: (message) => this.#heard(message),
      reset: () => this.#reset(),
    })
    const assertions = new Assertions({ ...shared, lost: (session) => this.#lost(session) })
    const runs = new Recent<string>()
    const parked = (id: string, run: string | undefined): void => {
      this.#ids.set(hashOf(id), id)
      if (run !== undefined) runs.set(id, run)
    }
    const posts = new Posts({
      ...shared,
      maxMailboxMessages: bounds.maxMailboxMessages,
      patience: 2 * memberTimeout,
      posted: (owner, hash) => void inbox.tell(owner, encodePosted(hash)).catch(nothing),
    })
    this.#losses = losses
    this.#inbox = inbox
    this.#assertions = assertions
    this.#takes = new Takes({ ...shared, inbox, taken: (session) => this.#own(session) })
    this.#parks = new Parks({ ...shared, assertions, parked })
    this.#mailboxes = new Mailboxes({ ...shared, assertions, posts, runs })
    this.#timers = [
      setInterval(() => this.#look(), probeInterval),
      setInterval(() => void this.refresh().catch(nothing), Math.min(lifetime / 4, 3_600_000)),
    ]
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

  async take(id: string, claim: Claim, options: TakeOptions): Promise<Taken> {
    await this.#lease.ready()
    this.#ids.set(hashOf(id), id)
    return this.#takes.take(id, claim, options, ++this.#attempts)
  }

  async park(id: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean> {
    const { text, tombstone } = state
    if (Buffer.byteLength(text) > this.#bounds.maxParkedBytes)
      return this.end(id, token, { ...tombstone, why: 'overflow' })
    return this.#serial.run(id, () => this.#parks.park(id, token, state, ttl))
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
      this.#inbox.abort(hash, handlers)
      return hasEnded === 1
    })
  }

  async giveBack(id: string, token: SessionToken): Promise<void> {
    const session = this.#owned.under(id, token)
    if (session) this.#owned.delete(session)
    await this.#giveBack(hashOf(id), token.attempt)
  }

  post(id: string, entry: MailboxEntry): Promise<PostResult> {
    return this.#mailboxes.post(id, entry)
  }

  readMailbox(id: string, position: number): Promise<readonly MailboxEntry[]> {
    return this.#mailboxes.read(id, position)
  }

  async abort(id: string, token: SessionToken, request: number): Promise<void> {
    const { hash, keys } = this.#placeOf(id)
    this.#owned.under(id, token)?.running.delete(request)
    const hub = await this.#run(abort, keys, [token.node, `${token.attempt}`, `${request}`])
    if (typeof hub === 'string') this.#inbox.abort(hash, [`${request}`, hub])
  }

  interrupt(id: string, answer: (request: number) => string): Promise<void> {
    return this.#mailboxes.interrupt(id, answer)
  }

  /** Keeps the sessions of this hub from expiring. */
  async refresh(): Promise<void> {
    await this.#assertions.refresh()
  }

  /** Resolves when everything has arrived that other hubs have sent to this one before. */
  async heardAll(): Promise<void> {
    await this.#inbox.heardAll()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#inbox.close()
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
    this.#inbox.listen()
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

  #heard(message: HubMessage): void {
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

  #placeOf(id: string): SessionPlace {
    return placeOf(this.#keys, id)
  }

  #run(script: Script, keys: SessionKeys, args: readonly string[]): Promise<unknown> {
    return this.#commands.run(script, allOf(keys), args)
  }
}

/** It is tried again later. */
function nothing(): void {}
