// CPU time that one received event of 100 bytes costs: a client of holdfast with one handler, against the bare socket
// with JSON.parse and a Map of handlers. Both on `ws` and on the WebSocket of Node.
//
// Each sample is a fresh process that does nothing but receive, warmed up first; the server floods from another one.
// It writes many frames at once, so that reading from the kernel costs both sides little and hides nothing of the ratio.
import { join } from 'node:path'
import { createClient } from 'holdfast'
import { WebSocket as WsSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare, ratio, ratioHead } from './compare.ts'
import { print } from './figures.ts'

const rounds = 9
const warmup = 100_000
const measured = 400_000

const role = roleOf()
if (role) play(role[0]!, role[1]!)
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(join(import.meta.dirname, 'flood-server.ts'))
  const url = `ws://127.0.0.1:${server.first}/flood?count=${warmup + measured}`
  const roles = ['ws raw', 'ws holdfast', 'native raw', 'native holdfast'] as const
  const samples = await compare(import.meta.filename, roles, rounds, url)
  print(
    `CPU per received event, ${rounds} rounds of ${measured} events`,
    ['socket', ...ratioHead],
    [
      ['ws', ...ratio(samples['ws holdfast'], samples['ws raw'])],
      ['native', ...ratio(samples['native holdfast'], samples['native raw'])],
    ],
  )
}

function play(name: string, url: string): void {
  let count = 0
  let before: NodeJS.CpuUsage
  const handler = (): void => {
    count++
    if (count === warmup) before = process.cpuUsage()
    if (count < warmup + measured) return
    const { user, system } = process.cpuUsage(before)
    tell((user + system) / measured)
  }

  const Socket = name.startsWith('ws') ? WsSocket : WebSocket
  if (name.endsWith('holdfast')) {
    const client = createClient({ url, WebSocket: Socket })
    client.on('chat', handler)
    void client.connect()
    return
  }
  const handlers = new Map([['chat', handler as (frame: unknown) => void]])
  const socket = new Socket(url)
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }: { readonly data: unknown }) => {
    const frame = JSON.parse(data as string) as { readonly type: string }
    handlers.get(frame.type)?.(frame)
  }
}
