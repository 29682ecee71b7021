import type { Clock, ProducersOffer, ProducerSequence } from '@holdfast/protocol'
import { countsByAddress, createShares } from './shares.ts'
import type { Greediest, Owner, Share } from './shares.ts'

/**
 * The highest delivered numbers of the producers of clients: PROTOCOL.md, section Producers. Each message of a
 * producer is delivered once, from whichever client and session it arrives.
 */
export interface Producers {
  readonly size: number
  /** Returns the offer for that client. */
  offer(owner: Owner): ProducersOffer
  /** Records the delivery of a message. False if its producer has that number already. */
  take(owner: Owner, place: ProducerSequence): boolean
  clear(): void
}

interface Producer {
  readonly key: string
  n: number
  usedAt: number
  share: Share<Producer> | undefined
}

/** How much longer than its time a producer may be remembered, relative to that time. */
const slack = 1 / 50
/** How many identities and addresses may get a shorter offer. Only an attacker has more than a few. */
const maxGreedy = 1_000

/**
 * Remembers each producer for `timeout` since its last use, and at most `max` of them: the identity or address with
 * the most loses one, and only its offers become shorter. Needs no timer.
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
  /**
   * All producers that were used later than this are remembered, except for those that were removed for being the
   * most.
   */
  let forgottenAt = -Infinity
  const shares = createShares<Producer>()
  /** The same for each identity and address that had the most. */
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
    // Nothing is recorded for an owner without producers: where a single producer is too many, every offer becomes
    // shorter.
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
      // Ids have no spaces, so the key is unambiguous.
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
