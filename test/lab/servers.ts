import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { createHub } from '@holdfast/server'
import type { HubOptions } from '@holdfast/server'
import { Server as SocketIoServer } from 'socket.io'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { freePort } from '../support/port.ts'
import { watchUpgrades } from '../support/watch-upgrades.ts'
import type { Down, Entry, Up } from './page/lab.ts'

export type ServerKind = 'json' | 'hub' | 'socket.io'

/** A real server of one of the kinds, as its users write it: it broadcasts to the connected clients. */
export interface LabServer extends AsyncDisposable {
  readonly port: number
  /** The path that clients dial. */
  readonly path: string
  /** What came from the page of that id. */
  received(id: string): readonly Entry[]
  /** What it answered. */
  answers(id: string): readonly Entry[]
  /** Everything that was sent. */
  readonly sent: readonly Entry[]
  /** When each connection was accepted. */
  readonly accepted: readonly number[]
  /** Sends so many messages, one after the other, or one that is to be answered. */
  send(count: number, ask?: boolean): void
  /** Sends one every so many milliseconds, once a client has connected since the start; none with 0. */
  feed(interval: number): void
  /** Reads nothing any more of the connections that there are. */
  ignore(): void
  /** As the manual of each kind says for a deploy: tells those who are connected that it goes, and goes. */
  stop(): Promise<void>
  /** Again, on the same port, and knowing nothing of what was before. */
  start(): Promise<void>
}

export interface ServerOptions {
  /** The address to listen on. */
  readonly host?: string
  readonly hub?: HubOptions
  /** Is given each socket of a hub before the hub is. */
  readonly watch?: (socket: WebSocket) => void
}

interface End {
  broadcast(message: Down): void
  close(): Promise<unknown>
}

interface Books {
  accepted(): void
  /** Whether a client is connected. */
  visited(): void
  received(message: Up): void
}

export async function startLabServer(
  kind: ServerKind,
  { host = '127.0.0.1', hub, watch }: ServerOptions = {},
): Promise<LabServer> {
  const port = await freePort()
  const came = new Map<string, Entry[]>()
  const answered = new Map<string, Entry[]>()
  const sent: Entry[] = []
  const accepted: number[] = []
  const sockets = new Set<Socket>()
  let http: Server | undefined
  let end: End | undefined
  let timer: NodeJS.Timeout | undefined
  let feeding = 0
  /** Whether a client has connected since the start. */
  let isVisited = false

  const books: Books = {
    accepted: () => void accepted.push(Date.now()),
    visited() {
      // A client may still arrive on a kept-alive connection while the server stops.
      if (isVisited || !end) return
      isVisited = true
      feed(feeding)
    },
    received({ id, n, answer }) {
      const into = answer ? answered : came
      const entries = into.get(id) ?? []
      into.set(id, entries)
      entries.push([n, Date.now()])
    },
  }
  const send = (count: number, ask = false): void => {
    for (let left = count; left > 0; left--) {
      const n = sent.length + 1
      sent.push([n, Date.now()])
      end!.broadcast({ n, ...(ask && { ask }) })
    }
  }
  const feed = (interval: number): void => {
    feeding = interval
    clearInterval(timer)
    timer = interval > 0 && isVisited ? setInterval(() => send(1), interval) : undefined
  }

  const start = async (): Promise<void> => {
    http = createServer()
    http.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    end = ends[kind](http, books, { ...(hub && { hub }), ...(watch && { watch }) })
    if (kind !== 'socket.io') watchUpgrades(http, books.accepted)
    http.listen(port, host)
    await once(http, 'listening')
  }
  const stop = async (): Promise<void> => {
    if (!http || !end) return
    const [oldHttp, oldEnd] = [http, end]
    http = end = undefined
    isVisited = false
    clearInterval(timer)
    const closed = oldHttp.listening ? once(oldHttp, 'close') : undefined
    oldHttp.close()
    // A request that is answered late, as socket.io has, would be waited for without an end.
    const patience = setTimeout(() => oldHttp.closeAllConnections(), 1_000)
    await oldEnd.close()
    clearTimeout(patience)
    oldHttp.closeAllConnections()
    await closed
  }

  await start()
  return {
    port,
    path: kind === 'socket.io' ? '' : '/ws',
    received: (id) => came.get(id) ?? [],
    answers: (id) => answered.get(id) ?? [],
    sent,
    accepted,
    send,
    feed,
    ignore() {
      for (const socket of sockets) socket.pause()
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}

const ends: Record<ServerKind, (http: Server, books: Books, options: ServerOptions) => End> = {
  json(http, books) {
    const sockets = new WebSocketServer({ server: http, path: '/ws' })
    sockets.on('connection', (socket) => {
      books.visited()
      socket.on('error', () => {}) // 'close' follows
      socket.on('message', (data: Buffer) => {
        const { type, ...message } = JSON.parse(data.toString()) as Up & { readonly type: string }
        if (type === 'up') books.received(message)
        if (type === 'ping') socket.send('{"type":"pong"}')
      })
    })
    return {
      broadcast(message) {
        const text = JSON.stringify({ type: 'down', ...message })
        for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(text)
      },
      async close() {
        sockets.close()
        const closed = Promise.all([...sockets.clients].map((socket) => once(socket, 'close')))
        for (const socket of sockets.clients) socket.close(1001)
        const timer = setTimeout(() => {
          for (const socket of sockets.clients) socket.terminate()
        }, 500)
        await closed
        clearTimeout(timer)
      },
    }
  },

  hub(http, books, { hub: options, watch }) {
    const hub = createHub<{ toClient: { down: Down }; toServer: { up: Up } }>({ origins: '*', ...options })
    hub.on('up', (message) => books.received(message))
    hub.onPeer(books.visited)
    if (watch) {
      const acceptor = new WebSocketServer({ noServer: true })
      http.on('upgrade', (request, socket, head) =>
        acceptor.handleUpgrade(request, socket, head, (accepted) => {
          watch(accepted)
          hub.accept(accepted, request)
        }),
      )
    } else hub.attach(http)
    return {
      broadcast: (message) => hub.broadcast('down', message),
      close: () => hub.close({ drain: 10_000 }),
    }
  },

  'socket.io'(http, books) {
    const io = new SocketIoServer(http, { cors: { origin: '*' } })
    // Each begins with requests, so that upgrades would not tell.
    io.engine.on('connection', () => books.accepted())
    io.on('connection', (socket) => {
      books.visited()
      socket.on('up', (message: Up) => books.received(message))
    })
    return {
      broadcast: (message) => void io.emit('down', message),
      close: () => io.close(),
    }
  },
}
