import type { Clock, LostReason } from '@holdfast/protocol'
import { evictFairly } from './fair-eviction.ts'
import type { Owner } from './fair-eviction.ts'

/** What is left of a session that ended. */
export interface Tombstone extends Owner {
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

interface Entry extends Tombstone {
  readonly id: string
  readonly until: number
}

/** Which part of the tombstones is forgotten at once when there are too many, so that each costs little. */
const portion = 1 / 16
/** Which part of its time a tombstone may be kept for too long. */
const slack = 1 / 50

/** Keeps each for `timeout` and no more than `max` of them; those who have the most lose some first. Needs no timer. */
export function createTombstones(clock: Clock, timeout: number, max: number): Tombstones {
  const entries = new Map<string, Entry>()
  let sweptAt = -Infinity

  const forgetOld = (now: number): void => {
    sweptAt = now
    for (const [id, { until }] of entries) {
      if (until > now) return
      entries.delete(id)
    }
  }

  const makeRoom = (now: number): void => {
    forgetOld(now)
    if (entries.size <= max) return
    const count = entries.size - max + Math.floor(max * portion)
    evictFairly([...entries.values()], count, ({ id }) => entries.delete(id))
  }

  return {
    get size() {
      return entries.size
    },
    add(id, tombstone) {
      const now = clock.now()
      entries.set(id, { ...tombstone, id, until: now + timeout })
      if (entries.size > max) makeRoom(now)
      else if (now - sweptAt >= timeout * slack) forgetOld(now)
    },
    find(id) {
      const entry = entries.get(id)
      if (!entry || entry.until > clock.now()) return entry
      entries.delete(id)
      return undefined
    },
    clear: () => entries.clear(),
  }
}
