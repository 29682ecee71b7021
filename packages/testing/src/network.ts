import type { Clock } from '@holdfast/protocol'
import { DroppableSocket, FakeServerSocket, FakeSocket } from './fake-socket.ts'
import type { SocketData } from './fake-socket.ts'
import { createLane } from './lane.ts'
import type { Lane, LaneConditions } from './lane.ts'

export type Direction = 'toServer' | 'toClient'

/** The conditions of the paths of a network, in both directions. */
export interface NetworkConditions extends LaneConditions {
  /**
   * After how many milliseconds a browser abandons an unanswered closing handshake. Chromium 156 waits 60 s, Firefox
   * 153 waits 20 s, and WebKitGTK 2.50 waits 5 s.
   *
   * @default 20_000
   */
  readonly closeTimeout?: number
}

/** When each end is notified that a connection broke, in milliseconds; an omitted end is never notified. */
export interface Notice {
  readonly client?: number
  readonly server?: number
}

/** The fate of a message in transit. No TCP connection drops or duplicates a message; middleboxes and servers do. */
export type FrameFate = 'pass' | 'drop' | 'duplicate' | 'cut'

/** A message that is about to be forwarded, with its number in its direction and connection, from 1. */
export interface FrameInfo {
  readonly connection: SimulatedConnection
  readonly direction: Direction
  readonly number: number
  readonly data: SocketData
}

/** One connection, from the dial on. */
export interface SimulatedConnection {
  /** The number of its dial, from 1. */
  readonly number: number
  readonly client: FakeSocket
  /** Present once the upgrade request has reached the server. */
  readonly server: FakeServerSocket | undefined
  /** Whether neither end has been notified of its end. */
  readonly isLive: boolean
  /** The number of messages, closes and handshake steps in transit in both directions that are not held back. */
  readonly inFlight: number
  /**
   * Loses everything in transit and everything that follows. Without a notice, both ends are notified at once. A
   * second cut can notify them earlier.
   */
  cut(notice?: Notice): void
  /** Holds everything back, in one direction or both, without notifying either end. */
  blackHole(direction?: Direction): void
  /** Forwards the held-back data, as TCP does. */
  heal(): void
}

/** An upgrade request, as a server receives it; the shape that `hub.accept` accepts. */
export interface SimulatedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A network in memory, on which sockets dial servers. */
export interface SimulatedNetwork {
  /** The constructor to pass to `createClient`. */
  readonly WebSocket: new (url: string, protocols?: string[]) => FakeSocket
  /** The connections whose end at least one end has not been notified of. */
  readonly connections: ReadonlySet<SimulatedConnection>
  /** The connection that was dialed last. */
  readonly last: SimulatedConnection | undefined
  /** The number of dials so far. */
  readonly dials: number
  /** The number of messages, closes and handshake steps in transit that are not held back. */
  readonly inFlight: number
  /**
   * Accepts the sockets that dial that host, until the returned function is called: then dials are refused, and
   * accepted sockets stay open. Each host has one listener; `'*'` accepts the hosts without a listener of their own.
   *
   * @example
   * network.listen('example.com', (socket, request) => hub.accept(socket, request))
   */
  listen(host: string, accept: (socket: FakeServerSocket, request: SimulatedRequest) => void): () => void
  /** Changes the conditions of later dials. */
  setConditions(conditions: NetworkConditions): void
  /** Decides the fate of each message. Without a function, all pass. */
  setFrameFate(decide: ((frame: FrameInfo) => FrameFate) | undefined): void
  /** Cuts every connection. */
  cut(notice?: Notice): void
  /** Holds back everything on existing and new connections. By default in both directions. */
  blackHole(direction?: Direction): void
  /** Ends every black hole. */
  heal(): void
}

export interface NetworkOptions {
  readonly clock: Clock
  readonly conditions?: NetworkConditions
  /** The headers of upgrade requests. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The kind of sockets that clients get: those of a browser, or those of `ws`, which can be dropped without a
   * handshake.
   *
   * @default 'browser'
   */
  readonly flavor?: 'browser' | 'ws'
}

/**
 * Creates a network in memory, whose time is that of a clock.
 *
 * @example
 * const clock = createVirtualClock()
 * const network = createNetwork({ clock, conditions: { latency: 20 } })
 */
export function createNetwork({
  clock,
  conditions = {},
  headers = {},
  flavor = 'browser',
}: NetworkOptions): SimulatedNetwork {
  const listeners = new Map<string, Parameters<SimulatedNetwork['listen']>[1]>()
  const connections = new Set<SimulatedConnection>()
  const holes = new Set<Direction>()
  let frameFate: ((frame: FrameInfo) => FrameFate) | undefined
  let last: SimulatedConnection | undefined
  let dials = 0

  const soon = (callback: () => void): unknown => clock.setTimer(callback, 0)

  const dial = (client: FakeSocket): void => {
    const { closeTimeout = 20_000, ...lanes } = conditions
    const { host, pathname, search } = new URL(client.url)
    const ends: Record<Direction, FakeSocket | undefined> = { toServer: undefined, toClient: client }
    const counts = { toServer: 0, toClient: 0 }
    let isCut = false

    const patience: Partial<Record<Direction, unknown>> = {}

    const end = (
      socket: FakeSocket | undefined,
      tell: (socket: FakeSocket) => void = (failed) => failed.ended(),
    ): void => {
      clock.clearTimer(patience[socket === client ? 'toServer' : 'toClient'])
      if (socket) tell(socket)
      if (client.readyState === 3 && (!ends.toServer || ends.toServer.readyState === 3))
        connections.delete(connection)
    }
    const transmit = (direction: Direction, bytes: number, arrive: () => void): void => {
      if (!isCut) lane[direction].transmit(bytes, arrive)
    }
    /** The other end of the path in that direction is gone. */
    const reset = (direction: Direction): void => {
      lane[direction].stop()
      transmit(direction, 0, () => end(ends[direction], (left) => left.dropped()))
    }

    const handOn = (direction: Direction, data: SocketData): void => {
      const number = ++counts[direction]
      const fate = frameFate?.({ connection, direction, number, data }) ?? 'pass'
      if (fate === 'cut') return connection.cut()
      if (fate === 'drop') return
      ends[direction]?.received(data)
      if (fate === 'duplicate' && !isCut) ends[direction]?.received(data)
    }

    const createPeer = (direction: Direction): NonNullable<FakeSocket['peer']> => {
      const own = (): FakeSocket => (direction === 'toServer' ? client : ends.toServer!)
      const back: Direction = direction === 'toServer' ? 'toClient' : 'toServer'
      return {
        sent(data, bytes) {
          transmit(direction, bytes, () => handOn(direction, data))
        },
        backlog: () => lane[direction].backlog(),
        closing(code = 1005, reason) {
          patience[direction] = clock.setTimer(() => end(own()), closeTimeout)
          transmit(direction, 0, () => {
            const other = ends[direction]
            if (!other || other.readyState === 3) return
            // An end that receives a close answers it and is done; an end that closed meanwhile receives its answer.
            const wasClosing = other.readyState === 2
            const tell = (closed: FakeSocket): void => closed.ended(code, reason)
            end(other, tell)
            if (!wasClosing) transmit(back, 0, () => end(own(), tell))
          })
        },
        abandoned() {
          soon(() => end(own()))
          reset(direction)
        },
      }
    }

    const lane: Record<Direction, Lane> = {
      toServer: createLane(clock, lanes),
      toClient: createLane(clock, lanes),
    }
    const connection: SimulatedConnection = {
      number: ++dials,
      client,
      get server() {
        return ends.toServer as FakeServerSocket | undefined
      },
      get isLive() {
        return client.readyState !== 3 && ends.toServer?.readyState !== 3 && !isCut
      },
      get inFlight() {
        return lane.toServer.inFlight + lane.toClient.inFlight
      },
      cut({ client: clientNotice, server: serverNotice } = { client: 0, server: 0 }) {
        isCut = true
        lane.toServer.stop()
        lane.toClient.stop()
        if (clientNotice !== undefined) clock.setTimer(() => end(client), clientNotice)
        if (serverNotice !== undefined) clock.setTimer(() => end(ends.toServer), serverNotice)
      },
      blackHole(direction) {
        if (direction !== 'toClient') lane.toServer.hold()
        if (direction !== 'toServer') lane.toClient.hold()
      },
      heal() {
        lane.toServer.release()
        lane.toClient.release()
      },
    }
    last = connection
    connections.add(connection)
    for (const direction of holes) connection.blackHole(direction)
    client.peer = createPeer('toServer')

    // A round trip for the connection, then the request, which is one way.
    transmit('toServer', 0, () => {
      transmit('toClient', 0, () => {
        transmit('toServer', 0, () => {
          if (client.readyState > 1) return
          const accept = listeners.get(host) ?? listeners.get('*')
          if (!accept) return reset('toClient')
          const server = new FakeServerSocket(client.url, client.protocols, createPeer('toClient'))
          server.protocol = client.protocols[0] ?? ''
          ends.toServer = server
          transmit('toClient', 0, () => client.opened(client.protocols[0]))
          accept(server, { url: pathname + search, headers: { host, ...headers } })
        })
      })
    })
  }

  class BrowserSocket extends FakeSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      dial(this)
    }
  }
  class PackageSocket extends DroppableSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      dial(this)
    }
  }

  return {
    WebSocket: flavor === 'ws' ? PackageSocket : BrowserSocket,
    connections,
    get last() {
      return last
    },
    get dials() {
      return dials
    },
    get inFlight() {
      let sum = 0
      for (const connection of connections) sum += connection.inFlight
      return sum
    },
    listen(host, accept) {
      if (listeners.has(host)) throw new Error(`a server listens at ${host} already`)
      listeners.set(host, accept)
      return () => {
        if (listeners.get(host) === accept) listeners.delete(host)
      }
    },
    setConditions: (next) => void (conditions = next),
    setFrameFate: (decide) => void (frameFate = decide),
    cut(notice) {
      for (const connection of [...connections]) connection.cut(notice)
    },
    blackHole(direction) {
      if (direction !== 'toClient') holes.add('toServer')
      if (direction !== 'toServer') holes.add('toClient')
      for (const connection of connections) connection.blackHole(direction)
    },
    heal() {
      holes.clear()
      for (const connection of connections) connection.heal()
    },
  }
}
