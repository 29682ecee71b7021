import type { AnyContract, EventArguments, EventData, EventName } from '@holdfast/protocol'

/** All sessions of an identity, on all hubs that share the broker: `hub.to(identity)`. Holds nothing. */
export interface Recipient<C = AnyContract> {
  /**
   * Sends an event to every session that the identity has when it arrives, as `peer.send` does: also to those whose client is
   * disconnected, in order with their other messages, and once. An identity without a session does not get it later.
   *
   * Resolves once the broker has taken it, before clients have received it. While the broker fails, hubs catch up with up to 1,000
   * messages of the last minute; if it loses its data, messages are lost, and the hubs log that.
   *
   * @throws {HoldfastError} rejects with `misuse` for data that the wire or the contract does not accept, for bytes and for more
   * than `maxPublicationBytes`, or with the error of the broker; after that, the message may be repeated with the same `id`
   */
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, RecipientOptions>
  ): Promise<void>
}

export interface RecipientOptions {
  /** 1 to 64 characters. A second message with the same id is not sent, if the first was recent. */
  readonly id?: string
}
