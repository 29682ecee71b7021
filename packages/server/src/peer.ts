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

/** A client, as long as its session lasts: it survives reconnects. */
export interface Peer<C = AnyContract, Data = unknown> {
  /** The id of the session. Not secret: it takes a key as well to resume it. */
  readonly id: string
  /** Who the client is, as `authenticate` said. */
  readonly identity: string | null
  /** Free for the application. It begins as the `data` that `authenticate` gave. */
  data: Data
  /** Whether there is a connection right now. What is sent without one waits for the next. */
  readonly isConnected: boolean

  /**
   * Sends an event, now or when the client is back.
   *
   * A session for which more waits than the limits allow ends as `overflow`: a message is never dropped in silence.
   *
   * @throws {HoldfastError} `misuse` for a name that is not a string, data that the wire or the contract cannot take,
   * or options that make no sense
   */
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, SendOptions>
  ): Delivery
  /**
   * Sends text or bytes as they are, in order with the events. Bytes are copied.
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
  /**
   * Ends the session, after what was sent before, with that close code: 4410 lets the client begin a new session, 4403
   * tells it to stay away.
   *
   * @default 4410
   * @throws {HoldfastError} `misuse` for a code other than 1000 and 3000 to 4999, or a reason over 123 bytes
   */
  close(code?: number, reason?: string): void
  /** Asks the client for a fresh token now. If none comes within 30 s, its connection is closed with 4401. */
  renew(): void
  /** Calls the listener once, when the session has ended; at the next turn if it already has. */
  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe
}

/** How a session ended, and what it did not deliver. */
export interface PeerEnd {
  /** `left` if the client said goodbye first; else why the session ended here. */
  readonly why: 'left' | LostReason
  /** How many messages were certainly not handed on to the client's listeners. */
  readonly undelivered: number
  /** How many were written, and nobody can tell. */
  readonly unknown: number
  /** What the client gave to its `disconnect({ code, reason })`, if it did. The reason is on one line. */
  readonly code?: number
  readonly reason?: string
}
