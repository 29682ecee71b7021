import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Hi, Ok } from '@holdfast/protocol'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

/** A server that says what the test wants it to, be it against the protocol. */
export interface Liar extends AsyncDisposable {
  readonly url: string
  /** How many connections there were. */
  readonly dials: number
  /** The next connection that is made. */
  dialed(): Promise<Told>
}

/** A connection of a client to such a server. */
export interface Told {
  readonly socket: WebSocket
  /** How the client closed it. */
  readonly closed: Promise<number>
  /** The next message of the client, parsed if it is text. */
  next(): Promise<unknown>
  /** Says that, as JSON unless it is text or bytes. */
  say(...messages: unknown[]): void
  /** Says the banner, and takes the greeting. */
  greet(): Promise<Hi>
  /** Does all that a good server does until the session is confirmed. */
  open(part?: object): Promise<Hi>
}

export const goodOk: Ok = {
  session: 's1',
  key: 'k1',
  rx: 0,
  identity: null,
  ttl: 120_000,
  ping: 25_000,
  window: [1_024, 1_048_576],
  maxPayload: 1_048_576,
}

export async function startLiar(): Promise<Liar> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 2 ** 26 })
  await once(server, 'listening')
  const waiting: Told[] = []
  const takers: ((told: Told) => void)[] = []
  let dials = 0
  server.on('connection', (socket) => {
    dials++
    const told = tell(socket)
    const taker = takers.shift()
    if (taker) taker(told)
    else waiting.push(told)
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get dials() {
      return dials
    },
    async dialed() {
      return waiting.shift() ?? new Promise((resolve) => takers.push(resolve))
    },
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function tell(socket: WebSocket): Told {
  const messages: unknown[] = []
  const takers: PromiseWithResolvers<unknown>[] = []
  const closed = once(socket, 'close').then(([code]) => code as number)
  void closed.then((code) => {
    for (const { reject } of takers) reject(new Error(`closed with ${code}`))
  })
  socket.on('error', () => {}) // 'close' follows
  socket.on('message', (data: Buffer, isBinary) => {
    const message: unknown = isBinary ? new Uint8Array(data) : JSON.parse(data.toString())
    const taker = takers.shift()
    if (taker) taker.resolve(message)
    else messages.push(message)
  })
  const told: Told = {
    socket,
    closed,
    async next() {
      if (messages.length > 0) return messages.shift()
      const taker = Promise.withResolvers<unknown>()
      takers.push(taker)
      return taker.promise
    },
    say(...all) {
      for (const message of all)
        socket.send(
          typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
        )
    },
    async greet() {
      told.say(['holdfast', { v: 1 }])
      const [, hi] = (await told.next()) as [string, Hi]
      return hi
    },
    async open(part) {
      const hi = await told.greet()
      told.say(['ok', { ...goodOk, ...part }])
      await told.next()
      return hi
    },
  }
  return told
}
