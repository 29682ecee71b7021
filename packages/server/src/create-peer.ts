import { misuse } from '@holdfast/protocol'
import type { RequestOptions, SendOptions } from '@holdfast/protocol'
import type { Endings } from './endings.ts'
import type { Held } from './held.ts'
import { call } from './listeners.ts'
import type { Outbound } from './outbound.ts'
import type { Peer } from './peer.ts'

export interface PeerPorts {
  readonly outbound: Outbound
  readonly part: Endings['part']
  renew(held: Held): void
  report(error: unknown): void
}

/** The face of a session that the application sees. */
export function createPeer(held: Held, data: unknown, { outbound, part, renew, report }: PeerPorts): Peer {
  return {
    id: held.id,
    identity: held.identity,
    data,
    get isConnected() {
      return held.connection !== undefined
    },
    send: (name: string, value?: unknown, how?: SendOptions) =>
      outbound.post(held, outbound.encode(name, value), how),
    sendRaw: (value, how) => outbound.post(held, outbound.encodeRaw(value), how),
    request: (name: string, input?: unknown, how: RequestOptions = {}) =>
      outbound.request(held, name, input, how) as Promise<never>,
    close(code = 4410, reason = '') {
      const isCode = code === 1000 || (Number.isInteger(code) && code >= 3_000 && code <= 4_999)
      if (!isCode) throw misuse(`a connection cannot be closed with ${String(code)}`)
      if (Buffer.byteLength(reason) > 123) throw misuse('the reason of a close has 123 bytes at most')
      part(held, 'closed', code, reason)
    },
    renew: () => renew(held),
    onClose(listener) {
      if (typeof listener !== 'function') throw misuse('a listener must be a function')
      const { end } = held
      // A function of its own, so that a listener that is added twice is called twice.
      const own: typeof listener = (value) => listener(value)
      const listeners = (held.endListeners ??= new Set())
      listeners.add(own)
      if (end)
        queueMicrotask(() => {
          if (listeners.delete(own)) call(() => own(end), report)
        })
      return () => void listeners.delete(own)
    },
  }
}
