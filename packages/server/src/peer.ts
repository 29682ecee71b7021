import type { PeerJoinOptions } from './channels/peer-join-options.ts'
import type {
  AnyContract,
  Delivery,
  EventArguments,
  EventData,
  EventName,
  LostReason,
  RequestAnswer,
  RequestArguments,
  RequestName,
  RequestOptions,
  SendOptions,
  Unsubscribe,
} from '@holdfast/protocol'

/** A client, for the lifetime of its session: it survives reconnects. */
export interface Peer<C = AnyContract, Data = unknown> {
  /** The id of the session. Not secret: resuming the session also requires its key. */
  readonly id: string
  /** The identity of the client, as returned by `authenticate`. */
  readonly identity: string | null
  /**
   * The `key` of this peer in the lists of members of channels, on all hubs. Where members count by identity, the key is the identity
   * instead, if there is one. Other clients receive it; it does not reveal the `id`.
   */
  readonly memberKey: string
  /** For use by the application. Its initial value is the `data` that `authenticate` returned. */
  data: Data
  /** Whether there is a connection now. Messages sent without a connection wait for the next one. */
  readonly isConnected: boolean

  /**
   * Sends an event, now or when the client reconnects.
   *
   * A session for which more messages wait than the limits allow ends as `overflow`: the hub never drops a message
   * silently.
   *
   * @throws {HoldfastError} `misuse` for a name that is not a string, data that the wire or the contract does not
   * accept, or invalid options
   */
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, SendOptions>
  ): Delivery
  /**
   * Sends text or bytes unchanged, in order with the events. Bytes are copied.
   *
   * @throws {HoldfastError} `misuse` for anything else
   */
  sendRaw(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Delivery
  /**
   * Sends a request to the client and waits for its answer.
   *
   * @throws {HoldfastError} `misuse`, synchronously, as `send` does
   * @throws {HoldfastError} rejects with `remote`, `timeout`, `aborted`, `invalid`, `undelivered` or `unknown`
   */
  request<Name extends string & RequestName<C, 'toClient'>>(
    name: Name,
    ...args: RequestArguments<C, Name, RequestOptions, 'toClient'>
  ): Promise<RequestAnswer<C, Name, 'toClient'>>
  /** The names of the channels that the session is subscribed to, by its client or by `join`. */
  readonly channels: readonly string[]
  /**
   * Subscribes the session to a channel, until `leave` or the end of the session. Asks no rule.
   *
   * The client receives the publications as events, by their names, while it is connected: it is not notified of those that it misses. If
   * it has joined the channel itself, it receives them there, and only once.
   *
   * @throws {HoldfastError} `misuse` for a name that is not `kind` or `kind:id`, of 1 to 256 characters, and for presence data that is too
   * large, or not JSON
   */
  join(channel: string, options?: PeerJoinOptions): void
  /** Ends the subscription of the session to a channel: that of `join`, and that of its client, which is notified of `left`. */
  leave(channel: string): void
  /**
   * Ends the session, after the messages that were sent before, with that close code: after 4410 the client begins a
   * new session, after 4403 it stops.
   *
   * @default 4410
   * @throws {HoldfastError} `misuse` for a code other than 1000 and 3000 to 4999, or a reason over 123 bytes
   */
  close(code?: number, reason?: string): void
  /**
   * Asks the client for a fresh token now. If no token arrives within 30 s, the hub closes the connection with 4401.
   */
  renew(): void
  /** Calls the listener once, when the session has ended; in the next turn if it has already ended. */
  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe
}

/**
 * How a session comes to a hub: it begins there, or another hub had it before, with the same id. Then `peer.data` is what `authenticate`
 * returned on this hub.
 */
export type PeerArrival = 'new' | 'moved'

/** How a session ended, and which messages it did not deliver. */
export interface PeerEnd {
  /**
   * `left` if the client sent `bye` first; `moved` if another hub goes on with the session; otherwise why the session ended here.
   */
  readonly why: 'left' | 'moved' | LostReason
  /** The number of messages that certainly did not reach the client's listeners. */
  readonly undelivered: number
  /** The number of messages that were written and whose outcome cannot be determined. */
  readonly unknown: number
  /** The code that the client passed to `disconnect({ code, reason })`, if any. The reason is on one line. */
  readonly code?: number
  readonly reason?: string
}
