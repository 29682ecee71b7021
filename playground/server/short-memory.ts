/** A set of pages, each of which is removed automatically after a while. */
export interface ShortMemory {
  has(page: string): boolean
  /** Adding a member again changes nothing. */
  add(page: string): void
  /** Removes all at once. */
  clear(): void
}

export function createShortMemory(duration: number, forgotten = (_page: string): void => {}): ShortMemory {
  const timers = new Map<string, NodeJS.Timeout>()
  const forget = (page: string): void => {
    timers.delete(page)
    forgotten(page)
  }

  return {
    has: (page) => timers.has(page),
    add(page) {
      if (!timers.has(page))
        timers.set(
          page,
          setTimeout(() => forget(page), duration),
        )
    },
    clear() {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
