/** How much is remembered. */
const maxRecent = 10_000

/** What was noted last, by its keys: the oldest is forgotten. */
export class Recent<T> {
  readonly #values = new Map<string, T>()

  get(key: string): T | undefined {
    return this.#values.get(key)
  }

  delete(key: string): void {
    this.#values.delete(key)
  }

  set(key: string, value: T): void {
    this.#values.delete(key)
    this.#values.set(key, value)
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= maxRecent) return
      this.#values.delete(oldest)
    }
  }
}
