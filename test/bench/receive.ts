// CPU time that one received event of 100 bytes costs: a client of holdfast with one handler, against the bare socket
// with JSON.parse and a Map of handlers. Both on `ws` and on the WebSocket of Node.
//
// Each sample is a fresh process that does nothing but receive, warmed up first; the server floods from another one.
// It writes many frames at once, so that reading from the kernel costs both sides little and hides nothing of the ratio.
// On the session wire the acks are part of the cost, and a message holds one event, or as many as go into 16 KiB.
import { join } from 'node:path'
import { createClient, session } from 'holdfast'
import { WebSocket as WsSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare, ratio, ratioHead } from './compare.ts'
import { print } from './figures.ts'

const rounds = 9
const warmup = 100_000
const measured = 400_000
const perPack = 140

const wires = ['raw', 'plain', 'session', 'packed'] as const
type Wire = (typeof wires)[number]

const role = roleOf()
if (role) play(role[0] as Wire, role[1]!, role[2]!)
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(join(import.meta.dirname, 'flood-server.ts'))
  const rows: string[][] = []
  for (const socket of ['ws', 'native']) {
    const samples = await compare(
      import.meta.filename,
      wires,
      rounds,
      socket,
      `ws://127.0.0.1:${server.first}`,
    )
    rows.push(
      [`${socket}, plain()`, ...ratio(samples.plain, samples.raw)],
      [`${socket}, session(), single`, ...ratio(samples.session, samples.raw)],
      [`${socket}, session(), packed`, ...ratio(samples.packed, samples.raw)],
    )
  }
  print(`CPU per received event, ${rounds} rounds of ${measured} events`, ['', ...ratioHead], rows)
}

function play(wire: Wire, platform: string, server: string): void {
  let count = 0
  let before: NodeJS.CpuUsage
  const handler = (): void => {
    count++
    if (count === warmup) before = process.cpuUsage()
    if (count < warmup + measured) return
    const { user, system } = process.cpuUsage(before)
    tell((user + system) / measured)
  }

  const Socket = platform === 'ws' ? WsSocket : WebSocket
  const query = `count=${warmup + measured}`
  if (wire !== 'raw') {
    const client =
      wire === 'plain'
        ? createClient({ url: `${server}/flood?${query}`, WebSocket: Socket })
        : createClient({
            url: `${server}/session?${query}&pack=${wire === 'packed' ? perPack : 1}`,
            WebSocket: Socket,
            wire: session(),
          })
    client.on('chat', handler)
    void client.connect()
    return
  }
  const handlers = new Map([['chat', handler as (frame: unknown) => void]])
  const socket = new Socket(`${server}/flood?${query}`)
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }: { readonly data: unknown }) => {
    const frame = JSON.parse(data as string) as { readonly type: string }
    handlers.get(frame.type)?.(frame)
  }
}
