import { ping as plainPing } from '../wire/ping.ts'
import type { Payload } from '@holdfast/protocol'

/** The options of {@link ping}. */
export interface SocketPingOptions {
  /** The message to send. */
  readonly message: Payload
  /** Returns whether the data of a message is an answer, which no listener receives then. */
  readonly isReply: (data: unknown) => boolean
  /**
   * How long the server may be silent before it is asked, in milliseconds.
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

/** A heartbeat of a socket: created by {@link ping}. */
export interface SocketHeartbeat extends Pick<SocketPingOptions, 'message' | 'isReply'> {
  /** Only for the socket. */
  readonly heartbeat: object
}

/**
 * A message that the server answers, which shows whether a silent connection is alive.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * import { ping } from 'holdfast/socket'
 * new ReconnectingWebSocket(url, [], { heartbeat: ping({ message: 'ping', isReply: (data) => data === 'pong' }) })
 */
export const ping: (options: SocketPingOptions) => SocketHeartbeat = plainPing as never
