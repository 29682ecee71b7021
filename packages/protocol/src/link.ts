import type { Queued } from './message.ts'

/** The connection to which the outbox writes its messages. */
export interface Link<Body> {
  /**
   * How many bytes may wait until the end of the turn, to be written together. If undefined, messages are written at
   * once.
   */
  readonly batchBytes?: number
  /** The bytes that the socket has accepted and not yet sent. */
  bufferedAmount(): number
  /** Returns whether a message of that size would be accepted now. */
  isWritable(bytes: number): boolean
  /** Accepts a message, and settles it now or later. False if the socket refused it, which ends the connection. */
  write(message: Queued<Body>): boolean
  /** The last message of a batch was written. */
  flushed?(): void
  /** A caller awaits the outcome of a written message. Absent if the peer cannot be asked for it. */
  ask?(): void
}
