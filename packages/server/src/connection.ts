import type { Payload } from '@holdfast/protocol'
import type { Deadlines } from './deadlines.ts'
import { keptRequest } from './kept-request.ts'
import type { Policy } from './policy.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import { listen } from './socket-events.ts'
import type { SocketListener } from './socket-events.ts'
import { TokenBucket } from './token-bucket.ts'

/** One socket, whoever owns it at the moment: the greeting, a session, its teardown, or nobody any more. */
export interface Connection {
  /** The request for its upgrade. */
  readonly request: RequestLike
  /** What it counts as in the limits per address. */
  readonly address: string
  readonly isOpen: boolean
  readonly bufferedAmount: number
  /** Keeps no more of the request than says where it came from. */
  shedRequest(): void
  /** Gives the connection to that owner, and to no other one. */
  take(owner: ConnectionOwner): void
  /** False when the socket did not take it, which is its end. */
  send(payload: Payload): boolean
  /** Counts something that costs the client next to nothing and that no window bounds, such as a ping. */
  charge(): void
  /** The client went over a limit: the owner closes the connection with this. */
  exceed(code: number, reason: string): void
  /** Closes the socket. Its owner is not told, and gets nothing any more. */
  close(code: number, reason?: string): void
  /** Drops a socket that is dead or too slow, and tells its owner. */
  cut(reason: string): void
  /** Drops the socket of a connection that is closing and whose end has not come in time. */
  giveUp(): void
}

/** What a connection is of use for at the moment. */
export interface ConnectionOwner {
  receive(payload: Payload): void
  /** The client has ended the connection with that code, or it broke: 1006. */
  ended(code: number, reason: string): void
  /** The client went over a limit; the connection is to be closed with this. */
  exceeded(code: number, reason: string): void
}

export interface ConnectionHost {
  readonly policy: Policy
  /** Connections that are closing, and whose end has not been heard of yet. */
  readonly closing: Deadlines<Connection>
  /** The socket is gone. */
  gone(connection: Connection): void
}

const open = 1
const closed = 3
/** How many pings and other controls a client may send: in a second in the long run, and at once. */
const controlRate = 100
const controlBurst = 1_000
/** When to dial again, for the reason of a close with 4429. */
export const rateHint = '{"after":[30000,60000]}'
/** The same for 1013. */
export const crowdHint = '{"after":[10000,30000]}'

const ignore = (): void => {}
const nobody: ConnectionOwner = { receive: ignore, ended: ignore, exceeded: ignore }

export function createConnection(
  socket: SocketLike,
  request: RequestLike,
  address: string,
  host: ConnectionHost,
): Connection {
  const connection = new SocketConnection(socket, request, address, host)
  listen(socket, connection)
  return connection
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class SocketConnection implements Connection, SocketListener {
  readonly address: string
  #request: RequestLike
  readonly #socket: SocketLike
  readonly #host: ConnectionHost
  #owner = nobody
  #isOpen = true
  #controls: TokenBucket | undefined
  /** The socket is closing or closed, without having said so. */
  #isLapsing = false

  constructor(socket: SocketLike, request: RequestLike, address: string, host: ConnectionHost) {
    this.#socket = socket
    this.#host = host
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
      socket.send(payload)
    } catch {
      this.cut('the socket refused a message')
      return false
    }
    // What is sent is bounded by windows, but for controls and replays.
    if (socket.bufferedAmount > 2 * this.#host.policy.limits.maxBufferedBytes) this.cut('too slow')
    return this.#isOpen
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
    // It will not tell of its end.
    else this.closed(1006, '')
  }

  arrived(payload: Payload | undefined): void {
    if (!this.#isOpen) return
    if (payload === undefined) return this.exceed(1007, 'neither text nor bytes')
    // Sockets of `ws` see to that themselves, and exactly.
    if (payload.length > this.#host.policy.limits.maxPayloadBytes) return this.exceed(1009, '')
    this.#owner.receive(payload)
  }

  pinged(): void {
    this.charge()
  }

  closed(code: number, reason: string): void {
    this.#host.closing.delete(this)
    this.#end(code, reason)
    this.#host.gone(this)
  }

  /** The connection has ended by itself. */
  #end(code: number, reason: string): void {
    if (this.#isOpen) this.#disown().ended(code, reason)
  }

  /** A client that has closed may keep the transport open, and not every socket tells of its end. */
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
