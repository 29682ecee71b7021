import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { setUpSession } from '../../../test/support/set-up-session.ts'

describe('a dead connection', () => {
  it('is noticed within seconds when a message is not acknowledged', async () => {
    const { client, live, clock, heard } = setUpSession()
    await live()
    client.send('a')
    await clock.advance(2_100)
    expect(heard().at(-1)).toEqual(['p', 0])
    await clock.advance(2_100)
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'silent' } })
  })

  it('is noticed when the pings of the server stay out', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live({ ping: 10_000 })
    for (let ping = 0; ping < 5; ping++) {
      await clock.advance(10_000)
      await say(['p', 0])
      expect(heard().at(-1)).toEqual(['q', 0])
    }
    await clock.advance(15_001)
    expect(heard().at(-1)).toEqual(['p', 0])
    await clock.advance(2_100)
    expect(client.state.status).toBe('waiting')
  })

  it('is not what a slow server is, which answers pings before all else', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live()
    client.send('a')
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000)
      await say([0, 0, 'tick'])
      if ((heard().at(-1) as unknown[])[0] === 'p') await say(['q', 0])
    }
    expect(client.state.status).toBe('open')
  })

  it('may still bring messages, if it takes none', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live()
    client.send('a')
    const seconds = async (count: number): Promise<void> => {
      for (let second = 0; second < count; second++) {
        await say([0, 0, 'tick'])
        await clock.advance(1_000)
      }
    }
    await seconds(5)
    expect(heard().filter((message) => (message as unknown[])[0] === 'p')).toHaveLength(2)
    expect(client.state.status).toBe('open')
    await seconds(2)
    expect(client.state).not.toMatchObject({ status: 'open' })
    expect(client.state).toMatchObject({ cause: { reason: 'silent' } })
  })

  it('is not what a slow one is: a large message is given time by its size', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live()
    client.sendRaw('x'.repeat(320_000))
    client.send('small')
    await settleMicrotasks()
    const { length } = heard()
    await clock.advance(11_900)
    expect(heard()).toHaveLength(length)
    await say(['a', 1])
    await clock.advance(5_000)
    expect(heard().slice(length)).toEqual([['p', 0]])
  })

  it('is given twice the time when the last one was given up without an ack', async () => {
    const { client, live, say, clock, heard, ok, network } = setUpSession()
    await live()
    client.send('a')
    for (const patience of [2_000, 4_000, 8_000, 16_000]) {
      await clock.advance(patience - 100)
      expect(heard().filter((message) => (message as unknown[])[0] === 'p')).toEqual([])
      const { length } = network.sockets
      while (network.sockets.length === length) await clock.advance(100)
      network.last.open()
      await say(['holdfast', { v: 1 }], ok())
    }
    await say(['a', 1])
    client.send('b')
    await clock.advance(4_100)
    expect(heard().at(-1)).toEqual(['p', 0])
  })
})

describe('a path that is slow', () => {
  it('is given more time after each connection that falls silent, until one brings something', async () => {
    const { client, dial, say, ok, clock, network } = setUpSession()
    const times: number[] = []
    const liveUntilSilent = async (...messages: unknown[]): Promise<void> => {
      await say(['holdfast', { v: 1 }], ok(), ...messages)
      const since = clock.now()
      while (client.state.status === 'open') await clock.advance(500)
      times.push(Math.round((clock.now() - since) / 1_000))
      expect(client.state.cause).toEqual({ reason: 'silent' })
      while (client.state.status !== 'connecting') await clock.advance(100)
      network.last.open()
      await settleMicrotasks()
    }
    await dial()
    for (let round = 0; round < 6; round++) await liveUntilSilent()
    await liveUntilSilent([1, 0, 'here it is'])
    await liveUntilSilent()
    expect(times).toEqual([32, 62, 122, 242, 482, 482, 482, 62])
  })

  it('is not judged in the next attempt, before that has a session', async () => {
    const { client, live, say, clock, network } = setUpSession({ attemptTimeout: 30_000 })
    let answer: (value: unknown) => void = () => {}
    client.handle('ask', () => new Promise((resolve) => (answer = resolve)))
    await live()
    await say([1, 0, 'ask', 1, { id: 7 }])
    client.send('a', 1)
    await settleMicrotasks()
    network.last.end(1006)
    answer(1)
    for (let waited = 0; waited < 25_000; waited += 100) {
      await clock.advance(100)
      expect(client.state.cause?.reason).not.toBe('silent')
    }
  })
})

describe('the round-trip time', () => {
  it('is measured by the greeting, then by the first ack after quiet', async () => {
    const { client, dial, say, ok, clock } = setUpSession()
    await dial()
    await say(['holdfast', { v: 1 }])
    await clock.advance(80)
    await say(ok())
    expect(client.stats().rtt).toBe(80)
    client.send('a')
    await clock.advance(40)
    await say(['a', 1])
    expect(client.stats().rtt).toBe(75)
    client.send('b')
    await clock.advance(500)
    await say(['a', 2])
    expect(client.stats().rtt, 'what came in the meantime may have been held back').toBe(75)
  })
})
