import { createHub, memory } from '@holdfast/server'
import type { Hub, HubOptions } from '@holdfast/server'
import { channel, createClient, session } from 'holdfast'
import type { Channel } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { createTestPair } from './create-test-pair.ts'

function createRooms(options: HubOptions): Hub {
  const hub = createHub(options)
  hub.channels('room', {
    subscribe: () => true,
    publish: () => true,
    history: { maxMessages: 100 },
    presence: { clientData: true },
  })
  return hub
}

/** What a handle gets, in order. */
function record(room: Channel): unknown[] {
  const got: unknown[] = []
  room.on('message', (data) => got.push(data))
  room.watch('recovered', ({ count }) => got.push(`recovered ${count}`))
  room.watch('gap', ({ missed }) => got.push(`gap ${missed}`))
  return got
}

const options = { createClient, createHub: createRooms, wire: session() }

describe('channels in a test pair', () => {
  test('a channel recovers what was published while the connection was cut', async () => {
    await using pair = createTestPair(options)
    const room = channel(pair.client, 'room:1')
    const got = record(room)
    await pair.open()
    await pair.until(() => room.state.status === 'joined')
    await pair.until(room.publish('message', 1))
    pair.network.cut()
    await pair.until(() => room.state.status === 'joining')
    await pair.until(pair.hub.channel('room:1').publish('message', 2))
    await pair.until(() => got.length === 3)
    expect(got).toEqual([1, 2, 'recovered 1'])
  })

  test('a channel reports a gap after a restart, unless its log has outlived the hub', async () => {
    const outcomes = []
    for (const broker of [undefined, memory()]) {
      await using pair = createTestPair({ ...options, ...(broker && { hubOptions: { broker } }) })
      const room = channel(pair.client, 'room:1')
      const got = record(room)
      await pair.open()
      await pair.until(() => room.state.status === 'joined')
      await pair.until(room.publish('message', 1))
      pair.stop()
      pair.start()
      await pair.until(pair.hub.channel('room:1').publish('message', 2))
      await pair.until(() => got.length > 1 && room.state.status === 'joined')
      await pair.until(room.publish('message', 3))
      await pair.settle()
      outcomes.push(got)
    }
    expect(outcomes).toEqual([
      [1, 'gap undefined', 3],
      [1, 2, 'recovered 1', 3],
    ])
  })

  test('a member stays through a cut, and leaves with its session', async () => {
    await using pair = createTestPair({ ...options, hubOptions: { sessionTimeout: 60_000 } })
    const room = channel(pair.client, 'room:1')
    const changes: unknown[] = []
    for (const kind of ['join', 'leave'] as const)
      room.presence.on(kind, ({ data }) => changes.push([kind, data]))
    await pair.open()
    const other = pair.newClient()
    channel(other, 'room:1').presence.set('other')
    await pair.open(other)
    await pair.until(() => room.presence.state.members.length === 2)
    expect(changes.at(-1)).toEqual(['join', 'other'])
    const before = changes.length
    pair.network.cut()
    await pair.until(() => room.state.status === 'joining')
    await pair.until(() => room.state.status === 'joined' && other.state.status === 'open')
    await pair.settle()
    expect(changes).toHaveLength(before)
    await pair.until(other.dispose())
    await pair.until(() => room.presence.state.members.length === 1, { within: 120_000 })
    expect(changes.at(-1)).toEqual(['leave', 'other'])
  })
})
