// A subscriber whose handler takes longer for each publication than the next one takes to come. Reports what it has received
// when it has the last one.
import { channel, createClient, session } from 'holdfast'
import { WebSocket } from 'ws'

/** What the process reports. */
export interface OverloadReport {
  readonly received: number
  /** Publications that were not the next one. */
  readonly faults: readonly number[]
}

/** How long its handler takes, in milliseconds. */
const work = 1

const [url = '', last = ''] = process.argv.slice(2)
const client = createClient({ url, WebSocket, wire: session() })
const room = channel(client, 'room:1')
const faults: number[] = []
let received = 0
room.watch('gap', () => faults.push(-1))
room.on('n', (data) => {
  const until = performance.now() + work
  while (performance.now() < until);
  if (data !== ++received) faults.push(data as number)
  if (received === Number(last)) process.send!({ received, faults } satisfies OverloadReport)
})
const off = room.watch('joined', () => {
  off()
  process.send!('joined')
})
process.on('disconnect', () => process.exit())
await client.connect()
