import { checkClose, HoldfastError } from '@holdfast/protocol'
import type { Delivery, RequestOptions, SendOptions, Sent, Unsubscribe } from '@holdfast/protocol'
import { memberKeyOf } from './channels/member-key.ts'
import type { PeerJoinOptions } from './channels/peer-join-options.ts'
import type { HubParts } from './hub-parts.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { SessionRecord } from './session-record.ts'

/** Creates the interface of a session for the application. */
export function createPeer(record: SessionRecord, parts: PeerParts, data: unknown): Peer {
  return new SessionPeer(record, parts, data)
}

type PeerParts = Pick<HubParts, 'outbound' | 'channels'>

/** A class, because there is one per client: separate closures would take most of the memory. */
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

  get memberKey(): string {
    return memberKeyOf(this.id)
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
    const { outbound } = this.#parts
    if (this.#record.hasDeparted) return Promise.reject(hasMoved())
    const send = (id: number): Sent => outbound.post(this.#record, outbound.encode(name, input, id))
    return this.#record.endpoint.request(name, send, how) as Promise<never>
  }

  get channels(): readonly string[] {
    return this.#parts.channels.namesOf(this.#record)
  }

  join(channel: string, options?: PeerJoinOptions): void {
    this.#parts.channels.join(this.#record, channel, options)
  }

  leave(channel: string): void {
    this.#parts.channels.leave(this.#record, channel)
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

/** The answer would come to the hub that has the session. */
function hasMoved(): HoldfastError {
  const outcome = { status: 'undelivered', reason: 'moved' } as const
  return new HoldfastError('undelivered', 'the session has moved to another hub', { outcome })
}
