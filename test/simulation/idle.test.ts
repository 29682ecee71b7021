import { createHub } from '@holdfast/server'
import { createNetwork, createVirtualClock } from '@holdfast/testing'
import { createClient, session } from 'holdfast'
import { expect, it } from 'vitest'
import { createRandom } from './random.ts'

const hour = 3_600_000

it('a day without a message: one connection, pings on time, and nothing that grows', async () => {
  const clock = createVirtualClock()
  const network = createNetwork({ clock, conditions: { latency: 20 } })
  const random = createRandom(1, 0)
  const hub = createHub({ ports: { clock, randomBytes: random.bytes } })
  network.listen('server', (socket, request) => hub.accept(socket, request))
  const pings: number[] = []
  network.setFrameFate(({ data }) => {
    if (String(data).startsWith('["p"')) pings.push(clock.now())
    return 'pass'
  })
  const client = createClient({
    url: 'ws://server/ws',
    WebSocket: network.WebSocket,
    wire: session(),
    ports: { clock, random: random.next, signals: { listen: () => () => {}, isOffline: () => false } },
  })
  void client.connect()
  await clock.advance(hour)
  const snapshot = (): unknown => ({
    timers: clock.pending,
    status: client.state.status,
    dials: network.dials,
    rtt: client.stats().rtt,
    queued: client.stats().queuedMessages,
    held: client.stats().unacknowledgedMessages,
    // Pings count.
    hub: { ...hub.stats(), receivedMessages: 0, receivedBytes: 0, sentBytes: 0, rtt: 0 },
  })
  const before = snapshot()
  const pingsBefore = pings.length

  await clock.advance(23 * hour)

  expect(snapshot()).toEqual(before)
  expect(before).toMatchObject({ status: 'open', dials: 1 })
  const gaps = pings.slice(1).map((at, index) => Math.round(at - pings[index]!))
  expect(new Set(gaps.slice(pingsBefore)).size, JSON.stringify([...new Set(gaps)])).toBe(1)
  expect(gaps.at(-1)).toBeGreaterThanOrEqual(25_000)
  expect(gaps.at(-1)).toBeLessThan(26_000)

  await client.dispose()
  const closed = hub.close()
  await clock.advance(60_000)
  await closed
  expect([clock.pending, network.connections.size]).toEqual([0, 0])
})
