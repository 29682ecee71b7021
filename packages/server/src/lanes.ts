import type { Clock, LanesOffer, Place } from '@holdfast/protocol'
import { countsByAddress, createShares } from './shares.ts'
import type { Greediest, Owner, Share } from './shares.ts'

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
  share: Share<Lane> | undefined
}

/** Which part of its time a lane may be remembered for too long. */
const slack = 1 / 50
/** How many identities and addresses may be told less than others. More than a few only somebody hostile has. */
const maxGreedy = 1_000

/**
 * Remembers each lane for `timeout` since its last use, and no more than `max` of them: who has the most loses one, and is
 * the only one who is told that less is remembered. Needs no timer.
 */
export function createLanes(clock: Clock, newEpoch: () => string, timeout: number, max: number): Lanes {
  let epoch: string | undefined
  /** The one that was used last is the last one. */
  const lanes = new Map<string, Lane>()
  /** All lanes that were used later than this are remembered, except for those of the greedy. */
  let forgottenAt = -Infinity
  const shares = createShares<Lane>()
  /** The same for each who was greedy. */
  const forgottenOf: Record<Greediest<Lane>['kind'], Map<string, number>> = {
    identity: new Map(),
    address: new Map(),
  }
  let sweptAt = -Infinity

  const forget = (lane: Lane): void => {
    lanes.delete(lane.key)
    if (lane.share) shares.delete(lane.share)
  }

  const forgetOld = (now: number): void => {
    sweptAt = now
    for (const lane of lanes.values()) {
      if (lane.usedAt + timeout > now) break
      forget(lane)
    }
    for (const moments of Object.values(forgottenOf))
      for (const [name, at] of moments) if (at + timeout <= now) moments.delete(name)
  }

  const makeRoom = (): void => {
    const { oldest, kind, name, count } = shares.greediest!
    forget(oldest)
    const moments = forgottenOf[kind]
    moments.set(name, oldest.usedAt)
    // Of somebody who has nothing left nothing is kept: where one lane is much, everybody is told.
    const [first] = count === 1 ? [name] : moments.size > maxGreedy ? moments.keys() : []
    if (first === undefined) return
    forgottenAt = Math.max(forgottenAt, moments.get(first)!)
    moments.delete(first)
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
    take(owner, [id, n]) {
      const { identity } = owner
      // Ids have no spaces, so no two are mistaken for one.
      const key = identity === null ? id : `${id} ${identity}`
      const now = clock.now()
      const lane = lanes.get(key) ?? { key, n: 0, usedAt: now, share: undefined }
      const isNew = n > lane.n
      if (isNew) lane.n = n
      forget(lane)
      lane.usedAt = now
      lane.share = shares.add(lane, owner)
      lanes.set(key, lane)
      if (now - sweptAt >= timeout * slack) forgetOld(now)
      if (lanes.size > max) makeRoom()
      return isNew
    },
    clear() {
      for (const lane of lanes.values()) forget(lane)
    },
  }
}
