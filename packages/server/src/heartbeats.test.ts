import { clockFaults, createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { resuming, setUp } from '../test/support/set-up.ts'

describe('heartbeats', () => {
  it('ask every client whether it lives, and cut who says nothing for two intervals', async () => {
    const { clock, heard, hub, join } = setUp({ pingInterval: 10_000 })
    const alive = await join({ client: 'alive' })
    const dead = await join({ client: 'dead' })
    await clock.advance(10_300)
    expect([alive.take(), dead.take()]).toEqual([[['p', 0]], [['p', 0]]])
    await alive.say(['q', 0])
    await clock.advance(10_300)
    await alive.say(['q', 0])
    expect(dead.socket.isTerminated).toBe(false)
    await clock.advance(10_300)
    expect(dead.socket.isTerminated).toBe(true)
    expect(heard.at(-1)).toEqual(['down', { code: 1006, reason: 'silent' }])
    expect(alive.socket.isTerminated).toBe(false)
    expect(hub.stats()).toMatchObject({ connected: 1, sessions: 2 })
  })

  it('forget nothing of a session that sends and receives', async () => {
    const limits = { messageRate: 1, messageBurst: 2 }
    const { clock, hub, join, peers } = setUp({ pingInterval: 10_000, limits })
    const got: unknown[] = []
    hub.on('n', (data) => got.push(data))
    const client = await join({ window: [2, 1_000] })
    const rest = async (): Promise<void> => {
      await clock.advance(10_300)
      await client.say(['q', 0])
      client.take()
    }
    peers[0]!.send('idle')
    await settleMicrotasks()
    await client.say(['a', 1])
    await rest()

    const sent = [1, 2, 3].map((n) => peers[0]!.send('m', n))
    await settleMicrotasks()
    await rest()
    expect(sent.map(({ outcome }) => outcome)).toEqual([undefined, undefined, undefined])
    await client.say(['a', 3])
    expect(client.take()).toEqual([[4, 0, 'm', 3]])
    await client.say(['a', 4])
    expect(sent.map(({ outcome }) => outcome?.status)).toEqual(['delivered', 'delivered', 'delivered'])
    await rest()

    expect([sent[2]!.cancel(), hub.stats().bufferedMessages]).toEqual([false, 0])
    await client.say([
      [1, 4, 'n', 1],
      [2, 4, 'n', 2],
      [3, 4, 'n', 3],
    ])
    expect(got).toEqual([1, 2])
  })

  it('take any message for a sign of life', async () => {
    const { clock, join } = setUp({ pingInterval: 10_000 })
    const client = await join()
    for (let seq = 1; seq <= 10; seq++) {
      await clock.advance(9_000)
      await client.say([seq, 0, 'a'])
    }
    expect(client.socket.isTerminated).toBe(false)
  })

  it('wait for who is still taking what was sent, and cannot answer before that', async () => {
    const { clock, join } = setUp({ pingInterval: 10_000 })
    const slow = await join({ client: 'slow' })
    const stuck = await join({ client: 'stuck' })
    slow.socket.bufferedAmount = stuck.socket.bufferedAmount = 500_000
    for (let round = 0; round < 6; round++) {
      await clock.advance(10_300)
      slow.socket.bufferedAmount -= 80_000
    }
    expect(slow.socket.isTerminated).toBe(false)
    expect(stuck.socket.isTerminated).toBe(true)
    await clock.advance(40_000)
    expect(slow.socket.isTerminated, 'now it takes nothing any more').toBe(true)
  })

  it('wait longer after each connection that brought nothing: its message may be large, and its path slow', async () => {
    const { clock, dial, join } = setUp({ pingInterval: 10_000 })
    const { ok } = await join()
    const intervals: number[] = []
    const untilCut = async (n: number, ...messages: unknown[]): Promise<void> => {
      const client = dial()
      await client.greet(resuming(ok, 0, n))
      for (const message of messages) await client.say(message)
      const since = clock.now()
      while (!client.socket.isTerminated) await clock.advance(1_000)
      intervals.push(Math.round((clock.now() - since) / 10_300))
    }
    for (let n = 2; n < 8; n++) await untilCut(n)
    await untilCut(8, ['q', 0])
    await untilCut(9, [1, 0, 'here it is'])
    await untilCut(10)
    expect(intervals).toEqual([3, 5, 9, 17, 33, 33, 3, 3, 5])
  })

  it('carry an ack', async () => {
    const { clock, join } = setUp({ pingInterval: 10_000 })
    const client = await join()
    await client.say([1, 0, 'a'])
    await clock.advance(10_300)
    expect(client.take()).toEqual([
      ['a', 1],
      ['p', 1],
    ])
  })

  it('need one timer for everybody, and none for nobody', async () => {
    const { clock, join } = setUp({ sessionTimeout: 1_000 })
    expect(clock.pending).toBe(0)
    const clients = []
    for (let n = 0; n < 50; n++) clients.push(await join({ client: `c${n}` }))
    expect(clock.pending).toBe(1)
    for (const client of clients) client.socket.end()
    await clock.advance(2_000)
    expect(clock.pending).toBe(0)
  })

  it('are answered before the messages that wait', async () => {
    const { clock, hub, join } = setUp()
    hub.on('slow', () => clock.stall(20))
    const client = await join()
    client.socket.message([
      [1, 0, 'slow'],
      [2, 0, 'slow'],
      [3, 0, 'slow'],
    ])
    client.socket.message(['p', 0])
    expect(client.take()).toEqual([['q', 1]])
    await clock.advance(100)
  })

  it('forget a connection whose session has a new one', async () => {
    const { clock, dial, join } = setUp({ pingInterval: 10_000 })
    const first = await join()
    await clock.advance(5_000)
    const second = dial()
    await second.greet(resuming(first.ok, 0))
    second.take()
    await clock.advance(6_000)
    expect([first.take(), second.take()]).toEqual([[], []])
    await clock.advance(5_000)
    expect([first.take(), second.take()]).toEqual([[], [['p', 0]]])
  })

  it.each(Object.entries(clockFaults))('work on a clock that is %s', async (_, faults) => {
    const clock = createVirtualClock(faults)
    const { join } = setUp({ pingInterval: 10_000, ports: { clock } })
    const alive = await join({ client: 'alive' })
    const dead = await join({ client: 'dead' })
    for (let n = 0; n < 60; n++) {
      await clock.advance(1_000)
      if (alive.take().some((item) => (item as unknown[])[0] === 'p')) await alive.say(['q', 0])
    }
    expect([alive.socket.isTerminated, dead.socket.isTerminated]).toEqual([false, true])
  })
})
