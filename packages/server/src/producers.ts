import type { Clock, ProducersOffer, ProducerSequence } from '@holdfast/protocol'
import { countsByAddress, createShares } from './shares.ts'
import type { Greediest, Owner, Share } from './shares.ts'

/**
 * The highest number that the hub has delivered of each producer (PROTOCOL.md, section Producers), by which it deduplicates
 * resends, whichever page and session they come from.
 */
export interface Producers {
  readonly size: number
  /** What the hub announces to that client. */
  offer(owner: Owner): ProducersOffer
  /** Notes that a message is about to be delivered. False for a resend, which must not be delivered again. */
  take(owner: Owner, place: ProducerSequence): boolean
  clear(): void
}

interface Producer {
  readonly key: string
  n: number
  usedAt: number
  share: Share<Producer> | undefined
}

/** The part of the timeout for which a producer may be remembered too long. */
const slack = 1 / 50
/** How many identities and addresses may be announced less than others. Only an attack makes more than a few. */
const maxGreedy = 1_000

/**
 * Remembers each producer for `timeout` milliseconds since its last use, and at most `max` producers. Beyond that, the
 * identity or address that has the most loses its oldest one, and a shorter memory is announced only there. Needs no timer.
 */
export function createProducers(
  clock: Clock,
  newEpoch: () => string,
  timeout: number,
  max: number,
): Producers {
  let epoch: string | undefined
  /** In the order of their last use. */
  const producers = new Map<string, Producer>()
  /** Every producer that was used after this moment is remembered, except where `forgottenOf` says otherwise. */
  let forgottenAt = -Infinity
  const shares = createShares<Producer>()
  /** The same moment for each identity and address that had to lose producers. */
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
    // Without producers there is no entry: where a single producer is the most, all sessions are announced less.
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
      // Ids contain no spaces, so no two keys are the same.
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
