import type { VirtualClock } from '@holdfast/testing'
import type { SocketLike as ServerSocket } from '@holdfast/server'
import type { SocketConstructor, SocketLike as ClientSocket } from 'holdfast'
import type { Verdict } from './server.ts'

/** The place that clients dial. */
export interface House {
  readonly clock: VirtualClock
  /** How long a packet of that client takes, one way. */
  latency(client: number): number
  /** A dial arrives. */
  knock(): Verdict
  /** The server gets its end of a connection. */
  accept(socket: ServerSocket): void
}

const connecting = 0
const open = 1
const closing = 2
const closed = 3

type Handler = ((event: never) => void) | null
const call = (handler: Handler, event: object): void => handler?.(event as never)

/** Makes the constructor of sockets whose URL ends with the number of the client. Packets keep their order. */
export function socketClass(house: House): SocketConstructor {
  return class extends NearEnd {
    constructor(url: string) {
      super(house, Number(url.slice(url.lastIndexOf('/') + 1)))
    }
  }
}

/** What both ends share. */
abstract class End {
  binaryType = ''
  readonly bufferedAmount = 0
  readyState = connecting
  onopen: Handler = null
  onmessage: Handler = null
  onclose: Handler = null
  onerror: Handler = null
  other: End | undefined
  readonly house: House
  readonly client: number

  constructor(house: House, client: number) {
    this.house = house
    this.client = client
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== open) return
    this.travel(() => {
      const { other } = this
      if (other && other.readyState < closed) call(other.onmessage, { data })
    })
  }

  /** The closing handshake: one packet there, and one back. */
  close(code = 1005, reason = ''): void {
    if (this.readyState >= closing) return
    this.readyState = closing
    this.travel(() => {
      this.other?.end(code, reason)
      this.travel(() => this.end(code, reason))
    })
  }

  /** The end of the connection, as this end sees it. */
  end(code: number, reason = ''): void {
    if (this.readyState === closed) return
    this.readyState = closed
    call(this.onclose, { code, reason })
  }

  travel(arrive: () => void): void {
    this.house.clock.setTimer(arrive, this.house.latency(this.client))
  }
}

class FarEnd extends End implements ServerSocket {
  override readyState = open

  /** The process dies: its peer is notified a packet later. */
  terminate(): void {
    if (this.readyState === closed) return
    this.travel(() => this.other?.end(1006))
    this.end(1006)
  }
}

class NearEnd extends End implements ClientSocket {
  constructor(house: House, client: number) {
    super(house, client)
    this.travel(() => this.#arrive(house.knock()))
  }

  #arrive(verdict: Verdict): void {
    // Given up on the way.
    if (this.readyState !== connecting) return
    if (verdict === 'refused')
      return this.travel(() => {
        if (this.readyState === closed) return
        call(this.onerror, {})
        this.end(1006)
      })
    this.travel(() => {
      if (this.readyState !== connecting) return
      this.readyState = open
      call(this.onopen, {})
    })
    const far = new FarEnd(this.house, this.client)
    this.other = far
    far.other = this
    if (verdict === 'in') this.house.accept(far)
    else far.close(1013, verdict.hint && JSON.stringify({ after: verdict.hint }))
  }
}
