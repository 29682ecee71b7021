import type { SessionToken } from '@holdfast/server'
import type { SessionKeys } from '../keys.ts'

/** A session that this hub has, and what Redis might forget of it. */
export interface OwnedSession {
  readonly id: string
  readonly hash: string
  readonly keys: SessionKeys
  readonly keyHash: string
  readonly token: SessionToken
  /** The run of Redis that knows it. */
  run: string
  /** How much of the mailbox was read. */
  position: number
  /** The requests of the client whose handlers run on hubs that had the session before. */
  readonly running: Set<number>
  /** A call to park it was sent and not answered: Redis may have executed it. */
  mayBeParked: boolean
}

/** The sessions of this hub, by their ids and by the hashes of these. */
export class OwnedSessions {
  readonly #byId = new Map<string, OwnedSession>()
  readonly #byHash = new Map<string, OwnedSession>()

  get all(): readonly OwnedSession[] {
    return [...this.#byId.values()]
  }

  add(session: OwnedSession): void {
    this.#byId.set(session.id, session)
    this.#byHash.set(session.hash, session)
  }

  /** The session, if the hub has it under that token. */
  under(id: string, token: SessionToken): OwnedSession | undefined {
    const session = this.#byId.get(id)
    return session?.token.attempt === token.attempt && session.token.node === token.node ? session : undefined
  }

  get(id: string): OwnedSession | undefined {
    return this.#byId.get(id)
  }

  find(hash: string): OwnedSession | undefined {
    return this.#byHash.get(hash)
  }

  has(session: OwnedSession): boolean {
    return this.#byId.get(session.id) === session
  }

  delete(session: OwnedSession): void {
    if (!this.has(session)) return
    this.#byId.delete(session.id)
    this.#byHash.delete(session.hash)
  }

  clear(): void {
    this.#byId.clear()
    this.#byHash.clear()
  }
}
