import type { Clock, LostReason } from '@holdfast/protocol'

/** What is left of a session that ended. */
export interface Tombstone {
  readonly key: string
  readonly why: LostReason
  /** The final receive cursor of this end. */
  readonly rx: number
  /** The highest number that this end had given to a message. */
  readonly tx: number
  /** How many messages of this end had no number yet. */
  readonly queued: number
}

/** What outlives sessions, so that a client that comes late still learns what became of its messages. */
export interface Tombstones {
  readonly size: number
  add(id: string, tombstone: Tombstone): void
  find(id: string): Tombstone | undefined
  clear(): void
}

/** Keeps each for `timeout` and no more than `max` of them; the oldest go first. Needs no timer. */
export function createTombstones(clock: Clock, timeout: number, max: number): Tombstones {
  const entries = new Map<string, Tombstone & { readonly until: number }>()

  const prune = (): void => {
    const now = clock.now()
    for (const [id, { until }] of entries) {
      if (until > now && entries.size <= max) return
      entries.delete(id)
    }
  }

  return {
    get size() {
      return entries.size
    },
    add(id, tombstone) {
      entries.set(id, { ...tombstone, until: clock.now() + timeout })
      prune()
    },
    find(id) {
      prune()
      return entries.get(id)
    },
    clear: () => entries.clear(),
  }
}
