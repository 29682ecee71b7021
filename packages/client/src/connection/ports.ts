import type { AbortSignalLike, Clock } from '@holdfast/protocol'

/**
 * The part of a WebSocket that Holdfast uses: the browser's, Node's, `ws`'s and mock-socket's all have it.
 *
 * @see WHATWG WebSockets, section 3.1
 */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

/** A constructor of sockets, such as the global `WebSocket` or the one of the package `ws`. */
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike

/**
 * What the platform noticed. Hints, never truth.
 *
 * - `wake`: somebody looks at the page again.
 * - `change`: the network came back or the page was restored, so an open socket is in doubt.
 * - `offline`: the platform believes that it has no network.
 */
export type Signal = 'wake' | 'change' | 'offline'

/** Hints from the platform. A port, so that other platforms (React Native, Electron) can bring their own. */
export interface Signals {
  /** Starts to listen, and returns the function that stops it. */
  listen(notice: (signal: Signal) => void): () => void
  /** Whether the platform believes to be offline right now. Only used to name the cause of a failure. */
  isOffline(): boolean
}

/** Everything impure that the client needs, apart from sockets. */
export interface Ports {
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  readonly signals: Signals
  /** Where an exception goes that a listener threw. */
  readonly report: (error: unknown) => void
}

// Every global is looked up when it is used, so that importing touches none and one patched later is seen.
const platform = globalThis as unknown as Platform

interface Platform {
  readonly AbortController: new () => AbortControllerLike
  readonly TextEncoder: new () => { encode(text: string): Uint8Array }
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string }
  readonly performance: { now(): number }
  readonly navigator?: { readonly onLine?: boolean }
  readonly document: { readonly visibilityState: string }
  readonly addEventListener?: (type: string, listener: (event: PageEvent) => void) => void
  readonly removeEventListener?: (type: string, listener: (event: PageEvent) => void) => void
  readonly reportError?: (error: unknown) => void
  setTimeout(callback: () => void, delay: number): unknown
  clearTimeout(timer: unknown): void
  queueMicrotask(callback: () => void): void
}

interface AbortControllerLike {
  readonly signal: AbortSignalLike
  abort(): void
}

interface PageEvent {
  readonly type: string
  readonly persisted?: boolean
}

export function newAbort(): AbortControllerLike {
  return new platform.AbortController()
}

export function encodeText(text: string): Uint8Array {
  return new platform.TextEncoder().encode(text)
}

/** @throws {TypeError} for what is not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  // A byte order mark is a part of the text, as it is for the server.
  return new platform.TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => platform.performance.now(),
  wall: () => Date.now(),
  setTimer: (callback, delay) => platform.setTimeout(callback, delay),
  clearTimer: (timer) => platform.clearTimeout(timer),
}

/** The hints that browsers give. All of these events reach the window; other runtimes have none of them. */
export const pageSignals: Signals = {
  listen(notice) {
    const types = ['online', 'offline', 'pageshow', 'visibilitychange']
    const listener = ({ type, persisted }: PageEvent): void => {
      if (type === 'offline') notice(type)
      else if (type === 'online' || persisted) notice('change')
      else if (type !== 'pageshow' && platform.document.visibilityState === 'visible') notice('wake')
    }
    for (const type of types) platform.addEventListener?.(type, listener)
    return () => {
      for (const type of types) platform.removeEventListener?.(type, listener)
    }
  },
  isOffline: () => platform.navigator?.onLine === false,
}

/** The ports of the platform. */
export const systemPorts: Ports = {
  clock: systemClock,
  random: () => Math.random(),
  signals: pageSignals,
  report(error) {
    if (platform.reportError) platform.reportError(error)
    else
      platform.queueMicrotask(() => {
        throw error
      })
  },
}
