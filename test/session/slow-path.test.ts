import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { outcomes, startPair } from './pair.ts'
import { startRelay } from './relay.ts'
import type { Lane } from './relay.ts'

expectNothingLeft('all')

/** Lets 64 KiB pass a second. */
const slow: Lane = async (chunk, { pass }) => {
  for (let at = 0; at < chunk.length; at += 3_277) {
    pass(chunk.subarray(at, at + 3_277))
    await sleep(50)
  }
}
const large = 'x'.repeat(300_000)

test.concurrent('a large message on a slow path up takes its time, and no connection is given up for it', async () => {
  await using pair = await startPair()
  await using relay = await startRelay(pair.port, { toServer: () => slow })
  const up: unknown[] = []
  pair.hub.on('up', (data) => up.push((data as string).length))
  const { client } = await pair.join({ url: relay.url })
  expect(await outcomes([client.send('up', large), client.send('up', 'last')])).toEqual([
    'delivered',
    'delivered',
  ])
  expect(up).toEqual([300_000, 4])
  expect(client.stats().opens).toBe(1)
})

test.concurrent('a large message on a slow path down arrives in the end, also when the client waits for acks meanwhile', async () => {
  await using pair = await startPair()
  await using relay = await startRelay(pair.port, { toClient: () => slow })
  const up: unknown[] = []
  pair.hub.on('up', (data) => up.push(data))
  const { client, peer } = await pair.join({ url: relay.url, backoff: () => 50 })
  const down: unknown[] = []
  client.on('down', (data) => down.push((data as string).length))
  const sent = [peer.send('down', large)]
  await sleep(100)
  sent.push(client.send('up', 'small'))
  expect(await outcomes(sent)).toEqual(['delivered', 'delivered'])
  expect([up, down]).toEqual([['small'], [300_000]])
})
