import { misuse } from '@holdfast/protocol'
import type { SocketConstructor } from '../platform/ports.ts'

interface Platform {
  readonly WebSocket?: SocketConstructor & { readonly prototype: object }
}

/** That of the platform, for pages that put `ReconnectingWebSocket` in its place. */
const { WebSocket: native } = globalThis as Platform

/**
 * Returns the class of the sockets to open: the chosen one, or the native one.
 *
 * @throws {HoldfastError} `misuse` if there is none
 */
export function socketClass(chosen: SocketConstructor | undefined): SocketConstructor {
  const { WebSocket: current } = globalThis as Platform
  const isOurs = 'retryCount' in (Object(current?.prototype) as object)
  const Socket = chosen ?? (isOurs ? native : current)
  if (!Socket) throw misuse('no WebSocket: pass the option WebSocket')
  return Socket
}
