import type { Clock } from '@holdfast/protocol'
import { DroppableSocket, FakeServerSocket, FakeSocket } from './fake-socket.ts'
import type { SocketData } from './fake-socket.ts'
import { createLane } from './lane.ts'
import type { Lane, LaneConditions } from './lane.ts'

export type Direction = 'toServer' | 'toClient'

/** How the paths of a network are, in both directions. */
export interface NetworkConditions extends LaneConditions {
  /**
   * After how many milliseconds a browser gives up a closing handshake that nobody answers. Chromium 156 takes 60 s for
   * that, Firefox 153 takes 20 s, and WebKitGTK 2.50 takes 5 s.
   *
   * @default 20_000
   */
  readonly closeTimeout?: number
}

/** When the ends of a connection that breaks hear of it, in milliseconds; one that is left out never does. */
export interface Notice {
  readonly client?: number
  readonly server?: number
}

/** What becomes of a message on its way. No TCP connection drops or duplicates one; middleboxes and servers do. */
export type FrameFate = 'pass' | 'drop' | 'duplicate' | 'cut'

/** A message that is about to be handed on: the nth of its direction and connection, from 1. */
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
  /** From the moment on when the request for the upgrade has reached the server. */
  readonly server: FakeServerSocket | undefined
  /** Whether neither end has heard that it has ended. */
  readonly isLive: boolean
  /** How many messages, closes and steps of the handshake are under way in both directions, and not held up. */
  readonly inFlight: number
  /**
   * Loses what is under way and all that follows. Without a notice, both ends hear of it at once. Cutting it again lets
   * them hear of it earlier.
   */
  cut(notice?: Notice): void
  /** Holds up everything, in one direction or both, and tells nobody. */
  blackHole(direction?: Direction): void
  /** Passes on what was held up, as TCP does. */
  heal(): void
}

/** A request for an upgrade, as a server gets it; the shape that `hub.accept` takes. */
export interface SimulatedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A network in memory, on which sockets dial servers. */
export interface SimulatedNetwork {
  /** The constructor to give to `createClient`. */
  readonly WebSocket: new (url: string, protocols?: string[]) => FakeSocket
  /** The connections of which at least one end has not heard that it has ended. */
  readonly connections: ReadonlySet<SimulatedConnection>
  /** The connection that was dialed last. */
  readonly last: SimulatedConnection | undefined
  /** How many times somebody has dialed. */
  readonly dials: number
  /** How many messages, closes and steps of handshakes are under way, and not held up. */
  readonly inFlight: number
  /**
   * Takes the sockets that dial that host, until the returned function is called: then dials are refused, and what was
   * accepted stays. Several hosts can be served, each by one listener; `'*'` takes those that nobody else does.
   *
   * @example
   * network.listen('example.com', (socket, request) => hub.accept(socket, request))
   */
  listen(host: string, accept: (socket: FakeServerSocket, request: SimulatedRequest) => void): () => void
  /** Changes the conditions of connections that are dialed from now on. */
  setConditions(conditions: NetworkConditions): void
  /** Decides what becomes of each message. Without, all pass. */
  setFrameFate(decide: ((frame: FrameInfo) => FrameFate) | undefined): void
  /** Cuts every connection. */
  cut(notice?: Notice): void
  /** Holds up everything, on every connection that there is and that is dialed meanwhile. Both directions, if not said. */
  blackHole(direction?: Direction): void
  /** Ends every black hole. */
  heal(): void
}

export interface NetworkOptions {
  readonly clock: Clock
  readonly conditions?: NetworkConditions
  /** What the requests for upgrades carry. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Whose sockets clients get: a browser's, or those of `ws`, which can be dropped without a handshake.
   *
   * @default 'browser'
   */
  readonly flavor?: 'browser' | 'ws'
}

/**
 * Makes a network in memory. It stands on a clock, and nothing on it happens until the clock goes on.
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
            // Who hears of a close answers it, and is done; who has said the same meanwhile hears his own answer.
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
      if (listeners.has(host)) throw new Error(`somebody listens at ${host}`)
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
