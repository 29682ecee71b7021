import type { Delivery, Link, Ok, Outbox, Outcome } from '@holdfast/protocol'
import type { Ports } from './connection/ports.ts'
import type { Encoded } from './wire.ts'

/** Persists what a client sends: made by `store()` of `holdfast/store`, given to `createClient`. */
export interface Store {
  /** Wraps the outbox of one client. */
  wrap(create: CreateOutbox): CreateOutbox
}

/** Makes the outbox of a client. */
export type CreateOutbox = (parts: OutboxParts) => ClientOutbox

/** What the outbox of a client works with. */
export interface OutboxParts extends Pick<Ports, 'clock' | 'report'> {
  readonly link: Link<Encoded>
  /** A message has its outcome. Without `delivery`, an earlier page has sent it, and it was never queued here. */
  settled(name: string | undefined, outcome: Outcome, bytes: number, delivery?: Delivery): void
}

/** The messages of a client that wait. */
export interface ClientOutbox extends Outbox<Encoded> {
  /** Releases what lies behind the outbox. Absent if there is nothing but memory. */
  dispose?(): Promise<void>
}

/** The link of a wire that knows its server: of `session()`. */
export interface PeerLink extends Link<Encoded> {
  /** The server that messages may be written to now: another object after each greeting, undefined between connections. */
  readonly peer: Pick<Ok, 'identity' | 'producers'> | undefined
}
