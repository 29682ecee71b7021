import type { Commands } from '../commands.ts'

/** How long to wait for a replica, in milliseconds. */
const waitTimeout = 100

/** Waits until a replica has what was written, as well as it can: one wait for all that was written before it began. */
export class Replicas {
  readonly #commands: Commands
  readonly #waits = new Map<string, { readonly current: Promise<void>; next: Promise<void> | undefined }>()

  constructor(commands: Commands) {
    this.#commands = commands
  }

  /** Resolves when a replica has what was written to the shard of the key, or after a while. */
  async have(key: string): Promise<void> {
    const shard = this.#commands.shardOf(key) ?? ''
    const under = this.#waits.get(shard)
    if (!under) return this.#begin(shard, key)
    // The one under way may have begun before.
    under.next ??= under.current.then(() => this.#begin(shard, key))
    return under.next
  }

  #begin(shard: string, key: string): Promise<void> {
    const current = this.#wait(key).finally(() => {
      if (this.#waits.get(shard)?.current === current) this.#waits.delete(shard)
    })
    this.#waits.set(shard, { current, next: undefined })
    return current
  }

  async #wait(key: string): Promise<void> {
    try {
      await this.#commands.send(key, ['WAIT', '1', `${waitTimeout}`])
    } catch {
      // It is parked all the same.
    }
  }
}
