// A session on loopback that is cut 200 times: from the cut to open again with the default backoff, and the part of it
// that the client spends on its way from the dial to the resumed session. The delay of the first redial falls at random
// into a second; it is most of the former.
import { join } from 'node:path'
import { createClient, session } from 'holdfast'
import { WebSocket } from 'ws'
import { launch } from './child.ts'
import { median, print, quantile } from './figures.ts'

const cuts = 200
/** As many sessions as cuts, a second apart in pieces, so that each connection was stable before. */
const uptime = 5_500

await using hub = await launch<number>(join(import.meta.dirname, 'hub-server.ts'))
const fromCut: number[] = []
const fromDial: number[] = []

await Promise.all(
  Array.from({ length: cuts }, async () => {
    let dialedAt = 0
    const sockets: WebSocket[] = []
    class Socket extends WebSocket {
      constructor(url: string) {
        super(url)
        dialedAt = performance.now()
        sockets.push(this)
      }
    }
    const client = createClient({ url: `ws://127.0.0.1:${hub.first}/ws`, WebSocket: Socket, wire: session() })
    await client.connect()
    await new Promise((resolve) => setTimeout(resolve, uptime + Math.random() * 10_000))
    const reopened = new Promise<boolean>((resolve) =>
      client.watch('open', ({ resumed }) => {
        fromCut.push(performance.now() - cutAt)
        fromDial.push(performance.now() - dialedAt)
        resolve(resumed)
      }),
    )
    const cutAt = performance.now()
    sockets.at(-1)!.terminate()
    if (!(await reopened)) throw new Error('a session was not resumed')
    await client.dispose()
  }),
)

const row = (name: string, times: readonly number[]): string[] => [
  name,
  median(times).toFixed(1),
  quantile(times, 0.95).toFixed(1),
]
print(
  `Milliseconds until a session is resumed, ${cuts} cuts`,
  ['', 'median', 'p95'],
  [row('from the cut', fromCut), row('from the dial', fromDial)],
)
