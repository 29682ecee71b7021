import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { createClient, session } from 'holdfast'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { parsePage, root } from './pages.ts'

/** The only block of a guide that contains the text. */
function blockWith(guide: string, text: string): string {
  const path = `packages/client/docs/guides/${guide}`
  const { blocks } = parsePage(path, readFileSync(join(root, path), 'utf8'))
  const [block, ...others] = blocks.filter(({ code }) => code.includes(text))
  if (!block || others.length > 0) throw new Error(`${path} has ${1 + others.length} blocks with ${text}`)
  return block.code
}

/** Runs a program on the sources, where a package can import what it depends on. */
function run(program: string, folder = 'packages/server'): ChildProcess {
  return spawn(
    process.execPath,
    ['--conditions=@holdfast/source', '--input-type=module-typescript', '--eval', program],
    { cwd: join(root, folder), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`exit ${String(code)}`)))
  ended.catch(() => {})
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
  return message
}

/** The recipes for a shutdown, as programs that tell their address. */
const shutdowns: Readonly<Record<string, string>> = {
  'node:http': `
    import { createServer } from 'node:http'
    import { createHub } from '@holdfast/server'
    const hub = createHub()
    const server = createServer((_, response) => response.end())
    hub.attach(server)
    ${blockWith('server.md', 'server.closeAllConnections()')}
    server.listen(0, '127.0.0.1', () => process.send!(server.address()))`,
  Fastify: `
    ${blockWith('server.md', "addHook('preClose'").replace('port: 8080', "port: 0, host: '127.0.0.1'")}
    process.send!(app.server.address())`,
}

const handshake =
  'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

/** Opens every kind of connection that could keep a server from ending. */
async function connectAll(port: number): Promise<AsyncDisposable> {
  const client = createClient({ url: `ws://127.0.0.1:${port}/ws`, wire: session() })
  await client.connect()
  const silent = await hold(port, '')
  const half = await hold(port, 'GET / HTTP/1.1\r\nHo')
  const idle = await hold(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const dumb = await hold(port, handshake)
  for (const answered of [idle, dumb]) await once(answered, 'data')
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of [silent, half, idle, dumb]) socket.destroy()
      await client.dispose()
    },
  }
}

/** A connection of a peer that closes nothing by itself. */
async function hold(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

it.each(Object.keys(shutdowns))(
  'a process with the shutdown recipe for %s ends, whatever connections are open',
  async (name) => {
    const child = run(shutdowns[name]!)
    try {
      const { port } = (await messageOf(child)) as AddressInfo
      child.disconnect()
      await using _ = await connectAll(port)
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exit).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  },
)

it('a hub with the recipe for cookies identifies a client by the cookie of its upgrade request', async () => {
  const child = run(`
    import { createServer } from 'node:http'
    import { createHub } from '@holdfast/server'
    interface User { id: string }
    const findUser = async (sid: string) => ({ one: { id: 'ada' } })[sid]
    ${blockWith('auth.md', "headers['cookie']")}
    hub.handle('whoami', (_, peer) => peer.data.user.id)
    const server = createServer()
    hub.attach(server)
    server.listen(0, '127.0.0.1', () => process.send!(server.address()))`)
  try {
    const { port } = (await messageOf(child)) as AddressInfo
    const ask = async (cookie: string): Promise<unknown> => {
      const headers = { origin: 'https://example.com', cookie }
      class BrowserLike extends WebSocket {
        constructor(url: string) {
          super(url, { headers })
        }
      }
      const url = `ws://127.0.0.1:${port}/ws`
      await using client = createClient({ url, wire: session(), WebSocket: BrowserLike, backoff: () => 10 })
      try {
        await client.connect()
        return await client.request('whoami')
      } catch {
        return client.state.cause?.code
      }
    }
    expect(await ask('theme=dark; sid=one')).toBe('ada')
    expect(await ask('theme=dark; sid=two')).toBe(4401)
    expect(await ask('theme=dark')).toBe(4401)
  } finally {
    child.kill('SIGKILL')
  }
})

it('a client with the recipe for missed messages has every message once', async () => {
  const child = run(
    `
    import { once } from 'node:events'
    import { WebSocketServer } from 'ws'
    import { createClient } from 'holdfast'
    interface Message { id: number; text: string }
    interface Chat { toClient: { chat: Message } }
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const url = \`ws://127.0.0.1:\${server.address().port}\`
    const client = createClient<Chat>({ url, backoff: () => 10 })
    const sent: Message[] = []
    const say = () => {
      sent.push({ id: sent.length + 1, text: 'hi' })
      for (const socket of server.clients) socket.send(JSON.stringify({ type: 'chat', ...sent.at(-1) }))
    }
    const cut = () => {
      for (const socket of server.clients) socket.terminate()
      say()
    }
    const finish = () => {
      const last = sent.length + 1
      client.on('chat', ({ id }) => {
        if (id === last) setImmediate(() => process.send!([last, [...messages.keys()]]))
      })
      say()
    }
    let fetches = 0
    async function fetchMessages({ after }: { after: number }) {
      const missed = sent.filter(({ id }) => id > after)
      say() // while the answer is under way
      setImmediate(++fetches < 4 ? cut : finish)
      if (fetches === 2) throw new Error('away')
      return missed
    }
    process.on('uncaughtException', () => {})
    say()
    ${blockWith('your-server.md', 'fetchMessages({ after')}
    client.connect()`,
    'test',
  )
  try {
    const [count, ids] = (await messageOf(child)) as [number, number[]]
    expect(count).toBeGreaterThan(7)
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  } finally {
    child.kill('SIGKILL')
  }
})
