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
import { StoredSessions } from './stored-sessions.ts'
import type { StoredSession, StoredSessionsOptions } from './stored-sessions.ts'

export type MemoryStoreOptions = StoredSessionsOptions

type FinalState = Omit<Tombstone, 'key'>

/** Creates a store in the memory of this process, for hubs that share it. */
export function createMemoryStore(options: MemoryStoreOptions): SessionStore {
  const sessions = new StoredSessions(options)
  return { open: (listener) => new MemoryStoreNode(sessions, listener) }
}

class MemoryStoreNode implements SessionStoreNode {
  readonly name = randomBytes(9).toString('base64url')
  readonly #sessions: StoredSessions
  /** What this hub has posted, which it may repeat. */
  readonly #posted = new WeakSet<MailboxEntry>()
  #attempts = 0

  constructor(sessions: StoredSessions, listener: SessionStoreListener) {
    this.#sessions = sessions
    sessions.nodes.set(this.name, listener)
  }

  get isLasting(): boolean {
    return this.#sessions.nodes.size > 1
  }

  async begin(id: string, keyHash: string): Promise<SessionToken> {
    const attempt = ++this.#attempts
    this.#sessions.begin(id, {
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
    const session = this.#sessions.find(id)
    if (!session || session.keyHash !== claim.keyHash) return { status: 'unknown' }
    const { final, isParked, owner } = session
    if (final) return { status: 'ended', tombstone: final }
    // Given to this hub before, which was not notified of it.
    if (isParked || owner === this.name) return this.#takeParked(id, session, claim, options, attempt)
    if (!this.#sessions.nodes.has(owner)) return { status: 'unknown' }
    const token = { node: owner, attempt: session.attempt }
    this.#sessions.notify(owner, (listener) => listener.asked({ session: id, token, claim }))
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
    const end = (why: FinalState['why'], at?: number): Taken => ({
      status: 'ended',
      tombstone: this.#sessions.end(id, session, { ...parked.tombstone, why }, at),
    })
    if (isLate(parked, claim)) return { status: 'late' }
    const elapsed = this.#sessions.now - parked.at
    if (elapsed >= parked.ttl) return end('expired', parked.at + parked.ttl)
    if (parked.identity !== claim.identity) return end('identity')
    if (parked.format > format) return isLast ? end('unknown') : { status: 'unreadable' }
    session.owner = this.name
    session.attempt = attempt
    this.#sessions.taken(id, session)
    return { status: 'yours', token: { node: this.name, attempt }, text: parked.text, elapsed }
  }

  async park(id: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean> {
    const session = this.#sessions.find(id)
    if (!session || !isUnder(session, token)) return false
    if (session.isParked) return true
    this.#sessions.readMailbox(session, state.mailbox)
    session.mailboxStart = state.mailbox
    for (const request of state.running) session.running.set(request, this.name)
    this.#sessions.park(id, session, { ...state, at: this.#sessions.now, ttl })
    return true
  }

  async end(id: string, token: SessionToken, final: FinalState): Promise<boolean> {
    const session = this.#sessions.find(id)
    if (!session || session.isParked || !isUnder(session, token)) return false
    this.#sessions.end(id, session, final)
    return true
  }

  async giveBack(id: string, token: SessionToken): Promise<void> {
    const session = this.#sessions.find(id)
    if (!session?.parked || session.isParked || !isUnder(session, token)) return
    this.#sessions.park(id, session, session.parked)
  }

  async post(id: string, entry: MailboxEntry): Promise<PostResult> {
    const session = this.#sessions.find(id)
    if (!session || session.final) return 'ended'
    const { answers } = entry
    if (answers !== undefined && session.running.get(answers) !== this.name) return 'posted'
    if (this.#posted.has(entry)) return 'posted'
    if (!this.#sessions.hasRoom(session, entry)) return 'full'
    if (answers !== undefined) session.running.delete(answers)
    this.#sessions.post(session, entry)
    this.#posted.add(entry)
    if (!session.isParked) this.#sessions.notify(session.owner, (listener) => listener.posted(id))
    return 'posted'
  }

  async readMailbox(id: string, position: number): Promise<readonly MailboxEntry[]> {
    const session = this.#sessions.find(id)
    const { mailbox = [], mailboxStart = 0 } = session ?? {}
    // Its owner has received what was parked.
    if (session?.parked && !session.isParked && session.owner === this.name)
      this.#sessions.setParked(session, undefined)
    return mailbox.slice(Math.max(0, position - mailboxStart))
  }

  async abort(id: string, token: SessionToken, request: number): Promise<void> {
    const session = this.#sessions.find(id)
    const node = session?.running.get(request)
    if (!session || node === undefined || session.isParked || !isUnder(session, token)) return
    session.running.delete(request)
    this.#sessions.notify(node, (listener) => listener.aborted(id, [request]))
  }

  async interrupt(id: string, answer: (request: number) => string): Promise<void> {
    const session = this.#sessions.find(id)
    for (const [request, node] of session?.running ?? [])
      if (!this.#sessions.nodes.has(node)) {
        session!.running.delete(request)
        this.#sessions.post(session!, { text: answer(request), answers: request })
      }
  }

  async close(): Promise<void> {
    this.#sessions.left(this.name)
  }
}

function isUnder({ owner, attempt, final }: StoredSession, token: SessionToken): boolean {
  return !final && owner === token.node && attempt === token.attempt
}

function isLate({ dials }: ParkedState, { client, n }: Claim): boolean {
  const others = new Map(dials.others)
  return n <= (client === dials.client ? dials.n : (others.get(client) ?? 0))
}
