import type { Tombstone } from '../tombstones.ts'
import type { Mailbox } from './mailbox.ts'
import type { ParkedState, SessionStoreNode, SessionToken } from './session-store.ts'
import type { StoreLink } from './store-link.ts'

/** What the store knows of a session of this hub. Its calls run one after the other, and are repeated until they are answered. */
export class OwnedSession {
  readonly id: string
  readonly #keyHash: string
  /** Undefined until the store knows the session. */
  token: SessionToken | undefined
  /** Of a session that another hub had. */
  readonly mailbox: Mailbox | undefined
  readonly #link: StoreLink
  #last: Promise<unknown> = Promise.resolve()
  #isGivenUp = false

  constructor(link: StoreLink, id: string, keyHash: string, token?: SessionToken, mailbox?: Mailbox) {
    this.id = id
    this.#keyHash = keyHash
    this.token = token
    this.mailbox = mailbox
    this.#link = link
  }

  /** The session has begun. */
  begin(): void {
    void this.#next(() => this.#known())
  }

  /** The session has ended: so no other hub has to find out. Resolves when the store knows, or the end is given up. */
  end(tombstone: Omit<Tombstone, 'key'>): Promise<void> {
    this.mailbox?.close()
    return this.#next(async () => {
      const { token } = this
      if (token) await this.#repeat((node) => node.end(this.id, token, tombstone))
    })
  }

  /** Repeats nothing any more. A hub that is asked for the session ends it once more. */
  giveUp(): void {
    this.#isGivenUp = true
  }

  /** Parks the session, which is fenced. False if another hub has it, or if the store never knew it. */
  park(state: ParkedState, ttl: number): Promise<boolean> {
    this.mailbox?.close()
    return this.#next(async () => {
      const token = await this.#known()
      if (!token) return false
      return (await this.#repeat((node) => node.park(this.id, token, state, ttl))) ?? false
    })
  }

  /** The client does not wait for the answer to that request any more. Tried once: its handler may run on. */
  abort(request: number): void {
    const { token } = this
    if (!token || !this.mailbox?.abort(request)) return
    void this.#link.call((node) => node.abort(this.id, token, request)).catch(() => {})
  }

  async #known(): Promise<SessionToken | undefined> {
    return (this.token ??= await this.#repeat((node) => node.begin(this.id, this.#keyHash)))
  }

  #repeat<T>(call: (node: SessionStoreNode) => Promise<T>): Promise<T | undefined> {
    return this.#link.repeat(call, () => !this.#isGivenUp)
  }

  #next<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(call)
    this.#last = result
    return result
  }
}
