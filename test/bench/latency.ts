// How long one awaited send takes after quiet, and one request, next to a ping-pong on a bare `ws`: one of each in turns,
// with a pause before each that is longer than any ack waits. Client and server in a process each, over a loopback.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, session } from 'holdfast'
import { WebSocket } from 'ws'
import { launch } from './child.ts'
import { median, print, quantile } from './figures.ts'
import { event, message } from './flood-server.ts'

const samples = 300
const warmup = 20
const quiet = 70

await using server = await launch<number>(join(import.meta.dirname, 'hub-server.ts'))
const url = `ws://127.0.0.1:${server.first}`
const client = createClient({ url: `${url}/ws`, WebSocket, wire: session() })
await client.connect()
const socket = new WebSocket(`${url}/raw`)
await new Promise((resolve) => (socket.onopen = resolve))

const ways = {
  'ws, message and reply': () =>
    new Promise((resolve) => {
      socket.onmessage = ({ data }) => resolve(JSON.parse(data as string))
      socket.send(JSON.stringify({ ...event, type: 'echo' }))
    }),
  'send, awaited': () => client.send('chat', message).orThrow(),
  'request, answered': () => client.request('echo', message),
}
const times = Object.keys(ways).map(() => [] as number[])
for (let sample = -warmup; sample < samples; sample++)
  for (const [way, act] of Object.values(ways).entries()) {
    await sleep(quiet)
    const start = performance.now()
    await act()
    if (sample >= 0) times[way]!.push((performance.now() - start) * 1_000)
  }

print(
  `Microseconds after quiet, ${samples} of each in turns`,
  ['', 'median', 'p95'],
  Object.keys(ways).map((way, index) => [
    way,
    median(times[index]!).toFixed(0),
    quantile(times[index]!, 0.95).toFixed(0),
  ]),
)
await client.dispose()
socket.terminate()
