import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Clock } from '@holdfast/protocol'

/**
 * The part of a WebSocket that the hub uses; sockets of `ws` have it, and those of a simulation can.
 *
 * @see WHATWG WebSockets, section 3.1
 */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType: string
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  /** Drops the connection without a closing handshake. */
  terminate?(): void
}

/** The part of an upgrade request that the hub uses; an `IncomingMessage` of `node:http` has it. */
export interface RequestLike {
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket?: {
    readonly remoteAddress?: string | undefined
    /** Whether it is a TLS socket, as reported by Node. */
    readonly encrypted?: boolean | undefined
    /** The server that accepted it, as known by sockets of Node. */
    readonly server?: unknown
  }
}

/** Everything impure that a hub needs, apart from sockets. */
export interface HubPorts {
  /** Time and timers. A closed hub has no timer. */
  readonly clock: Clock
  /** Returns unpredictable bytes for the ids and keys of sessions. */
  randomBytes(count: number): Uint8Array
  /**
   * Receives the exceptions and rejections of listeners, handlers and other functions of the application. Its own
   * exceptions are not caught.
   *
   * @default console.error
   */
  report(error: unknown): void
  /**
   * Receives warnings: that the hub refused a connection, and which option would accept it, or that an event has no
   * listener.
   *
   * The hub warns of the first of each kind in a minute, and the first of each event name; `watch('refused')` and
   * `watch('unhandled')` report all. Its own exceptions are reported.
   *
   * @default console.warn
   * @example
   * createHub({ ports: { warn: (message) => console.log(message) } }) // or () => {}, for silence
   */
  warn(message: string): void
}

/** The clock of Node. Its timers do not keep the process alive: sockets and servers do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer: (callback, delay) => setTimeout(callback, delay).unref(),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/** The ports of Node. */
export const systemPorts: HubPorts = {
  clock: systemClock,
  randomBytes: (count) => randomBytes(count),
  // A server must survive the faults of its handlers, so exceptions are not rethrown, and must not be hidden.
  report: (error) => console.error(error),
  warn: (message) => console.warn(message),
}

/** Creates an abort controller. */
export function newAbort(): AbortController {
  return new AbortController()
}

/** Encodes text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return Buffer.from(text)
}

/** @throws {TypeError} for invalid UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError('not UTF-8')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
