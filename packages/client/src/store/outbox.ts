import { misuse } from '@holdfast/protocol'
import type { Body, ProducerSequence } from '@holdfast/protocol'
import type { ClientOutbox, CreateOutbox, OutboxParts } from '../store.ts'
import type { PeerLink } from '../wire/wire.ts'
import type { Persistence, PersistenceHost } from './persistence.ts'

/**
 * Wraps the outbox of a client with a database: messages get their sequence in the producer of the page, are
 * recorded, and are written only once the database knows the server.
 *
 * @throws {HoldfastError} `misuse` on another wire than `session()`
 */
export function wrapOutbox(
  create: CreateOutbox,
  parts: OutboxParts,
  open: (host: PersistenceHost) => Persistence,
): ClientOutbox {
  const link = parts.link as PeerLink
  if (!('peer' in link)) throw misuse('store needs wire: session()')
  /** The server that the store has noted. */
  let known: PeerLink['peer']
  const isOpen = (): boolean => known !== undefined && link.peer === known

  const queue = create({
    ...parts,
    link: {
      ...link,
      isWritable: (bytes) => isOpen() && persistence.isWritable && link.isWritable(bytes),
    },
    settled(name, outcome, bytes, delivery) {
      if (persistence.settled(delivery!)) parts.settled(name, outcome, bytes)
    },
  })
  const persistence = open({ clock: parts.clock, settled: parts.settled, isOpen, outbox: () => queue })

  const wrapped: Pick<ClientOutbox, 'push' | 'flush' | 'dispose'> = {
    push(message, bytes, name, how) {
      if (how.volatile || how.durability === 'memory') return queue.push(message, bytes, name, how)
      // After the encoding, during which another message may have been sent.
      const place = persistence.next()
      const [body, added] = place ? withPlace(message as Body, name, place) : [message as Body, 0]
      const delivery = queue.push(body, bytes + added, name, how)
      persistence.add({ place, name, body, bytes: bytes + added, delivery, how })
      return delivery
    },
    flush() {
      const { peer } = link
      if (peer && peer !== known) {
        known = peer
        persistence.accepted(peer)
      }
      queue.flush()
    },
    dispose: persistence.dispose,
  }
  // Inherits all other members, including getters.
  return Object.assign(Object.create(queue) as ClientOutbox, wrapped)
}

/** Adds the sequence in a producer to an encoded event, text or bytes. Returns it with the number of added bytes. */
function withPlace(
  body: Body,
  name: string | undefined,
  place: ProducerSequence,
): [placed: Body, added: number] {
  const [head, hasBytes] = typeof body === 'string' ? [body, false] : [body.head, true]
  const meta = `"producer":${JSON.stringify(place)}`
  let placed: string
  // Text and bytes have a meta already.
  if (name === undefined) placed = `${head.slice(0, -1)},${meta}}`
  else if (hasBytes) placed = `${head},null,{${meta}}`
  else if (head.length > JSON.stringify(name).length + 1) placed = `${head},{${meta}}`
  else placed = `${head},null,{${meta},"absent":true}`
  return [typeof body === 'string' ? placed : { ...body, head: placed }, placed.length - head.length]
}
