import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { redisClient } from './redis-server.ts'
import type { RedisClient } from './redis-server.ts'

/** A port that leads to one server after the other, as the address of a database does that fails over. */
export class TcpSwitch implements AsyncDisposable {
  /** The port to which new connections lead. The others stay as they are. */
  target: number
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(target: number, server: Server, sockets: Set<Socket>) {
    this.target = target
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#sockets = sockets
  }

  static async start(target: number): Promise<TcpSwitch> {
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(self.target, '127.0.0.1')
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket)
        socket.on('error', () => {}) // 'close' follows
        socket.on('close', () => {
          sockets.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const self = new TcpSwitch(target, server, sockets)
    return self
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  get client(): RedisClient {
    return redisClient(this.port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }
}
