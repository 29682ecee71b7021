import type { Clock, LostReason } from '@holdfast/protocol'
import { createShares } from './shares.ts'
import type { Owner, Share } from './shares.ts'

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
  add(id: string, tombstone: Tombstone, owner: Owner): void
  find(id: string): Tombstone | undefined
  clear(): void
}

interface Entry extends Tombstone {
  readonly id: string
  readonly until: number
  share: Share<Entry> | undefined
}

/** Which part of its time a tombstone may be kept for too long. */
const slack = 1 / 50

/** Keeps each for `timeout` and no more than `max` of them: who has the most loses the oldest. Needs no timer. */
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
