import type { Tombstone } from '../tombstones.ts'
import type { OwnedSession } from './owned-session.ts'

/** The sessions of this hub that have ended, until the store knows it. The store may be away for long, so there is a bound. */
export class Endings {
  readonly #max: number
  readonly #all = new Map<OwnedSession, Promise<void>>()

  constructor(max: number) {
    this.#max = max
  }

  /** Resolves when the store knows all of them, or when they are given up. */
  get over(): Promise<unknown> {
    return Promise.all(this.#all.values())
  }

  /** Tells the store. Beyond the bound, the oldest is given up. */
  add(owned: OwnedSession, tombstone: Omit<Tombstone, 'key'>): void {
    const over = owned.end(tombstone)
    this.#all.set(owned, over)
    void over.then(() => this.#all.delete(owned))
    const [oldest] = this.#all.keys()
    if (this.#all.size <= this.#max) return
    oldest!.giveUp()
    this.#all.delete(oldest!)
  }
}
