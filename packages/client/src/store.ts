import type {
  Delivery,
  ProducersOffer,
  Link,
  Ok,
  Outbox,
  Outcome,
  ProducerSequence,
  SendOptions,
  Sent,
} from '@holdfast/protocol'
import type { Connection } from './connection/connection.ts'
import type { Ports } from './connection/ports.ts'
import type { Encoded } from './wire.ts'

/** Where messages are kept that have no outcome yet: made by `store()` of `holdfast/store`, given to `createClient`. */
export interface Store {
  /** Binds the store to one client. */
  attach(host: StoreHost): StoreEnd
}

/** What the client does for its store. */
export interface StoreHost extends Pick<Ports, 'clock' | 'report'> {
  readonly connection: Pick<Connection, 'state'>
  outbox(): Outbox<Encoded>
  /** A message of an earlier page has its outcome, and was not queued. */
  settled(name: string | undefined, outcome: Outcome): void
}

/** What the store does for its client. */
export interface StoreEnd {
  /** The place of the next message. */
  next(): ProducerSequence
  /** Whether a message with a later place was sent already: the server would drop this one. */
  isOvertaken(place: ProducerSequence): boolean
  /** A message was sent. */
  add(
    place: ProducerSequence,
    message: Encoded,
    name: string | undefined,
    delivery: Sent,
    how: SendOptions,
  ): void
  /** A message has its outcome, whether it is kept or not. False if nobody is to be told. */
  settled(delivery: Delivery): boolean
  /** The server has taken us in, and nothing was written since. */
  greeted(ok: Pick<Ok, 'identity'> & { readonly producers?: ProducersOffer }): void
  /** The link, which is not writable while others may be sending what waits, or must learn first that it is written. */
  guard(link: Link<Encoded>): Link<Encoded>
  /** Lets go of all. What has no outcome stays. */
  dispose(): Promise<void>
}
