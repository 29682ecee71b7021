// How long it takes to notice that a path has died silently, with a heartbeat of 5 s and 2 s.
//
// The path is a TCP proxy that stops forwarding, in both directions and permanently, while every socket stays open. The moments are
// spread over one interval of the heartbeat, at random within equal parts of it.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, ping, plain } from 'holdfast'
import { WebSocketServer } from 'ws'
import { median, print } from './figures.ts'

const connections = 20
const heartbeat = { interval: 5_000, timeout: 2_000 }

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
await once(server, 'listening')
server.on('connection', (socket) => socket.on('message', () => socket.send(JSON.stringify({ type: 'pong' }))))

const times = await Promise.all(Array.from({ length: connections }, (_, index) => measure(index)))
server.close()
for (const socket of server.clients) socket.terminate()

const seconds = (ms: number): string => (ms / 1_000).toFixed(2)
print(
  `Seconds from a black hole to \`down\` with reason \`silent\`, ${connections} connections`,
  ['heartbeat', 'min', 'median', 'max'],
  [['5 s / 2 s', seconds(Math.min(...times)), seconds(median(times)), seconds(Math.max(...times))]],
)

async function measure(index: number): Promise<number> {
  const sockets: Socket[] = []
  const proxy = await startProxy(sockets)
  const client = createClient({
    url: `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    wire: plain({
      heartbeat: ping({ ...heartbeat, message: '{"type":"ping"}', isReply: ({ type }) => type === 'pong' }),
    }),
  })
  await client.connect()
  // At least one heartbeat must have been answered before.
  await sleep(heartbeat.interval + ((index + Math.random()) / connections) * heartbeat.interval)

  for (const socket of sockets) socket.unpipe().pause()
  const since = performance.now()
  const reason = await new Promise<string>((resolve) =>
    client.watch('down', (cause) => resolve(cause.reason)),
  )
  const time = performance.now() - since
  if (reason !== 'silent') throw new Error(`down with reason ${reason}`)

  await client.dispose()
  for (const socket of sockets) socket.destroy()
  proxy.close()
  return time
}

async function startProxy(sockets: Socket[]): Promise<Server> {
  const proxy = createServer((near) => {
    const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}))
    near.pipe(far).pipe(near)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return proxy
}
