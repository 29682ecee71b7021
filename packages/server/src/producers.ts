import type { Clock, ProducersOffer, ProducerSequence } from '@holdfast/protocol'
import { countsByAddress, createShares } from './shares.ts'
import type { Greediest, Owner, Share } from './shares.ts'

/**
 * How far the hub has come in the producers of clients: PROTOCOL.md, section Producers. Whoever sends what waits in a producer, and on
 * however many sessions, each message of it is handed on once.
 */
export interface Producers {
  readonly size: number
  /** What that client may rely on. */
  offer(owner: Owner): ProducersOffer
  /** Notes that a message is handed on. False if its producer has come that far already. */
  take(owner: Owner, place: ProducerSequence): boolean
  clear(): void
}

interface Producer {
  readonly key: string
  n: number
  usedAt: number
  share: Share<Producer> | undefined
}

/** Which part of its time a producer may be remembered for too long. */
const slack = 1 / 50
/** How many identities and addresses may be told less than others. More than a few only somebody hostile has. */
const maxGreedy = 1_000

/**
 * Remembers each producer for `timeout` since its last use, and no more than `max` of them: who has the most loses one, and is
 * the only one who is told that less is remembered. Needs no timer.
 */
export function createProducers(
  clock: Clock,
  newEpoch: () => string,
  timeout: number,
  max: number,
): Producers {
  let epoch: string | undefined
  /** The one that was used last is the last one. */
  const producers = new Map<string, Producer>()
  /** All producers that were used later than this are remembered, except for those of the greedy. */
  let forgottenAt = -Infinity
  const shares = createShares<Producer>()
  /** The same for each who was greedy. */
  const forgottenOf: Record<Greediest<Producer>['kind'], Map<string, number>> = {
    identity: new Map(),
    address: new Map(),
  }
  let sweptAt = -Infinity

  const forget = (producer: Producer): void => {
    producers.delete(producer.key)
    if (producer.share) shares.delete(producer.share)
  }

  const forgetOld = (now: number): void => {
    sweptAt = now
    for (const producer of producers.values()) {
      if (producer.usedAt + timeout > now) break
      forget(producer)
    }
    for (const moments of Object.values(forgottenOf))
      for (const [name, at] of moments) if (at + timeout <= now) moments.delete(name)
  }

  const makeRoom = (): void => {
    const { oldest, kind, name, count } = shares.greediest!
    forget(oldest)
    const moments = forgottenOf[kind]
    moments.set(name, oldest.usedAt)
    // Of somebody who has nothing left nothing is kept: where one producer is much, everybody is told.
    const [first] = count === 1 ? [name] : moments.size > maxGreedy ? moments.keys() : []
    if (first === undefined) return
    forgottenAt = Math.max(forgottenAt, moments.get(first)!)
    moments.delete(first)
  }

  return {
    get size() {
      return producers.size
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
      const producer = producers.get(key) ?? { key, n: 0, usedAt: now, share: undefined }
      const isNew = n > producer.n
      if (isNew) producer.n = n
      forget(producer)
      producer.usedAt = now
      producer.share = shares.add(producer, owner)
      producers.set(key, producer)
      if (now - sweptAt >= timeout * slack) forgetOld(now)
      if (producers.size > max) makeRoom()
      return isNew
    },
    clear() {
      for (const producer of producers.values()) forget(producer)
    },
  }
}
