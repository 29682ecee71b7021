import { checkClose } from '@holdfast/protocol'
import type { Delivery, RequestOptions, SendOptions, Sent, Unsubscribe } from '@holdfast/protocol'
import type { Endpoints } from './endpoints.ts'
import type { Outbound } from './outbound.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { SessionRecord } from './session-record.ts'

export interface PeerParts {
  readonly outbound: Outbound
  readonly endpoints: Endpoints
}

/** The face of a session that the application sees. */
export function createPeer(record: SessionRecord, parts: PeerParts, data: unknown): Peer {
  return new SessionPeer(record, parts, data)
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class SessionPeer implements Peer {
  readonly id: string
  readonly identity: string | null
  data: unknown
  readonly #record: SessionRecord
  readonly #parts: PeerParts

  constructor(record: SessionRecord, parts: PeerParts, data: unknown) {
    this.id = record.id
    this.identity = record.identity
    this.data = data
    this.#record = record
    this.#parts = parts
  }

  get isConnected(): boolean {
    return this.#record.connection !== undefined
  }

  send(name: string, value?: unknown, how?: SendOptions): Delivery {
    const { outbound } = this.#parts
    return outbound.post(this.#record, outbound.encode(name, value), how)
  }

  sendRaw(value: string | ArrayBuffer | ArrayBufferView, how?: SendOptions): Delivery {
    const { outbound } = this.#parts
    return outbound.post(this.#record, outbound.encodeRaw(value), how)
  }

  request(name: string, input?: unknown, how: RequestOptions = {}): Promise<never> {
    const { outbound, endpoints } = this.#parts
    const send = (id: number): Sent => outbound.post(this.#record, outbound.encode(name, input, id))
    return endpoints.of(this.#record).request(name, send, how) as Promise<never>
  }

  close(code = 4410, reason = ''): void {
    checkClose(code, reason)
    this.#record.close('closed', code, reason)
  }

  renew(): void {
    this.#record.renew()
  }

  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe {
    return this.#record.onEnd(listener)
  }
}
