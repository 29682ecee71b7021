import { misuse } from '@holdfast/protocol'
import type { Delivery, RequestOptions, SendOptions } from '@holdfast/protocol'
import type { Unsubscribe } from './listeners.ts'
import type { Outbound } from './outbound.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { SessionRecord } from './session-record.ts'

/** The face of a session that the application sees. */
export function createPeer(record: SessionRecord, outbound: Outbound, data: unknown): Peer {
  return new SessionPeer(record, outbound, data)
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class SessionPeer implements Peer {
  readonly id: string
  readonly identity: string | null
  data: unknown
  readonly #record: SessionRecord
  readonly #outbound: Outbound

  constructor(record: SessionRecord, outbound: Outbound, data: unknown) {
    this.id = record.id
    this.identity = record.identity
    this.data = data
    this.#record = record
    this.#outbound = outbound
  }

  get isConnected(): boolean {
    return this.#record.connection !== undefined
  }

  send(name: string, value?: unknown, how?: SendOptions): Delivery {
    return this.#outbound.post(this.#record, this.#outbound.encode(name, value), how)
  }

  sendRaw(value: string | ArrayBuffer | ArrayBufferView, how?: SendOptions): Delivery {
    return this.#outbound.post(this.#record, this.#outbound.encodeRaw(value), how)
  }

  request(name: string, input?: unknown, how: RequestOptions = {}): Promise<never> {
    return this.#outbound.request(this.#record, name, input, how) as Promise<never>
  }

  close(code = 4410, reason = ''): void {
    const isCode = code === 1000 || (Number.isInteger(code) && code >= 3_000 && code <= 4_999)
    if (!isCode) throw misuse(`a connection cannot be closed with ${String(code)}`)
    if (Buffer.byteLength(reason) > 123) throw misuse('the reason of a close has 123 bytes at most')
    this.#record.close('closed', code, reason)
  }

  renew(): void {
    this.#record.renew()
  }

  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe {
    return this.#record.onEnd(listener)
  }
}
