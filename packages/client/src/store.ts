import type { Delivery, Link, Ok, Outbox, Outcome } from '@holdfast/protocol'
import type { Ports } from './connection/ports.ts'
import type { Encoded } from './wire.ts'

/** Persists the messages of a client: created by `store()` of `holdfast/store`, passed to `createClient`. */
export interface Store {
  /** Wraps the outbox of one client. */
  wrap(create: CreateOutbox): CreateOutbox
}

/** Creates the outbox of a client. */
export type CreateOutbox = (parts: OutboxParts) => ClientOutbox

/** The dependencies of the outbox of a client. */
export interface OutboxParts extends Pick<Ports, 'clock' | 'report'> {
  readonly link: Link<Encoded>
  /** A message has its outcome. Without `delivery`, an earlier page sent it, and it was never queued here. */
  settled(name: string | undefined, outcome: Outcome, bytes: number, delivery?: Delivery): void
}

/** The queued messages of a client. */
export interface ClientOutbox extends Outbox<Encoded> {
  /** Releases the storage of the outbox. Absent if it is only in memory. */
  dispose?(): Promise<void>
}

/** The link of a wire that knows its server: of `session()`. */
export interface PeerLink extends Link<Encoded> {
  /**
   * The server to which messages may be written now: a new object after each greeting, undefined between connections.
   */
  readonly peer: Pick<Ok, 'identity' | 'producers'> | undefined
}
