/** A set of pages, each of which is removed automatically after a while. */
export interface ShortMemory {
  has(page: string): boolean
  /** Adding a member again changes nothing. */
  add(page: string): void
  /** Removes a member early. Returns whether it was one. */
  remove(page: string): boolean
  /** Removes all at once. */
  clear(): void
}

export function createShortMemory(duration: number, forgotten = (_page: string): void => {}): ShortMemory {
  const timers = new Map<string, NodeJS.Timeout>()
  const forget = (page: string): boolean => {
    clearTimeout(timers.get(page))
    if (!timers.delete(page)) return false
    forgotten(page)
    return true
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
    remove: forget,
    clear() {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
