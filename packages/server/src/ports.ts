import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Clock } from '@holdfast/protocol'

/**
 * The part of a WebSocket that the hub uses: sockets of `ws` have it, and so can those of a simulation.
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

/** The part of a request for an upgrade that the hub uses: an `IncomingMessage` of `node:http` has it. */
export interface RequestLike {
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket?: {
    readonly remoteAddress?: string | undefined
    /** Whether it is a socket of TLS; those of Node say so. */
    readonly encrypted?: boolean | undefined
    /** The server that has accepted it; sockets of Node know it. */
    readonly server?: unknown
  }
}

/** Everything impure that a hub needs, apart from sockets. */
export interface HubPorts {
  /** Time and timers. A hub that is closed has no timer. */
  readonly clock: Clock
  /** Unpredictable bytes, of which the ids and the keys of sessions are made. */
  randomBytes(count: number): Uint8Array
  /**
   * Where an exception goes that a listener, a handler or another function of the application threw or rejected with. Its
   * own exceptions are not caught.
   *
   * @default console.error
   */
  report(error: unknown): void
  /**
   * Where the hub says in a sentence what somebody should look into: that it refused a connection, and which option would
   * let it in, or that nobody listens to an event. It says the first of each kind in a minute, and the first of each name
   * of an event; `watch('refused')` and `watch('unhandled')` hear of all. Its own exceptions are reported.
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
  // A server must survive the faults of its handlers, so they are not thrown on, and must not go unseen.
  // oxlint-disable-next-line no-console
  report: (error) => console.error(error),
  // oxlint-disable-next-line no-console
  warn: (message) => console.warn(message),
}

/** Makes what aborts a signal. */
export function newAbort(): AbortController {
  return new AbortController()
}

/** Text in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return Buffer.from(text)
}

/** @throws {TypeError} for bytes that are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError('not UTF-8')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
