import type { Clock, LanesOffer, Place } from '@holdfast/protocol'
import { countsByAddress, evictFairly } from './fair-eviction.ts'
import type { Greedy, Owner } from './fair-eviction.ts'

/**
 * How far the hub has come in the lanes of clients: PROTOCOL.md, section Lanes. Whoever sends what waits in a lane, and on
 * however many sessions, each message of it is handed on once.
 */
export interface Lanes {
  readonly size: number
  /** What that client may rely on. */
  offer(owner: Owner): LanesOffer
  /** Notes that a message is handed on. False if its lane has come that far already. */
  take(owner: Owner, place: Place): boolean
  clear(): void
}

interface Lane {
  readonly key: string
  n: number
  usedAt: number
  readonly identity: string | null
  /** From where it was used last. */
  address: string
}

/** Which part of the lanes is forgotten at once when there are too many, so that each costs little. */
const portion = 1 / 16
/** Which part of its time a lane may be remembered for too long. */
const slack = 1 / 50
/** How many identities and addresses may be told less than others. More than a few only somebody hostile has. */
const maxGreedy = 1_000

/**
 * Remembers each lane for `timeout` since its last use, and no more than `max` of them. Those who have the most lose some
 * first, and only they are told that less is remembered. Needs no timer.
 */
export function createLanes(clock: Clock, newEpoch: () => string, timeout: number, max: number): Lanes {
  let epoch: string | undefined
  /** The one that was used last is the last one. */
  const lanes = new Map<string, Lane>()
  /** All lanes that were used later than this are remembered, except for those of the greedy. */
  let forgottenAt = -Infinity
  /** The same for each who was greedy. */
  const forgottenOf: Record<Greedy['kind'], Map<string, number>> = { identity: new Map(), address: new Map() }
  let sweptAt = -Infinity

  const forgetOld = (now: number): void => {
    sweptAt = now
    for (const { key, usedAt } of lanes.values()) {
      if (usedAt + timeout > now) break
      lanes.delete(key)
    }
    for (const moments of Object.values(forgottenOf))
      for (const [name, at] of moments) {
        if (at + timeout > now && moments.size <= maxGreedy) continue
        moments.delete(name)
        forgottenAt = Math.max(forgottenAt, at)
      }
  }

  const makeRoom = (now: number): void => {
    forgetOld(now)
    if (lanes.size <= max) return
    const count = lanes.size - max + Math.floor(max * portion)
    evictFairly([...lanes.values()], count, ({ key, usedAt }, { kind, name, left }) => {
      lanes.delete(key)
      // Nothing needs to be kept of somebody who has nothing left: it is everybody who is greedy then.
      if (left === 0) forgottenAt = Math.max(forgottenAt, usedAt)
      else forgottenOf[kind].set(name, usedAt)
    })
  }

  return {
    get size() {
      return lanes.size
    },
    offer(owner) {
      const { identity, address } = owner
      const byIdentity = identity === null ? undefined : forgottenOf.identity.get(identity)
      const byAddress = countsByAddress(owner) ? forgottenOf.address.get(address) : undefined
      const since = Math.max(forgottenAt, byIdentity ?? -Infinity, byAddress ?? -Infinity)
      epoch ??= newEpoch()
      return { epoch, ttl: Math.floor(Math.min(timeout, Math.max(0, clock.now() - since))) }
    },
    take({ identity, address }, [id, n]) {
      // Ids have no spaces, so no two are mistaken for one.
      const key = identity === null ? id : `${id} ${identity}`
      const now = clock.now()
      const lane = lanes.get(key) ?? { key, n: 0, usedAt: now, identity, address }
      const isNew = n > lane.n
      if (isNew) lane.n = n
      lane.usedAt = now
      lane.address = address
      lanes.delete(key)
      lanes.set(key, lane)
      if (lanes.size > max) makeRoom(now)
      else if (now - sweptAt >= timeout * slack) forgetOld(now)
      return isNew
    },
    clear: () => lanes.clear(),
  }
}
