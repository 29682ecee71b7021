import type { Clock, LanesOffer, Place } from '@holdfast/protocol'

/**
 * How far the hub has come in the lanes of clients: PROTOCOL.md, section Lanes. Whoever sends what waits in a lane, and on
 * however many sessions, each message of it is handed on once.
 */
export interface Lanes {
  readonly size: number
  /** What clients may rely on. */
  readonly offer: LanesOffer
  /** Notes that a message is handed on. False if its lane has come that far already. */
  take(identity: string | null, place: Place): boolean
  clear(): void
}

interface Lane {
  n: number
  usedAt: number
}

/** Remembers each lane for `timeout` since its last use, and no more than `max` of them. Needs no timer. */
export function createLanes(clock: Clock, newEpoch: () => string, timeout: number, max: number): Lanes {
  let epoch: string | undefined
  /** The one that was used last is the last one. */
  const lanes = new Map<string, Lane>()
  /** All lanes that were used later than this are remembered. */
  let forgottenAt = -Infinity

  const prune = (now: number): void => {
    for (const [key, { usedAt }] of lanes) {
      const isOld = usedAt + timeout <= now
      if (!isOld && lanes.size <= max) return
      lanes.delete(key)
      if (!isOld) forgottenAt = usedAt
    }
  }

  return {
    get size() {
      return lanes.size
    },
    get offer() {
      const now = clock.now()
      epoch ??= newEpoch()
      return { epoch, ttl: Math.floor(Math.min(timeout, Math.max(0, now - forgottenAt))) }
    },
    take(identity, [id, n]) {
      // Ids have no spaces, so no two are mistaken for one.
      const key = identity === null ? id : `${id} ${identity}`
      const lane = lanes.get(key) ?? { n: 0, usedAt: 0 }
      const isNew = n > lane.n
      if (isNew) lane.n = n
      lane.usedAt = clock.now()
      lanes.delete(key)
      lanes.set(key, lane)
      prune(lane.usedAt)
      return isNew
    },
    clear: () => lanes.clear(),
  }
}
