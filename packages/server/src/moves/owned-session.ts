import type { Tombstone } from '../tombstones.ts'
import type { Mailbox } from './mailbox.ts'
import type { ParkedState, SessionToken } from './session-store.ts'
import type { StoreLink } from './store-link.ts'

/** What the store knows of a session of this hub. Its calls run one after the other, and are repeated until they are answered. */
export class OwnedSession {
  readonly id: string
  /** Undefined until the store knows the session. */
  token: SessionToken | undefined
  /** Of a session that another hub had. */
  readonly mailbox: Mailbox | undefined
  readonly #link: StoreLink
  #last: Promise<unknown> = Promise.resolve()
  #isOver = false

  constructor(link: StoreLink, id: string, token?: SessionToken, mailbox?: Mailbox) {
    this.id = id
    this.token = token
    this.mailbox = mailbox
    this.#link = link
  }

  /** The session has begun. */
  begin(keyHash: string): void {
    void this.#next(async () => {
      // A session that ends before the store knows it concerns no other hub.
      this.token = await this.#link.repeat(
        (node) => node.begin(this.id, keyHash),
        () => !this.#isOver,
      )
    })
  }

  /** The session has ended. */
  end(tombstone: Omit<Tombstone, 'key'>): void {
    this.#isOver = true
    this.mailbox?.close()
    void this.#next(async () => {
      const { token } = this
      if (token) await this.#link.repeat((node) => node.end(this.id, token, tombstone))
    })
  }

  /** Parks the session, which is fenced. False if another hub has it, or if the store never knew it. */
  park(keyHash: string, state: ParkedState, ttl: number): Promise<boolean> {
    this.#isOver = true
    this.mailbox?.close()
    return this.#next(async () => {
      const token = (this.token ??= await this.#link.repeat((node) => node.begin(this.id, keyHash)))
      if (!token) return false
      return (await this.#link.repeat((node) => node.park(this.id, token, state, ttl))) ?? false
    })
  }

  #next<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(call)
    this.#last = result
    return result
  }
}
