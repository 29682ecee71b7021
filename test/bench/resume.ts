// How long a resume takes on a loopback: from the dial to open again, next to the handshake of a bare `ws`, and from a cut
// to open again with the default backoff, of which the delay of the redial, at random within a second, is the most.
//
// First one client that is cut 200 times and redials at once: TCP and WebSocket handshake, banner, greeting, and `ok`.
// Then 200 clients that are cut once each, a little apart, when they have been up for so long that they count as stable.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, session } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import { WebSocket } from 'ws'
import { launch } from './child.ts'
import { median, print, quantile } from './figures.ts'

const cuts = 200
const warmup = 10
const uptime = 5_250

await using hub = await launch<number>(join(import.meta.dirname, 'hub-server.ts'))
const server = `ws://127.0.0.1:${hub.first}`

const handshakes: number[] = []
const resumes: number[] = []
const one = dial({ backoff: () => 0 })
await one.client.connect()
for (let cut = -warmup; cut < cuts; cut++) {
  const start = performance.now()
  const socket = new WebSocket(`${server}/raw`)
  await new Promise((resolve) => (socket.onopen = resolve))
  if (cut >= 0) handshakes.push(performance.now() - start)
  socket.terminate()

  await one.cut()
  if (cut >= 0) resumes.push(performance.now() - one.dialedAt())
}
await one.client.dispose()

const outages = await Promise.all(
  Array.from({ length: cuts }, async (_, index) => {
    const { client, cut } = dial()
    await client.connect()
    await sleep(uptime + index * 25)
    const start = performance.now()
    await cut()
    const time = performance.now() - start
    await client.dispose()
    return time
  }),
)

const row = (name: string, times: readonly number[]): string[] => [
  name,
  median(times).toFixed(1),
  quantile(times, 0.95).toFixed(1),
]
print(
  `Milliseconds until a connection is open, ${cuts} of each`,
  ['', 'median', 'p95'],
  [
    row('ws, from the dial', handshakes),
    row('session(), resumed, from the dial', resumes),
    row('session(), resumed, from the cut', outages),
  ],
)

interface Dialer {
  readonly client: Client
  /** When the last socket was made. */
  dialedAt(): number
  /** Cuts the connection, and resolves when the session is resumed. */
  cut(): Promise<void>
}

function dial(options: Partial<ClientOptions> = {}): Dialer {
  let dialedAt = 0
  const sockets: WebSocket[] = []
  class Socket extends WebSocket {
    constructor(url: string) {
      dialedAt = performance.now()
      super(url)
      sockets.push(this)
    }
  }
  const client = createClient({ url: `${server}/ws`, WebSocket: Socket, wire: session(), ...options })
  return {
    client,
    dialedAt: () => dialedAt,
    cut: () =>
      new Promise((resolve, reject) => {
        const off = client.watch('open', ({ resumed }) => {
          off()
          if (resumed) resolve()
          else reject(new Error('the session was lost'))
        })
        sockets.at(-1)!.terminate()
      }),
  }
}
