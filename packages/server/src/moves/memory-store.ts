import { randomBytes } from 'node:crypto'
import type { Tombstone } from '../tombstones.ts'
import type {
  Claim,
  MailboxEntry,
  ParkedState,
  PostResult,
  SessionStore,
  SessionStoreListener,
  SessionStoreNode,
  SessionToken,
  Taken,
  TakeOptions,
} from './session-store.ts'

export interface MemoryStoreOptions {
  /** How long the cursors of a session are kept after its end, in milliseconds. */
  readonly tombstoneTimeout: number
  /** How many messages the mailbox of a session takes. */
  readonly maxMailboxMessages: number
  /** Milliseconds since any moment. */
  readonly now: () => number
}

type FinalState = Omit<Tombstone, 'key'>

/** Who has a session, and what was parked last. */
interface StoredSession {
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

interface Parked extends ParkedState {
  readonly at: number
  readonly ttl: number
}

/** Creates a store in the memory of this process, for hubs that share it. */
export function createMemoryStore(options: MemoryStoreOptions): SessionStore {
  const store = new MemoryStore(options)
  return { open: (listener) => new MemoryStoreNode(store, listener) }
}

class MemoryStore {
  readonly nodes = new Map<string, SessionStoreListener>()
  readonly #options: MemoryStoreOptions
  readonly #sessions = new Map<string, StoredSession>()
  /** The sessions whose cursors or state are forgotten some time, the next one first. */
  readonly #left = new Set<string>()

  constructor(options: MemoryStoreOptions) {
    this.#options = options
  }

  get maxMailboxMessages(): number {
    return this.#options.maxMailboxMessages
  }

  get now(): number {
    return this.#options.now()
  }

  find(id: string): StoredSession | undefined {
    return this.#sessions.get(id)
  }

  begin(id: string, session: StoredSession): void {
    this.#sessions.set(id, session)
  }

  /** A hub has the session, so nothing of it is forgotten. */
  taken(id: string): void {
    this.#left.delete(id)
  }

  /** A hub has left. No other hub knows more than it of the sessions that it has. */
  left(node: string): void {
    this.nodes.delete(node)
    for (const [id, { owner, isParked, final }] of this.#sessions)
      if (owner === node && !isParked && !final) this.#sessions.delete(id)
  }

  /** Keeps what a client may ask for later: the cursors of a session that no hub has. */
  leave(id: string): void {
    this.#left.delete(id)
    this.#left.add(id)
    for (const oldest of this.#left) {
      if (!this.#isOver(oldest)) return
      this.#left.delete(oldest)
      this.#sessions.delete(oldest)
    }
  }

  end(id: string, session: StoredSession, final: FinalState): FinalState {
    session.final = final
    session.isParked = false
    session.parked = undefined
    session.mailbox = []
    session.running.clear()
    session.until = this.now + this.#options.tombstoneTimeout
    this.leave(id)
    return final
  }

  #isOver(id: string): boolean {
    const { final, parked, until } = this.#sessions.get(id)!
    return (final ? until : parked!.at + parked!.ttl + this.#options.tombstoneTimeout) <= this.now
  }
}

class MemoryStoreNode implements SessionStoreNode {
  readonly name = randomBytes(9).toString('base64url')
  readonly #store: MemoryStore
  #attempts = 0

  constructor(store: MemoryStore, listener: SessionStoreListener) {
    this.#store = store
    store.nodes.set(this.name, listener)
  }

  get isLasting(): boolean {
    return this.#store.nodes.size > 1
  }

  async begin(id: string, keyHash: string): Promise<SessionToken> {
    const attempt = ++this.#attempts
    this.#store.begin(id, {
      keyHash,
      owner: this.name,
      attempt,
      parked: undefined,
      isParked: false,
      final: undefined,
      until: Infinity,
      running: new Map(),
      mailbox: [],
      mailboxStart: 0,
    })
    return { node: this.name, attempt }
  }

  async take(id: string, claim: Claim, options: TakeOptions): Promise<Taken> {
    const attempt = ++this.#attempts
    const session = this.#store.find(id)
    if (!session || session.keyHash !== claim.keyHash) return { status: 'unknown' }
    const { final, isParked, owner } = session
    if (final) return { status: 'ended', tombstone: final }
    // Given to this hub before, which was not notified of it.
    if (isParked || owner === this.name) return this.#takeParked(id, session, claim, options, attempt)
    if (!this.#store.nodes.has(owner)) return { status: 'unknown' }
    const token = { node: owner, attempt: session.attempt }
    this.#notify(owner, (listener) => listener.asked({ session: id, token, claim }))
    return { status: 'elsewhere' }
  }

  #takeParked(
    id: string,
    session: StoredSession,
    claim: Claim,
    { format, isLast = false }: TakeOptions,
    attempt: number,
  ): Taken {
    const { parked } = session
    if (!parked) return { status: 'unknown' }
    const end = (why: FinalState['why']): Taken => ({
      status: 'ended',
      tombstone: this.#store.end(id, session, { ...parked.tombstone, why }),
    })
    if (isLate(parked, claim)) return { status: 'late' }
    const elapsed = this.#store.now - parked.at
    if (elapsed >= parked.ttl) return end('expired')
    if (parked.identity !== claim.identity) return end('identity')
    if (parked.format > format) return isLast ? end('unknown') : { status: 'unreadable' }
    session.isParked = false
    session.owner = this.name
    session.attempt = attempt
    this.#store.taken(id)
    return { status: 'yours', token: { node: this.name, attempt }, text: parked.text, elapsed }
  }

  async park(id: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean> {
    const session = this.#store.find(id)
    if (!session || !isUnder(session, token)) return false
    if (session.isParked) return true
    session.isParked = true
    session.parked = { ...state, at: this.#store.now, ttl }
    session.mailbox.splice(0, state.mailbox - session.mailboxStart)
    session.mailboxStart = state.mailbox
    for (const request of state.running) session.running.set(request, this.name)
    this.#store.leave(id)
    return true
  }

  async end(id: string, token: SessionToken, final: FinalState): Promise<boolean> {
    const session = this.#store.find(id)
    if (!session || session.isParked || !isUnder(session, token)) return false
    this.#store.end(id, session, final)
    return true
  }

  async giveBack(id: string, token: SessionToken): Promise<void> {
    const session = this.#store.find(id)
    if (!session?.parked || !isUnder(session, token)) return
    session.isParked = true
    this.#store.leave(id)
  }

  async post(id: string, entry: MailboxEntry): Promise<PostResult> {
    const session = this.#store.find(id)
    if (!session || session.final) return 'ended'
    const { answers } = entry
    if (answers !== undefined && session.running.get(answers) !== this.name) return 'posted'
    if (session.mailbox.length >= this.#store.maxMailboxMessages) return 'full'
    if (answers !== undefined) session.running.delete(answers)
    session.mailbox.push(entry)
    if (!session.isParked) this.#notify(session.owner, (listener) => listener.posted(id))
    return 'posted'
  }

  async readMailbox(id: string, position: number): Promise<readonly MailboxEntry[]> {
    const { mailbox = [], mailboxStart = 0 } = this.#store.find(id) ?? {}
    return mailbox.slice(Math.max(0, position - mailboxStart))
  }

  async interrupt(id: string, answer: (request: number) => string): Promise<void> {
    const session = this.#store.find(id)
    for (const [request, node] of session?.running ?? [])
      if (!this.#store.nodes.has(node)) {
        session!.running.delete(request)
        session!.mailbox.push({ text: answer(request), answers: request })
      }
  }

  async close(): Promise<void> {
    this.#store.left(this.name)
  }

  /** Tells a hub later, as messages between processes do. */
  #notify(node: string, what: (listener: SessionStoreListener) => void): void {
    queueMicrotask(() => {
      const listener = this.#store.nodes.get(node)
      if (listener) what(listener)
    })
  }
}

function isUnder({ owner, attempt, final }: StoredSession, token: SessionToken): boolean {
  return !final && owner === token.node && attempt === token.attempt
}

function isLate({ dials }: ParkedState, { client, n }: Claim): boolean {
  const others = new Map(dials.others)
  return n <= (client === dials.client ? dials.n : (others.get(client) ?? 0))
}
