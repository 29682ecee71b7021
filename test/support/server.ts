import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createHub, type Hub } from '@holdfast/server'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { createRoom, type Room, type RoomReport } from './room.ts'

/**
 * A real `ws` server that does what the URL of a dial asks for, so that a page can steer it as well as a test in Node.
 *
 * - `/echo` sends every frame back.
 * - `/mute` reads and says nothing; `/deaf` does not even read, so that it answers no close.
 * - `/close?code=4403&text=why&after=open|frame` closes; without `code` with none, with `code=1006` without a handshake.
 * - `/greet?token=good&greet=1` welcomes a first frame `{"type":"hello","token":"good"}`, and closes with 4401 after
 *   any other; then it echoes.
 * - `/flood?count=20000` sends that many `{"type":"flood","n":…}`.
 * - `/session` speaks the session wire: it stores the data of `say`, answers `heard` with it, asks back what it is
 *   asked by `ask`, and echoes raw messages.
 * - `/refuse?status=401` answers the upgrade with that status, `/never` not at all.
 *
 * Each dial belongs to the room that its `room=` names. `/control?room=…` over HTTP waits for what it names (`dials=`,
 * `frames=`, `live=`), then does what `do=` says (`cut`, `close`, `send`, `script`), and answers with a report.
 */
export interface TestServer extends AsyncDisposable {
  readonly port: number
  readonly url: string
  room(name?: string): Room
  /** As a crash does: every connection is cut, and new ones are refused. */
  stop(): Promise<void>
  /** Again, on the same port. */
  start(): Promise<void>
}

export async function startServer(): Promise<TestServer> {
  const rooms = new Map<string, Room>()
  const room = (name = ''): Room => {
    const known = rooms.get(name) ?? createRoom()
    rooms.set(name, known)
    return known
  }
  let hub: Hub | undefined
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 ** 26, perMessageDeflate: false })
  const http = createServer((request, response) => void control(request, response, room))
  http.on('upgrade', (request, socket, head) => {
    const { searchParams } = new URL(request.url!, 'http://localhost')
    const into = room(searchParams.get('room') ?? '')
    into.dialed(socket, request.headers['sec-websocket-protocol'])
    const script = new URL(into.script ?? request.url!, 'http://localhost')
    if (refuse(script, socket)) return
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      into.accepted(accepted)
      accepted.on('error', () => {}) // 'close' follows
      if (script.pathname === '/session') (hub ??= startHub()).accept(accepted, request)
      else perform(script, accepted)
    })
  })

  const listen = async (port: number): Promise<void> => {
    http.listen(port, '127.0.0.1')
    await once(http, 'listening')
  }
  const stop = async (): Promise<void> => {
    if (!http.listening) return
    void hub?.close()
    hub = undefined
    http.close()
    http.closeAllConnections()
    for (const each of rooms.values()) each.cut()
    await once(http, 'close')
  }

  await listen(0)
  const { port } = http.address() as AddressInfo
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    room,
    stop,
    start: () => listen(port),
    [Symbol.asyncDispose]: stop,
  }
}

function startHub(): Hub {
  const hub = createHub({ origins: '*' })
  const heard = new Map<string, unknown[]>()
  const heardOf = (id: string): unknown[] => heard.get(id) ?? []
  hub.on('say', (data, peer) => void heard.set(peer.id, [...heardOf(peer.id), data]))
  hub.handle('heard', (_, peer) => heardOf(peer.id))
  hub.handle('ask', (question, peer) => peer.request('asked', question))
  hub.onRaw((data, peer) => void peer.sendRaw(data))
  return hub
}

/** Whether the script is one that lets no socket through. */
function refuse({ pathname, searchParams }: URL, socket: Duplex): boolean {
  if (pathname === '/refuse') {
    const status = searchParams.get('status') ?? '503'
    socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  }
  // Read on, for only so does a socket learn that the other side closed it.
  if (pathname === '/never') socket.resume().on('end', () => socket.destroy())
  return pathname === '/refuse' || pathname === '/never'
}

function perform({ pathname, searchParams: query }: URL, socket: WebSocket): void {
  const echo = (data: RawData, binary: boolean): void => socket.send(data, { binary })
  switch (pathname) {
    case '/echo':
      return void socket.on('message', echo)
    case '/deaf':
      return socket.pause()
    case '/close': {
      const end = (): void => close(socket, query.get('code'), query.get('text'))
      if (query.get('after') !== 'frame') return end()
      return void socket.once('message', end)
    }
    case '/greet':
      return void socket.once('message', (data) => {
        const { type, token } = JSON.parse(text(data)) as { type: string; token?: string }
        if (type !== 'hello' || token !== query.get('token')) return socket.close(4401)
        socket.send('{"type":"welcome"}')
        socket.on('message', echo)
      })
    case '/flood': {
      const count = Number(query.get('count'))
      for (let n = 0; n < count; n++) socket.send(`{"type":"flood","n":${n}}`)
    }
  }
}

function close(socket: WebSocket, code: string | null, reason: string | null): void {
  if (code === '1006') socket.terminate()
  else if (code) socket.close(Number(code), reason ?? '')
  else socket.close()
}

async function control(
  request: IncomingMessage,
  response: ServerResponse,
  room: (name: string) => Room,
): Promise<void> {
  const { searchParams: query } = new URL(request.url!, 'http://localhost')
  const at = room(query.get('room') ?? '')
  await at.until((report) =>
    (['dials', 'frames', 'live'] as const).every((key) => reached(report, key, query.get(key))),
  )
  const what = query.get('do')
  if (what === 'cut') at.cut()
  if (what === 'close') for (const socket of at.sockets) close(socket, query.get('code'), query.get('text'))
  if (what === 'send') for (const socket of at.sockets) socket.send(query.get('text')!)
  if (what === 'script') at.script = query.get('script') || undefined
  // No connection stays for a next request: tests look for what they left open.
  response.writeHead(200, { 'access-control-allow-origin': '*', connection: 'close' })
  response.end(JSON.stringify(at.report()))
}

function reached(report: RoomReport, key: 'dials' | 'frames' | 'live', wanted: string | null): boolean {
  if (wanted === null) return true
  const { [key]: now } = report
  return key === 'live'
    ? now === Number(wanted)
    : (typeof now === 'number' ? now : now.length) >= Number(wanted)
}

function text(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : ''
}
