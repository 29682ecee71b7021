import type { Clock, LostReason } from '@holdfast/protocol'
import { createShares } from './shares.ts'
import type { Owner, Share } from './shares.ts'

/** The record of an ended session. */
export interface Tombstone {
  readonly key: string
  readonly why: LostReason
  /** The final receive cursor of this end. */
  readonly rx: number
  /** The highest number that this end had assigned. */
  readonly tx: number
  /** The number of messages of this end without a number. */
  readonly queued: number
}

/** The records that outlive sessions, so that a late client still receives the outcome of its messages. */
export interface Tombstones {
  readonly size: number
  add(id: string, tombstone: Tombstone, owner: Owner): void
  find(id: string): Tombstone | undefined
  clear(): void
}

interface Entry extends Tombstone {
  readonly id: string
  readonly until: number
  share: Share<Entry> | undefined
}

/** How much longer than its time a tombstone may be kept, relative to that time. */
const slack = 1 / 50

/**
 * Keeps each for `timeout` and at most `max` of them: the identity or address with the most loses its oldest. Needs
 * no timer.
 */
export function createTombstones(clock: Clock, timeout: number, max: number): Tombstones {
  const entries = new Map<string, Entry>()
  const shares = createShares<Entry>()
  let sweptAt = -Infinity

  const forget = ({ id, share }: Entry): void => {
    entries.delete(id)
    if (share) shares.delete(share)
  }

  const forgetOld = (now: number): void => {
    sweptAt = now
    for (const entry of entries.values()) {
      if (entry.until > now) return
      forget(entry)
    }
  }

  return {
    get size() {
      return entries.size
    },
    add(id, tombstone, owner) {
      const now = clock.now()
      const entry: Entry = { ...tombstone, id, until: now + timeout, share: undefined }
      entry.share = shares.add(entry, owner)
      entries.set(id, entry)
      if (now - sweptAt >= timeout * slack) forgetOld(now)
      if (entries.size > max) forget(shares.greediest!.oldest)
    },
    find(id) {
      const entry = entries.get(id)
      if (!entry || entry.until > clock.now()) return entry
      forget(entry)
      return undefined
    },
    clear() {
      for (const entry of entries.values()) forget(entry)
    },
  }
}
