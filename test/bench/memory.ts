// What an idle session costs the server: heap and resident memory of one process for each connection, with a hub and
// with a bare `ws` server that listens to messages. The clients are bare sockets in another process.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { endWithThisProcess } from './child.ts'
import { print } from './figures.ts'
import { startServers } from './hub-server.ts'

const connections = 2_000
const [, , role, port] = process.argv

if (role === 'clients') await connect()
else if (role) await serve()
else await main()

interface Memory {
  readonly heap: number
  readonly resident: number
}

async function main(): Promise<void> {
  const rows: string[][] = []
  for (const path of ['raw', 'ws']) {
    const server = fork(import.meta.filename, [path], { execArgv: ['--expose-gc'] })
    endWithThisProcess(server)
    const [listening] = (await once(server, 'message')) as [number]
    const [before] = (await ask(server)) as [Memory]
    const clients = fork(import.meta.filename, ['clients', `${listening}/${path}`])
    endWithThisProcess(clients)
    await once(clients, 'message')
    const [after] = (await ask(server)) as [Memory]
    clients.kill()
    server.kill()
    const each = (key: keyof Memory): string => ((after[key] - before[key]) / connections / 1_024).toFixed(1)
    rows.push([path === 'ws' ? 'hub, idle session' : 'bare ws', each('heap'), each('resident')])
  }
  print(`KiB for one idle connection, of ${connections}`, ['', 'heap', 'resident'], rows)
}

function ask(server: ReturnType<typeof fork>): Promise<unknown[]> {
  server.send('measure')
  return once(server, 'message')
}

async function serve(): Promise<void> {
  const { port: listening } = await startServers((socket) => void socket.on('message', () => {}))
  process.on('message', () => void measure())
  process.send!(listening)
}

async function measure(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    ;(globalThis as unknown as { gc(): void }).gc()
    await sleep(100)
  }
  const { heapUsed, rss } = process.memoryUsage()
  process.send!({ heap: heapUsed, resident: rss } satisfies Memory)
}

async function connect(): Promise<void> {
  for (let index = 0; index < connections; index++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    socket.on('message', (data: Buffer) => {
      const [name] = JSON.parse(data.toString()) as [string]
      const hi = { v: 1, client: `c${index}`, n: 1, window: [1_024, 1_048_576], maxPayload: 1_048_576 }
      if (name === 'holdfast') socket.send(JSON.stringify(['hi', hi]))
      if (name === 'ok') socket.send('["a",0]')
    })
    await once(socket, 'open')
  }
  await sleep(1_000)
  process.send!('connected')
}
