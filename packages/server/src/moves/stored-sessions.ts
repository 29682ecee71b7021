import type { Tombstone } from '../tombstones.ts'
import type { MailboxEntry, ParkedState, SessionStoreListener } from './session-store.ts'

export interface StoredSessionsOptions {
  /** How long the cursors of a session are kept after its end, in milliseconds. */
  readonly tombstoneTimeout: number
  /** How many messages the mailbox of a session takes. */
  readonly maxMailboxMessages: number
  /**
   * How much may be parked and posted, in UTF-16 units. When there is more, the sessions that were parked first end as `overflow`, and
   * mailboxes take nothing.
   */
  readonly maxParkedLength?: number
  /** Milliseconds since any moment. */
  readonly now: () => number
}

type FinalState = Omit<Tombstone, 'key'>

/** Who has a session, and what was parked last. */
export interface StoredSession {
  readonly keyHash: string
  /** The hub that has it, or that had it last. */
  owner: string
  attempt: number
  /** What was parked last. It stays when the session is taken, in case the answer is lost. */
  parked: Parked | undefined
  isParked: boolean
  /** Set once the session has ended. */
  final: FinalState | undefined
  /** Of an ended session, when it is forgotten. */
  until: number
  /** The hubs whose handlers run, by requests. */
  readonly running: Map<number, string>
  mailbox: MailboxEntry[]
  /** The position of the first entry that is still in the mailbox. */
  mailboxStart: number
}

export interface Parked extends ParkedState {
  readonly at: number
  readonly ttl: number
}

/** The sessions of a store in memory, and the hubs that share it. */
export class StoredSessions {
  readonly nodes: Map<string, SessionStoreListener> = new Map()
  readonly #options: StoredSessionsOptions
  readonly #maxLength: number
  readonly #sessions = new Map<string, StoredSession>()
  /** The sessions that no hub has, the one that was parked first before the others. */
  readonly #parked = new Set<string>()
  /** The sessions that have ended, in that order. */
  readonly #ended = new Set<string>()
  /** Of all that is parked, or waits in mailboxes. */
  #length = 0

  constructor(options: StoredSessionsOptions) {
    this.#options = options
    this.#maxLength = options.maxParkedLength ?? Infinity
  }

  get now(): number {
    return this.#options.now()
  }

  find(id: string): StoredSession | undefined {
    return this.#sessions.get(id)
  }

  begin(id: string, session: StoredSession): void {
    this.#forget(id)
    this.#sessions.set(id, session)
  }

  /** A hub has the session, so nothing of it is forgotten. */
  taken(id: string, session: StoredSession): void {
    session.isParked = false
    this.#parked.delete(id)
  }

  /** A hub has left. No other hub knows more than it of the sessions that it has. */
  left(node: string): void {
    this.nodes.delete(node)
    for (const [id, { owner, isParked, final }] of this.#sessions)
      if (owner === node && !isParked && !final) this.#forget(id)
  }

  /** No hub has the session. Up to the bound, what is parked is kept for its time. */
  park(id: string, session: StoredSession, parked: Parked): void {
    session.isParked = true
    this.setParked(session, parked)
    this.#parked.add(id)
    this.#expire()
    for (const oldest of this.#parked) {
      if (this.#length <= this.#maxLength) return
      this.#endParked(oldest, 'overflow', this.now)
    }
  }

  setParked(session: StoredSession, parked: Parked | undefined): void {
    this.#length += (parked?.text.length ?? 0) - (session.parked?.text.length ?? 0)
    session.parked = parked
  }

  end(id: string, session: StoredSession, final: FinalState, at: number = this.now): FinalState {
    this.#expire()
    this.#finish(id, session, final, at)
    return final
  }

  /** Whether the mailbox takes one more message. */
  hasRoom({ mailbox }: StoredSession, { text }: MailboxEntry): boolean {
    const { maxMailboxMessages } = this.#options
    return mailbox.length < maxMailboxMessages && this.#length + text.length <= this.#maxLength
  }

  post(session: StoredSession, entry: MailboxEntry): void {
    session.mailbox.push(entry)
    this.#length += entry.text.length
  }

  /** What is before that position in the mailbox is not needed any more. */
  readMailbox(session: StoredSession, position: number): void {
    const count = Math.min(Math.max(0, position - session.mailboxStart), session.mailbox.length)
    for (const { text } of session.mailbox.splice(0, count)) this.#length -= text.length
    session.mailboxStart += count
  }

  /** Tells a hub later, as messages between processes do. */
  notify(node: string, what: (listener: SessionStoreListener) => void): void {
    queueMicrotask(() => {
      const listener = this.nodes.get(node)
      if (listener) what(listener)
    })
  }

  #finish(id: string, session: StoredSession, final: FinalState, at: number): void {
    this.#abortAll(id, session)
    this.setParked(session, undefined)
    this.readMailbox(session, Infinity)
    session.final = final
    session.isParked = false
    session.running.clear()
    session.until = at + this.#options.tombstoneTimeout
    this.#parked.delete(id)
    this.#ended.add(id)
  }

  #abortAll(id: string, { running }: StoredSession): void {
    for (const node of new Set(running.values())) {
      const requests = [...running].filter(([, at]) => at === node).map(([request]) => request)
      this.notify(node, (listener) => listener.aborted(id, requests))
    }
  }

  /** Forgets what is too old. Needs no timer, because something happens now and then. */
  #expire(): void {
    const { now } = this
    for (const id of this.#parked) {
      const { at, ttl } = this.#sessions.get(id)!.parked!
      if (at + ttl > now) break
      this.#endParked(id, 'expired', at + ttl)
    }
    for (const id of this.#ended) {
      if (this.#sessions.get(id)!.until > now) return
      this.#forget(id)
    }
  }

  #endParked(id: string, why: FinalState['why'], at: number): void {
    const session = this.#sessions.get(id)!
    this.#finish(id, session, { ...session.parked!.tombstone, why }, at)
  }

  #forget(id: string): void {
    const session = this.#sessions.get(id)
    if (!session) return
    this.setParked(session, undefined)
    this.readMailbox(session, Infinity)
    this.#sessions.delete(id)
    this.#parked.delete(id)
    this.#ended.delete(id)
  }
}
