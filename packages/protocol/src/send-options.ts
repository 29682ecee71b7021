import type { AbortSignalLike } from './ports.ts'

/** The bounds of the queue of messages that wait for the connection. */
export interface OutboxOptions {
  /** @default 10_000 */
  readonly maxMessages?: number
  /**
   * The maximum size of the queue, in bytes of UTF-8.
   *
   * @default 8_388_608
   */
  readonly maxBytes?: number
  /**
   * What happens when the queue is full: `reject` refuses the new message, `drop-oldest` drops the messages that have
   * waited longest. The dropped messages settle as `undelivered`, `overflow`.
   *
   * @default 'reject'
   */
  readonly overflow?: 'reject' | 'drop-oldest'
  /**
   * How many bytes the socket may have buffered before the queue stops writing.
   *
   * @default 1_048_576
   */
  readonly highWaterBytes?: number
}

/** The options of a message. */
export interface SendOptions {
  /** How long the message may wait to be written, in milliseconds. */
  readonly ttl?: number
  /**
   * Replaces a queued message with the same key, and moves to the end of the queue. Use it for cursors and prices.
   */
  readonly key?: string
  /** Sends the message only if it can be sent now. */
  readonly volatile?: boolean
  /** Withdraws the message when it is aborted, if it was not written yet. */
  readonly signal?: AbortSignalLike
  /**
   * How the `store` of the client persists the message. `strict` waits until it is on the storage medium; `relaxed`
   * until the operating system has it, which survives a crash of the page or of the browser but not always a power
   * failure; `memory` does not persist it. Has no effect without a store.
   *
   * @default 'relaxed'
   * @see Indexed Database API 3.0, section 2.7.4
   */
  readonly durability?: 'strict' | 'relaxed' | 'memory'
}
