import { given, misuse } from '@holdfast/protocol'
import type { Payload, PlainFrame } from '@holdfast/protocol'
import { createHeartbeat } from '../connection/heartbeat.ts'

/** The options of {@link ping}. */
export interface PingOptions {
  /** The message to send, in its encoded form. */
  readonly message: Payload
  /** Returns whether a frame is the answer. Such frames are not delivered to handlers; they measure the rtt. */
  readonly isReply: (frame: PlainFrame) => boolean
  /**
   * How long the server may be silent before the client sends the message, in milliseconds. Any frame is proof of
   * life.
   *
   * @default 25_000
   */
  readonly interval?: number
  /**
   * How long it may take to answer, in milliseconds.
   *
   * @default 10_000
   */
  readonly timeout?: number
}

/** The heartbeat of a plain wire: created by {@link ping}. */
export interface PlainHeartbeat extends Pick<PingOptions, 'message' | 'isReply'> {
  /** Only for the wire. */
  readonly heartbeat: object
}

/**
 * A heartbeat on the plain wire: a message that the server answers, which shows whether a silent connection is alive.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const heartbeat = ping({ message: '{"type":"ping"}', isReply: ({ type }) => type === 'pong' })
 * createClient({ url: '/ws', wire: plain({ heartbeat }) })
 */
/* @__NO_SIDE_EFFECTS__ */
export function ping(options: PingOptions): PlainHeartbeat {
  const { message, isReply, ...times } = given(options, 'message, isReply, interval, timeout')
  if (message === undefined || !isReply) throw misuse('write ping({ message, isReply })')
  const heartbeat = createHeartbeat({ interval: 25_000, timeout: 10_000, ...times })
  return { message, isReply, heartbeat }
}
