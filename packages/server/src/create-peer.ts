import { misuse } from '@holdfast/protocol'
import type { Delivery, RequestOptions, SendOptions } from '@holdfast/protocol'
import type { Teardown } from './teardown.ts'
import type { SessionRecord } from './session-record.ts'
import { createListeners } from './listeners.ts'
import type { Unsubscribe } from './listeners.ts'
import type { Outbound } from './outbound.ts'
import type { Peer, PeerEnd } from './peer.ts'

export interface PeerPorts {
  readonly outbound: Outbound
  readonly part: Teardown['part']
  renew(record: SessionRecord): void
  report(error: unknown): void
}

/** The face of a session that the application sees. */
export function createPeer(record: SessionRecord, data: unknown, ports: PeerPorts): Peer {
  return new SessionPeer(record, data, ports)
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class SessionPeer implements Peer {
  readonly id: string
  readonly identity: string | null
  data: unknown
  readonly #record: SessionRecord
  readonly #ports: PeerPorts

  constructor(record: SessionRecord, data: unknown, ports: PeerPorts) {
    this.id = record.id
    this.identity = record.identity
    this.data = data
    this.#record = record
    this.#ports = ports
  }

  get isConnected(): boolean {
    return this.#record.connection !== undefined
  }

  send(name: string, value?: unknown, how?: SendOptions): Delivery {
    const { outbound } = this.#ports
    return outbound.post(this.#record, outbound.encode(name, value), how)
  }

  sendRaw(value: string | ArrayBuffer | ArrayBufferView, how?: SendOptions): Delivery {
    const { outbound } = this.#ports
    return outbound.post(this.#record, outbound.encodeRaw(value), how)
  }

  request(name: string, input?: unknown, how: RequestOptions = {}): Promise<never> {
    return this.#ports.outbound.request(this.#record, name, input, how) as Promise<never>
  }

  close(code = 4410, reason = ''): void {
    const isCode = code === 1000 || (Number.isInteger(code) && code >= 3_000 && code <= 4_999)
    if (!isCode) throw misuse(`a connection cannot be closed with ${String(code)}`)
    if (Buffer.byteLength(reason) > 123) throw misuse('the reason of a close has 123 bytes at most')
    this.#ports.part(this.#record, 'closed', code, reason)
  }

  renew(): void {
    this.#ports.renew(this.#record)
  }

  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe {
    const { end } = this.#record
    const { report } = this.#ports
    if (!end) return (this.#record.endListeners ??= createListeners(report)).on('end', listener)
    const late = createListeners(report)
    queueMicrotask(() => late.emit('end', end))
    return late.on('end', listener)
  }
}
