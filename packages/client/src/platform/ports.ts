import { misuse } from '@holdfast/protocol'
import type { AbortSignalLike, Clock, HoldfastError } from '@holdfast/protocol'
import { signalOf, signalsOfEvents } from './page.ts'
import type { PageEvent, Signal } from './page.ts'

/**
 * The part of a WebSocket that Holdfast uses; those of browsers, Node, `ws` and mock-socket have it.
 *
 * @see WHATWG WebSockets, section 3.1
 */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  /** The subprotocol that the server chose, empty for none; absent if the socket does not report it. */
  readonly protocol?: string
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

/** A socket constructor, such as the global `WebSocket` or the one of the package `ws`. */
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike

/** Hints of the platform. A port, so that other platforms (React Native, Electron) can provide their own. */
export interface Signals {
  /** Starts to listen, and returns the function that stops it. */
  listen(notice: (signal: Signal, url?: string) => void): () => void
  /** Returns whether the platform reports that it is offline now. Only used to name the cause of a failure. */
  isOffline(): boolean
  /** Returns whether the page is hidden now, which makes connecting less urgent. */
  isHidden?(): boolean
}

/** Everything impure that the client needs, apart from sockets. */
export interface Ports {
  readonly clock: Clock
  /** Returns a random number in [0, 1). */
  readonly random: () => number
  readonly signals: Signals
  /** Receives the exceptions and rejections of listeners. */
  readonly report: (error: unknown) => void
}

// Every global is looked up when it is used, so that importing has no side effects and later patches apply.
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
  readonly document?: { readonly visibilityState: string }
  readonly addEventListener?: ListenerMethod
  readonly removeEventListener?: ListenerMethod
  readonly reportError?: (error: unknown) => void
  setTimeout(callback: () => void, delay: number): { unref?(): void }
  clearTimeout(timer: unknown): void
  queueMicrotask(callback: () => void): void
}

interface AbortControllerLike {
  readonly signal: AbortSignalLike
  abort(): void
}

type ListenerMethod = (
  type: string,
  listener: (event: PlatformEvent) => void,
  options: { capture: boolean },
) => void

interface PlatformEvent extends PageEvent {
  readonly target: unknown
  readonly blockedURI?: string
}

export function newAbort(): AbortControllerLike {
  return new platform.AbortController()
}

/** Returns why bytes cannot be sent or read on this platform, if so. Their header is UTF-8 text. */
export function missing(coder: 'TextEncoder' | 'TextDecoder'): HoldfastError | undefined {
  return platform[coder] ? undefined : misuse(`bytes on the session wire need ${coder}`)
}

export function encodeText(text: string): Uint8Array {
  return new platform.TextEncoder().encode(text)
}

/** @throws {TypeError} for invalid UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  // A byte order mark is part of the text, as on the server.
  return new platform.TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => platform.performance.now(),
  wall: () => Date.now(),
  setTimer(callback, delay, keepsAlive) {
    const timer = platform.setTimeout(callback, delay)
    if (!keepsAlive) timer.unref?.()
    return timer
  },
  clearTimer: (timer) => platform.clearTimeout(timer),
}

/** The hints of browsers. All of these events pass the window; other runtimes have none of them. */
export const pageSignals: Signals = {
  listen(notice) {
    const listener = (event: PlatformEvent): void => {
      // The focus of elements passes the window, too.
      if (event.type === 'focus' && event.target !== platform) return
      const signal = signalOf(event, !isHidden())
      if (signal) notice(signal, event.blockedURI)
    }
    const types = Object.keys(signalsOfEvents)
    // Some are fired at the document and do not bubble. Cloudflare's workers do not support capture.
    const options = { capture: platform.document !== undefined }
    for (const type of types) platform.addEventListener?.(type, listener, options)
    return () => {
      for (const type of types) platform.removeEventListener?.(type, listener, options)
    }
  },
  isOffline: () => platform.navigator?.onLine === false,
  isHidden,
}

function isHidden(): boolean {
  return platform.document?.visibilityState === 'hidden'
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
