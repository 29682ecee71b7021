import type { Hi } from '@holdfast/protocol'
import type { DialNumbers } from './moves/snapshot.ts'

type Dial = Pick<Hi, 'client' | 'n'>

/** How many instances of a client are distinguished per session. Only an attacker has more than a few. */
const maxInstances = 8

/** The numbers of the dials of a session, which identify a late greeting. */
export class Dials {
  /** The instance of the client that has the session. */
  client: string
  #n: number
  /** The last numbers of the instances that had the session before. */
  #others: Map<string, number> | undefined

  /** `others` are those of a session that another hub had. */
  constructor({ client, n }: Dial, others: DialNumbers['others'] = []) {
    this.client = client
    this.#n = n
    if (others.length > 0) this.#others = new Map(others)
  }

  get numbers(): DialNumbers {
    return { client: this.client, n: this.#n, others: [...(this.#others ?? [])] }
  }

  /** Returns whether the greeting belongs to a dial that its client has abandoned for a later one. */
  isLate({ client, n }: Dial): boolean {
    return n <= (client === this.client ? this.#n : (this.#others?.get(client) ?? 0))
  }

  /** Notes which instance has the session from now on. */
  note({ client, n }: Dial): void {
    if (client !== this.client) {
      const others = (this.#others ??= new Map())
      others.delete(client)
      others.set(this.client, this.#n)
      for (const oldest of others.keys()) if (others.size > maxInstances) others.delete(oldest)
      this.client = client
    }
    this.#n = n
  }
}
