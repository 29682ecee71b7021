// 30,000 messages of 100 bytes that a client sends as fast as `drained()` lets it, against a hub of default limits, whose
// `messageRate` is far below that: how many were delivered, and how long it took. None may be lost and no connection may
// end, so a script that finds that fails.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Delivery } from 'holdfast'
import { WebSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { print } from './figures.ts'
import { message } from './flood-server.ts'

const messages = 30_000
const perTurn = 500

const role = roleOf()
if (role) {
  const hub = createHub()
  hub.on('chat', () => {})
  const http = createServer()
  hub.attach(http)
  http.listen(0, '127.0.0.1', () => tell((http.address() as AddressInfo).port))
} else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(import.meta.filename, 'server')
  const client = createClient({ url: `ws://127.0.0.1:${server.first}/ws`, WebSocket, wire: session() })
  await client.connect()
  const start = performance.now()
  const deliveries: Delivery[] = []
  for (let sent = 0; sent < messages; sent += perTurn) {
    for (let index = 0; index < perTurn; index++) deliveries.push(client.send('chat', message))
    await client.drained()
  }
  const outcomes = await Promise.all(deliveries)
  const seconds = (performance.now() - start) / 1_000
  const delivered = outcomes.filter(({ status }) => status === 'delivered').length
  const { opens } = client.stats()
  await client.dispose()
  print(
    `${messages.toLocaleString('en')} messages sent with drained()`,
    ['', 'delivered', 'connections', 'seconds'],
    [['session()', delivered.toLocaleString('en'), opens, seconds.toFixed(1)]],
  )
  if (delivered < messages || opens > 1) throw new Error('some were lost, or the connection ended')
}
