import { misuse } from '@holdfast/protocol'
import type { BroadcastOptions } from './hub.ts'
import type { Peer } from './peer.ts'
import { ignoreRejection } from './trouble.ts'

/** Whom a broadcast must not reach. */
export interface BroadcastExceptions {
  /** By the ids of their sessions. */
  readonly peers: ReadonlyMap<string, Peer>
  readonly identities: readonly string[]
  /** Of a function, which only this hub can call. */
  readonly isExcepted: ((peer: Peer) => boolean) | undefined
}

/** @throws {HoldfastError} `misuse` */
export function exceptionsOf({
  except,
  exceptIdentities: identities = [],
}: BroadcastOptions<Peer>): BroadcastExceptions {
  if (!Array.isArray(identities) || !identities.every((one) => typeof one === 'string'))
    throw misuse('exceptIdentities is an array of texts')
  if (typeof except === 'function')
    return { peers: new Map(), identities, isExcepted: (peer) => isTrue(except(peer)) }
  if (except && typeof except !== 'object') throw misuse('except is a peer, several peers, or a function')
  const peers = !except ? [] : Symbol.iterator in except ? [...except] : [except]
  return { peers: new Map(peers.map((peer) => [peer.id, peer])), identities, isExcepted: undefined }
}

/** Whether a peer of this hub must not receive the broadcast. */
export function excepts({ peers, identities, isExcepted }: BroadcastExceptions, peer: Peer): boolean {
  const { id, identity } = peer
  return (
    peers.has(id) || (identity !== null && identities.includes(identity)) || (isExcepted?.(peer) ?? false)
  )
}

/** A promise would count as true, and no peer would receive the event. */
function isTrue(answer: unknown): boolean {
  if (typeof (answer as Partial<PromiseLike<unknown>> | undefined)?.then !== 'function')
    return Boolean(answer)
  ignoreRejection(answer)
  throw misuse('except must return true or false synchronously')
}
