import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery } from 'holdfast'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { outcomes, startPair, upTo } from './pair.ts'

expectNothingLeft()

/** How long the run is, in seconds: `SOAK=3600 vitest run --project integration test/session/delivery`. */
const seconds = Number(process.env['SOAK'] ?? 20)

test(
  `200 numbered messages a second each way for ${seconds} s, cut every 2 s and black-holed for 3 of 20 s: nothing lost, doubled or out of order`,
  { timeout: (seconds + 60) * 1_000 },
  async () => {
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
    for (let now = 0; now < seconds * 1_000; now = performance.now() - start) {
      const phase = now % 20_000
      const due = Math.floor(now / 5)
      while (sent.length < due) {
        sent.push(client.send('up', sent.length))
        answered.push(peer.send('down', answered.length))
      }
      if (!isBlack && phase >= 9_000 && phase < 12_000) {
        isBlack = true
        proxy.freeze()
      } else if (isBlack && (phase >= 12_000 || phase < 9_000)) {
        isBlack = false
        proxy.heal()
        cutAt = now + 2_000
      } else if (!isBlack && now >= cutAt) {
        cutAt += 2_000
        proxy.reset()
      }
      await sleep(4)
    }
    const settled = await outcomes([...sent, ...answered])

    const all = upTo(sent.length)
    expect(up).toEqual(all)
    expect(down).toEqual(all)
    expect(settled).toEqual(Array(sent.length * 2).fill('delivered'))
    expect(losses).toEqual([])
    expect(opens, 'the connection was replaced again and again').toBeGreaterThan(5)
    expect(hub.peers.size).toBe(1)
  },
)
