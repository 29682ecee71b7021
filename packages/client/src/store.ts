import type { Delivery, Link, Outbox, Outcome } from '@holdfast/protocol'
import type { Ports } from './platform/ports.ts'
import type { Encoded } from './wire/wire.ts'

/** Persists the messages of a client: created by `store()` of `holdfast/store`, passed to `createClient`. */
export interface Store {
  /** Only for clients. */
  readonly wrap: object
}

/** A store as a client sees it. */
export interface WrappingStore extends Store {
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
