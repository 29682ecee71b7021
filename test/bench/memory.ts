// What an idle session costs the server: heap and resident memory of its process for each connection, with a hub and
// with a bare `ws` server that listens to messages. The clients are bare sockets in other processes. A number of
// connections other than 8,000 is given as the argument.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { WebSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { print } from './figures.ts'
import { startServers } from './hub-server.ts'

/**
 * How many connections there are before it is measured what the others need. What a process takes once, such as the space
 * for new objects, which grows with the work that is done, belongs to no connection.
 */
const first = 2_000
/** How many sockets a process of clients opens at a time. */
const atOnce = 20

const [role, ...args] = roleOf() ?? []
if (role === 'server') await serve(Number(args[0]))
else if (role === 'clients') await connect(args[0]!, Number(args[1]))
else await main(2 * Math.ceil(Number(process.argv[2] ?? 8_000) / 2))

interface Memory {
  readonly heap: number
  readonly resident: number
}

async function main(wanted: number): Promise<void> {
  const connections = Math.min(wanted, 2 * Math.floor((openFiles() - first) / 2 - 100))
  if (connections < wanted) console.log(`The limit of open files allows ${connections} connections only.`)
  const bare = await costOf('raw', connections)
  const hub = await costOf('ws', connections)
  const row = (name: string, { heap, resident }: Memory): string[] => [
    name,
    (heap / 1_024).toFixed(1),
    (resident / 1_024).toFixed(1),
  ]
  print(
    `KiB for one idle connection, of ${connections}`,
    ['', 'heap', 'resident'],
    [
      row('bare ws', bare),
      row('hub, idle session', hub),
      ['times', (hub.heap / bare.heap).toFixed(2), (hub.resident / bare.resident).toFixed(2)],
    ],
  )
}

/** How many files a process may open. Node has raised that as far as the system lets it. */
function openFiles(): number {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } }
  }
  const limit = userLimits?.open_files?.soft
  return typeof limit === 'number' ? limit : Infinity
}

async function costOf(path: 'raw' | 'ws', connections: number): Promise<Memory> {
  const script = import.meta.filename
  await using server = await launch<Memory & { readonly port: number }>(script, 'server', String(connections))
  const address = `${server.first.port}/${path}`
  await using processes = new AsyncDisposableStack()
  processes.use(await launch(script, 'clients', address, String(first)))
  const before = await server.next()
  for (let n = 0; n < 2; n++) processes.use(await launch(script, 'clients', address, String(connections / 2)))
  const after = await server.next()
  return {
    heap: (after.heap - before.heap) / connections,
    resident: (after.resident - before.resident) / connections,
  }
}

/** Returns the memory with the first connections, and with so many more, which are all idle. */
async function serve(connections: number): Promise<void> {
  let sockets = 0
  const { port, hub } = await startServers((socket) => {
    sockets++
    socket.on('message', () => {})
  })
  tell({ port })
  for (const count of [first, first + connections]) {
    while (Math.max(sockets, hub.peers.size) < count) await sleep(100)
    tell(await measure())
  }
}

async function measure(): Promise<Memory> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 5; round++) {
    collect()
    await sleep(100)
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, resident: rss }
}

async function connect(address: string, count: number): Promise<void> {
  let opened = 0
  const openInTurn = async (): Promise<void> => {
    while (opened < count) await open(address, `${process.pid}.${opened++}`)
  }
  await Promise.all(Array.from({ length: atOnce }, openInTurn))
  tell('connected')
}

/** Opens a socket, which greets a hub and answers its pings. */
async function open(address: string, client: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${address}`)
  const hi = { v: 1, client, n: 1, window: [1_024, 1_048_576], maxPayload: 1_048_576 }
  socket.on('message', (data: Buffer) => {
    const [name] = JSON.parse(data.toString()) as [string]
    if (name === 'holdfast') socket.send(JSON.stringify(['hi', hi]))
    if (name === 'ok') socket.send('["a",0]')
    if (name === 'p') socket.send('["q",0]')
  })
  await once(socket, 'open')
}
