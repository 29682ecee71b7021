import { EventEmitter, once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** What happens at one address of a server, over all its connections, and what steers it. */
export interface Room {
  readonly sockets: ReadonlySet<WebSocket>
  /** Takes the place of path and query in dials to come. */
  script: string | undefined
  report(): RoomReport
  /** Resolves as soon as the report is as wanted. */
  until(wanted: (report: RoomReport) => boolean): Promise<RoomReport>
  /** Ends every connection without a handshake. */
  cut(): void
  /** Sends bytes that are not a frame, or one that `ws` does not send. */
  write(bytes: Uint8Array): void
  dialed(socket: Duplex, protocols: string | undefined): void
  accepted(socket: WebSocket): void
}

export interface RoomReport {
  /** How many upgrades were asked for. */
  readonly dials: number
  /** How many connections there are, those included that wait for the answer to their upgrade. */
  readonly live: number
  /** The most that there were at once. */
  readonly most: number
  /** What arrived, in order: text as it was, bytes in hex. Long frames by their first characters. */
  readonly frames: readonly string[]
  /** The codes with which connections ended, as the server saw them. */
  readonly codes: readonly number[]
  /** What the last dial offered. */
  readonly protocols: string | undefined
}

export function createRoom(): Room {
  const changes = new EventEmitter()
  changes.setMaxListeners(0)
  const connections = new Set<Duplex>()
  const sockets = new Set<WebSocket>()
  const frames: string[] = []
  const codes: number[] = []
  let dials = 0
  let most = 0
  let offered: string | undefined

  const room: Room = {
    sockets,
    script: undefined,
    report: () => ({ dials, live: connections.size, most, frames, codes, protocols: offered }),
    async until(wanted) {
      while (!wanted(room.report())) await once(changes, 'change')
      return room.report()
    },
    cut() {
      for (const connection of connections) connection.destroy()
    },
    write(bytes) {
      for (const connection of connections) connection.write(bytes)
    },
    dialed(connection, protocols) {
      dials++
      offered = protocols
      connections.add(connection)
      most = Math.max(most, connections.size)
      changes.emit('change')
      connection.on('error', () => {}) // 'close' follows
      connection.on('close', () => {
        connections.delete(connection)
        changes.emit('change')
      })
    },
    accepted(socket) {
      sockets.add(socket)
      socket.on('message', (data: Buffer, isBinary) => {
        frames.push(data.toString(isBinary ? 'hex' : 'utf8').slice(0, 200))
        changes.emit('change')
      })
      socket.on('close', (code) => {
        sockets.delete(socket)
        codes.push(code)
        changes.emit('change')
      })
    },
  }
  return room
}
