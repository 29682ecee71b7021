import { checkClose } from '@holdfast/protocol'
import type { Delivery, RequestOptions, SendOptions } from '@holdfast/protocol'
import type { Endings } from './endings.ts'
import type { Held } from './held.ts'
import { createListeners } from './listeners.ts'
import type { Unsubscribe } from './listeners.ts'
import type { Outbound } from './outbound.ts'
import type { Peer, PeerEnd } from './peer.ts'

export interface PeerPorts {
  readonly outbound: Outbound
  readonly part: Endings['part']
  renew(held: Held): void
  report(error: unknown): void
}

/** The face of a session that the application sees. */
export function createPeer(held: Held, data: unknown, ports: PeerPorts): Peer {
  return new HeldPeer(held, data, ports)
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class HeldPeer implements Peer {
  readonly id: string
  readonly identity: string | null
  data: unknown
  readonly #held: Held
  readonly #ports: PeerPorts

  constructor(held: Held, data: unknown, ports: PeerPorts) {
    this.id = held.id
    this.identity = held.identity
    this.data = data
    this.#held = held
    this.#ports = ports
  }

  get isConnected(): boolean {
    return this.#held.connection !== undefined
  }

  send(name: string, value?: unknown, how?: SendOptions): Delivery {
    const { outbound } = this.#ports
    return outbound.post(this.#held, outbound.encode(name, value), how)
  }

  sendRaw(value: string | ArrayBuffer | ArrayBufferView, how?: SendOptions): Delivery {
    const { outbound } = this.#ports
    return outbound.post(this.#held, outbound.encodeRaw(value), how)
  }

  request(name: string, input?: unknown, how: RequestOptions = {}): Promise<never> {
    return this.#ports.outbound.request(this.#held, name, input, how) as Promise<never>
  }

  close(code = 4410, reason = ''): void {
    checkClose(code, reason)
    this.#ports.part(this.#held, 'closed', code, reason)
  }

  renew(): void {
    this.#ports.renew(this.#held)
  }

  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe {
    const { end } = this.#held
    const { report } = this.#ports
    if (!end) return (this.#held.endListeners ??= createListeners(report)).on('end', listener)
    const late = createListeners(report)
    queueMicrotask(() => late.emit('end', end))
    return late.on('end', listener)
  }
}
