import type { Writable } from 'node:stream'
import type { Payload } from '@holdfast/protocol'
import { countOne } from './counters.ts'
import type { Counters } from './counters.ts'
import type { Deadlines } from './deadlines.ts'
import { keptRequest } from './kept-request.ts'
import type { Policy } from './policy.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import { listen } from './socket-events.ts'
import type { SocketListener } from './socket-events.ts'
import type { SharedFrames } from './shared-frames.ts'
import { TokenBucket } from './token-bucket.ts'

/** A socket and its current owner: the greeting, a session, its teardown, or none. */
export interface Connection {
  /** The request for its upgrade. */
  readonly request: RequestLike
  /** Its key in the limits per address. */
  readonly address: string
  readonly isOpen: boolean
  readonly bufferedAmount: number
  /** Keeps no more of the request than says where it came from. */
  shedRequest(): void
  /** Makes that owner the only one of the connection. */
  take(owner: ConnectionOwner): void
  /** False if the socket did not accept it, which ends the connection. */
  send(payload: Payload): boolean
  /** Counts a cheap message that no window bounds, such as a ping. */
  charge(): void
  /** The client exceeded a limit: the owner closes the connection with this. */
  exceed(code: number, reason: string): void
  /** Closes the socket. Its owner is not notified, and receives no more messages. */
  close(code: number, reason?: string): void
  /** Drops a socket that is dead or too slow, and notifies its owner. */
  cut(reason: string): void
  /** Drops the socket of a connection that is closing and whose end has not come in time. */
  giveUp(): void
}

/** The current owner of a connection. */
export interface ConnectionOwner {
  receive(payload: Payload): void
  /** The client has ended the connection with that code, or it broke: 1006. */
  ended(code: number, reason: string): void
  /** The client exceeded a limit; the connection must be closed with this. */
  exceeded(code: number, reason: string): void
}

export interface ConnectionHost {
  readonly policy: Policy
  readonly counters: Counters
  readonly frames: SharedFrames
  /** Closing connections whose end was not reported yet. */
  readonly closing: Deadlines<Connection>
  /** The socket is gone. */
  gone(connection: Connection): void
}

const open = 1
const closed = 3
/** How many pings and other controls a client may send: per second on average, and at once. */
const controlRate = 100
const controlBurst = 1_000
/** The hint in the reason of a close with 4429. */
export const rateHint = '{"after":[30000,60000]}'
/** The hint for 1013. */
export const crowdHint = '{"after":[10000,30000]}'

const ignore = (): void => {}
const nobody: ConnectionOwner = { receive: ignore, ended: ignore, exceeded: ignore }

/** `transport` takes the frames of the socket; undefined if it is not known, or if the socket transforms frames. */
export function createConnection(
  socket: SocketLike,
  request: RequestLike,
  address: string,
  host: ConnectionHost,
  transport: Writable | undefined,
): Connection {
  const connection = new SocketConnection(socket, request, address, host, transport)
  listen(socket, connection)
  return connection
}

/** A class, because there is one per client: separate closures would take most of the memory. */
class SocketConnection implements Connection, SocketListener {
  readonly address: string
  #request: RequestLike
  readonly #socket: SocketLike
  readonly #host: ConnectionHost
  readonly #transport: Writable | undefined
  #owner = nobody
  #isOpen = true
  #controls: TokenBucket | undefined
  /** The socket is closing or closed, without an event. */
  #isLapsing = false

  constructor(
    socket: SocketLike,
    request: RequestLike,
    address: string,
    host: ConnectionHost,
    transport: Writable | undefined,
  ) {
    this.#socket = socket
    this.#host = host
    this.#transport = transport
    this.#request = request
    this.address = address
  }

  get request(): RequestLike {
    return this.#request
  }

  get isOpen(): boolean {
    this.#look()
    return this.#isOpen && this.#socket.readyState === open
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  shedRequest(): void {
    this.#request = keptRequest(this.#request)
  }

  take(owner: ConnectionOwner): void {
    if (this.#isOpen) this.#owner = owner
  }

  send(payload: Payload): boolean {
    if (!this.#isOpen) return false
    this.#look()
    const socket = this.#socket
    try {
      this.#host.counters.sentBytes += this.#write(payload)
    } catch {
      this.cut('the socket refused a message')
      return false
    }
    // Windows bound what is sent, except for controls and replays.
    if (socket.bufferedAmount > 2 * this.#host.policy.limits.maxBufferedBytes) this.cut('too slow')
    return this.#isOpen
  }

  /** Returns the size of the payload. */
  #write(payload: Payload): number {
    const socket = this.#socket
    const transport = this.#transport
    if (transport && typeof payload === 'string' && socket.readyState === open) {
      const frame = this.#host.frames.of(payload)
      if (frame) {
        transport.write(frame.bytes)
        return frame.payloadBytes
      }
    }
    socket.send(payload)
    return byteLength(payload)
  }

  charge(): void {
    this.#controls ??= new TokenBucket(this.#host.policy.ports.clock, controlRate, controlBurst)
    if (!this.#controls.take()) this.exceed(4429, rateHint)
  }

  exceed(code: number, reason: string): void {
    this.#owner.exceeded(code, reason)
  }

  close(code: number, reason = ''): void {
    if (!this.#isOpen) return
    this.#disown()
    this.#host.closing.add(this)
    try {
      this.#socket.close(code, reason)
    } catch {
      this.#socket.terminate?.()
    }
  }

  cut(reason: string): void {
    if (!this.#isOpen) return
    this.#host.closing.add(this)
    if (this.#socket.terminate) this.#socket.terminate()
    else this.#socket.close()
    this.#end(1006, reason)
  }

  giveUp(): void {
    const socket = this.#socket
    if (socket.terminate && socket.readyState !== closed) socket.terminate()
    // It will not report its end.
    else this.closed(1006, '')
  }

  arrived(payload: Payload | undefined, bytes: number): void {
    if (!this.#isOpen) return
    if (payload === undefined) return this.exceed(1007, 'neither text nor bytes')
    this.#host.counters.receivedBytes += bytes
    // Sockets of `ws` check the size themselves, and exactly.
    if (payload.length > this.#host.policy.limits.maxPayloadBytes) return this.exceed(1009, '')
    this.#owner.receive(payload)
  }

  pinged(): void {
    this.charge()
  }

  overlong(): void {
    countOne(this.#host.counters.limitHits, 'maxPayloadBytes')
  }

  closed(code: number, reason: string): void {
    this.#host.closing.delete(this)
    this.#end(code, reason)
    this.#host.gone(this)
  }

  /** The connection has ended. */
  #end(code: number, reason: string): void {
    if (this.#isOpen) this.#disown().ended(code, reason)
  }

  /** A client that has closed may keep the transport open, and not every socket reports its end. */
  #look(): void {
    if (!this.#isOpen || this.#isLapsing || this.#socket.readyState <= open) return
    this.#isLapsing = true
    this.#host.closing.add(this)
  }

  #disown(): ConnectionOwner {
    const owner = this.#owner
    this.#isOpen = false
    this.#owner = nobody
    return owner
  }
}

function byteLength(payload: Payload): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
}
