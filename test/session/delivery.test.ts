import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery, Outcome } from 'holdfast'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { startPair } from './pair.ts'

expectNothingLeft()

test('200 numbered messages a second each way for 20 s, cut every 2 s and black-holed for 3 s: nothing lost, doubled or out of order', async () => {
  await using pair = await startPair()
  const { proxy, hub } = pair
  const client = pair.client({ backoff: { baseDelay: 300, maxDelay: 300 } })
  const up: number[] = []
  const down: number[] = []
  hub.on('up', (data) => up.push(data as number))
  client.on('down', (data) => down.push(data as number))
  const losses: unknown[] = []
  client.watch('lost', (loss) => losses.push(loss))
  const confirmed = pair.nextPeer()
  await client.connect()
  const peer = await confirmed

  const sent: Delivery[] = []
  const answered: Delivery[] = []
  let opens = 0
  client.watch('open', ({ resumed }) => {
    opens++
    expect(resumed).toBe(true)
  })
  const start = performance.now()
  let cutAt = 2_000
  let isBlack = false
  for (let now = 0; now < 20_000; now = performance.now() - start) {
    const due = Math.min(4_000, Math.floor(now / 5))
    while (sent.length < due) {
      sent.push(client.send('up', sent.length))
      answered.push(peer.send('down', answered.length))
    }
    if (!isBlack && now >= 9_000 && now < 12_000) {
      isBlack = true
      proxy.freeze()
    } else if (isBlack && now >= 12_000) {
      isBlack = false
      proxy.heal()
      cutAt = 14_000
    } else if (!isBlack && now >= cutAt) {
      cutAt += 2_000
      proxy.reset()
    }
    await sleep(4)
  }
  const outcomes = await settled([...sent, ...answered])

  const all = sent.map((_, index) => index)
  expect(up).toEqual(all)
  expect(down).toEqual(all)
  expect(outcomes).toEqual(Array(sent.length * 2).fill('delivered'))
  expect(losses).toEqual([])
  expect(opens, 'the connection was replaced again and again').toBeGreaterThan(5)
  expect(hub.peers.size).toBe(1)
})

function settled(deliveries: readonly Delivery[]): Promise<string[]> {
  const statusOf = ({ status }: Outcome): string => status
  return Promise.all(deliveries.map(async (delivery) => statusOf(await delivery)))
}
