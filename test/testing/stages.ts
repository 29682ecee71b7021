import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createNetwork, createVirtualClock } from '@holdfast/testing'
import { WebSocket as PackageWebSocket, WebSocketServer } from 'ws'

/** What all sockets have, real and not, of clients and of servers. */
export interface AnySocket {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol: string
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  terminate?(): void
}

/** Where the cases are played: a server, and sockets that dial it. */
export interface Stage extends AsyncDisposable {
  /** The events at both ends, in order, each with its state at that moment. */
  readonly log: { readonly client: string[]; readonly server: string[] }
  dial(protocols?: string[]): AnySocket
  /** Dials a port without a listener. */
  dialNobody(): AnySocket
  /** @throws what the constructor throws */
  construct(url: string, protocols?: string[]): unknown
  /** What the server does with a socket at once when it accepts it. */
  greet(greet: (socket: AnySocket) => void): void
  /** The socket of the server for the last dial, once it is there. */
  accepted(): Promise<AnySocket>
  /** Waits until the client, or both ends, have had that many events. */
  heard(client: number, server?: number): Promise<void>
  /** The server's machine reads nothing from the path until it resumes. */
  hold(): void
  release(): void
  /** Lets pass what takes a moment, to see that nothing happens. */
  moment(): Promise<void>
}

interface Platform {
  readonly flavor: 'browser' | 'ws'
  /** Where the platform does less than the standard says, and than browsers do. */
  readonly lacks?: { readonly reasonInAnswer?: true; readonly lateBytes?: true; readonly silentDrop?: true }
  open(): Promise<Stage>
}

export const stages: Readonly<Record<string, Platform>> = {
  'FakeSocket of a browser': { flavor: 'browser', open: () => fakeStage('browser') },
  'WebSocket of Node': {
    flavor: 'browser',
    // Node 24.21
    lacks: { reasonInAnswer: true, lateBytes: true, silentDrop: true },
    open: () => realStage((url, protocols) => new WebSocket(url, protocols)),
  },
  'FakeSocket of ws': { flavor: 'ws', open: () => fakeStage('ws') },
  'WebSocket of ws': {
    flavor: 'ws',
    open: () => realStage((url, protocols) => new PackageWebSocket(url, protocols)),
  },
}

function listen(socket: AnySocket, log: string[], changed: () => void): void {
  const note = (text: string): void => {
    log.push(`${text}, ${socket.readyState}`)
    changed()
  }
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => note('open')
  socket.onerror = () => note('error')
  socket.onmessage = ({ data }: { readonly data: unknown }) =>
    note(typeof data === 'string' ? data : `bytes ${new Uint8Array(data as ArrayBuffer).join(' ')}`)
  socket.onclose = ({ code, reason, wasClean }: { code: number; reason: string; wasClean: boolean }) =>
    note(`${wasClean ? 'closed' : 'broken'} ${code} ${reason}`.trimEnd())
}

async function fakeStage(flavor: 'browser' | 'ws'): Promise<Stage> {
  const clock = createVirtualClock()
  const network = createNetwork({ clock, flavor })
  const log = { client: [] as string[], server: [] as string[] }
  let server: AnySocket | undefined
  let greet: ((socket: AnySocket) => void) | undefined
  network.listen('server.test', (socket) => {
    server = socket
    listen(socket, log.server, () => {})
    greet?.(socket)
  })

  const until = async (isReached: () => boolean): Promise<void> => {
    for (let passed = 0; passed < 10_000 && !isReached(); passed++) await clock.advance(1)
    if (!isReached()) throw new Error(`not heard: ${JSON.stringify(log)}`)
  }
  const construct = (url: string, protocols?: string[]): AnySocket => {
    const socket = new network.WebSocket(url, protocols)
    listen(socket, log.client, () => {})
    return socket
  }
  return {
    log,
    construct,
    dial: (protocols) => construct('ws://server.test/', protocols),
    dialNobody: () => construct('ws://nobody.test/'),
    greet: (next) => void (greet = next),
    async accepted() {
      await until(() => server !== undefined)
      return server!
    },
    heard: (client, serverCount = 0) =>
      until(() => log.client.length >= client && log.server.length >= serverCount),
    hold: () => network.blackHole(),
    release: () => network.heal(),
    moment: () => clock.advance(50),
    async [Symbol.asyncDispose]() {
      network.cut()
      await clock.advance(100)
    },
  }
}

async function realStage(make: (url: string, protocols?: string[]) => AnySocket): Promise<Stage> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const log = { client: [] as string[], server: [] as string[] }
  const waiting = new Set<() => void>()
  const changed = (): void => {
    for (const look of [...waiting]) look()
  }
  const paths = new Set<Socket>()
  const clients = new Set<AnySocket>()
  let accepted: AnySocket | undefined
  let greet: ((socket: AnySocket) => void) | undefined
  server.on('connection', (socket, request) => {
    if (request.url === '/probe') return
    accepted = socket as unknown as AnySocket
    paths.add(request.socket)
    listen(accepted, log.server, changed)
    greet?.(accepted)
    changed()
  })

  const until = (isReached: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isReached()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const construct = (url: string, protocols?: string[]): AnySocket => {
    const socket = make(url, protocols)
    clients.add(socket)
    listen(socket, log.client, changed)
    return socket
  }
  return {
    log,
    construct,
    dial: (protocols) => construct(`ws://127.0.0.1:${port}/`, protocols),
    // Port 1 has no listener, and no test can be assigned it.
    dialNobody: () => construct('ws://127.0.0.1:1/'),
    greet: (next) => void (greet = next),
    async accepted() {
      await until(() => accepted !== undefined)
      return accepted!
    },
    heard: (client, serverCount = 0) =>
      until(() => log.client.length >= client && log.server.length >= serverCount),
    hold() {
      for (const path of paths) path.pause()
    },
    release() {
      for (const path of paths) path.resume()
    },
    async moment() {
      // A round trip on a path of its own, which takes as long as anything that could be under way.
      const probe = new PackageWebSocket(`ws://127.0.0.1:${port}/probe`)
      await once(probe, 'open')
      probe.close()
      await once(probe, 'close')
    },
    async [Symbol.asyncDispose]() {
      for (const path of paths) path.destroy()
      for (const client of clients) {
        client.onopen = client.onmessage = client.onclose = null
        client.onerror = () => {}
        if (client.readyState !== 3) client.close()
      }
      server.close()
      await once(server, 'close')
    },
  }
}
