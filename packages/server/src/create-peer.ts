import { checkClose } from '@holdfast/protocol'
import type { Delivery, RequestOptions, SendOptions, Sent, Unsubscribe } from '@holdfast/protocol'
import type { Outbound } from './outbound.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { SessionRecord } from './session-record.ts'

/** Creates the interface of a session for the application. */
export function createPeer(record: SessionRecord, outbound: Outbound, data: unknown): Peer {
  return new SessionPeer(record, outbound, data)
}

/** A class, because there is one per client: separate closures would take most of the memory. */
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
    const outbound = this.#outbound
    const send = (id: number): Sent => outbound.post(this.#record, outbound.encode(name, input, id))
    return this.#record.endpoint.request(name, send, how) as Promise<never>
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
