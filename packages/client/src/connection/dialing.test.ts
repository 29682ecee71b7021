import { describe, expect, it, vi } from 'vitest'
import { createRandom, settleMicrotasks } from '@holdfast/testing'
import { setUp } from '../../test/support/set-up.ts'
import type { BackoffContext, Client } from '../index.ts'

describe('backoff', () => {
  const delayOf = async (backoff: () => number): Promise<number> => {
    const { client, clock, network, open } = setUp({ backoff })
    await open()
    network.last.end(1013)
    return client.state.retryAt! - clock.wall()
  }

  it('may be a function, which cannot go below what the server asked for', async () => {
    expect(await delayOf(() => 12_345)).toBe(12_345)
    expect(await delayOf(() => 5)).toBe(10_000)
  })

  it('that throws or makes no sense is replaced by the default', async () => {
    const thrower = (): number => {
      throw new Error('mine')
    }
    for (const backoff of [thrower, () => NaN, () => -1, () => undefined as never])
      expect(await delayOf(backoff)).toBe(20_000)
    const { network, reported, open } = setUp({ backoff: thrower })
    await open()
    network.last.end()
    expect(reported).toEqual([new Error('mine')])
  })

  it('that is asynchronous is replaced by the default, and its rejection is reported', async () => {
    const late = async (): Promise<number> => Promise.reject(new Error('late'))
    expect(await delayOf(late as never)).toBe(20_000)
    const { network, reported, open } = setUp({ backoff: late as never })
    await open()
    network.last.end()
    await settleMicrotasks()
    expect(reported).toEqual([new Error('late')])
  })

  it('is told how many attempts have failed, and why', async () => {
    const backoff = vi.fn(() => 100)
    const { network, clock, open } = setUp({ backoff })
    await open()
    await clock.advance(6_000)
    network.last.end()
    await clock.advance(100)
    network.last.end()
    expect(backoff.mock.calls).toEqual([
      [{ failures: 0, cause: { reason: 'lost', code: 1006 }, random: 0.5, isHidden: false }],
      [{ failures: 1, cause: { reason: 'unreachable', code: 1006 }, random: 0.5, isHidden: false }],
    ])
  })
})

describe('a path that keeps breaking', () => {
  /** Which part of ten minutes a client is connected whose path is cut at each multiple of so many milliseconds. */
  const shareOf = async (every: number, options = {}): Promise<number> => {
    const random = createRandom(1)
    const { client, clock, network } = setUp({ ...options, ports: { random } })
    let connected = 0
    void client.connect()
    await settleMicrotasks()
    for (let now = 0; now < 600_000; now += 50) {
      if (network.last.readyState === 0) network.last.open()
      if (now % every === 0 && network.last.readyState === 1) network.last.end()
      if (client.state.status === 'open') connected += 50
      await clock.advance(50)
    }
    await client.dispose()
    return connected / 600_000
  }

  it.each([
    [1_000, 0.18],
    [2_000, 0.7],
    [4_000, 0.82],
    [8_000, 0.92],
  ])(
    'every %d ms leaves the client connected for a share of %d of the time at least',
    async (every, share) => {
      expect(await shareOf(every)).toBeGreaterThan(share)
    },
  )

  it('is healed as fast with a backoff of the application that grows with the failures', async () => {
    const backoff = ({ failures, random }: BackoffContext): number => random * 1_000 * 2 ** failures
    expect(await shareOf(4_000, { backoff })).toBeGreaterThan(0.8)
  })
})

describe('an application that dials whenever it hears of an end', () => {
  /** How many dials there are in ten seconds, to a server that closes every connection at once. */
  const dialsOf = async (how: (client: Client) => void, code?: number): Promise<number> => {
    const { client, clock, network } = setUp()
    how(client)
    void client.connect()
    for (let now = 0; now < 10_000; now += 10) {
      await settleMicrotasks()
      if (network.last.readyState === 0) network.last.open()
      network.last.end(code)
      await clock.advance(10)
    }
    await client.dispose()
    return network.sockets.length
  }

  it.each<[string, (client: Client) => void, number?]>([
    ['reconnect() in down', (client) => void client.watch('down', () => void client.reconnect())],
    ['connect() in down', (client) => void client.watch('down', () => void client.connect())],
    ['connect() in closed', (client) => void client.watch('closed', () => void client.connect()), 4403],
    ['reconnect() in closed', (client) => void client.watch('closed', () => void client.reconnect()), 4403],
    [
      'disconnect() and connect() in down',
      (client) =>
        void client.watch('down', () => {
          void client.disconnect()
          void client.connect()
        }),
    ],
    [
      'disconnect() in down, and connect() once that is done',
      (client) => void client.watch('down', () => void client.disconnect().then(() => void client.connect())),
    ],
    ['reconnect() at every change', (client) => void client.subscribe(() => void client.reconnect())],
  ])('does not dial faster than minDelay: %s', async (_, how, code) => {
    const dials = await dialsOf(how, code)
    expect(dials).toBeGreaterThan(50)
    expect(dials).toBeLessThanOrEqual(101)
  })

  it('does not ask for tokens faster than that either, when they cannot be had', async () => {
    const token = vi.fn(() => Promise.reject(new Error('no')))
    const { client, clock } = setUp({ token })
    client.subscribe(() => void client.reconnect())
    void client.connect()
    await clock.advance(10_000)
    expect(token.mock.calls.length).toBeLessThanOrEqual(101)
    await client.dispose()
  })

  it('waits no longer than maxDelay for what it asks for, however long the shortest delay is', async () => {
    const { client, clock, network, open } = setUp({ backoff: { minDelay: Infinity, maxDelay: 2_000 } })
    await open()
    network.last.end()
    expect(client.state.retryAt).toBe(Infinity)
    void client.reconnect()
    await clock.advance(2_000)
    expect(network.sockets).toHaveLength(2)
  })

  it('is served at once when the connection was stable, and the first time', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    expect(network.sockets).toHaveLength(1)
    await clock.advance(5_000)
    void client.reconnect()
    await settleMicrotasks()
    expect(network.sockets).toHaveLength(2)
  })

  it('hears of the replaced connection, and of the moment of the next one, when that has to wait', async () => {
    const { client, clock, open } = setUp()
    const down = vi.fn()
    client.watch('down', down)
    await open()
    await clock.advance(40)
    void client.reconnect()
    expect(down.mock.calls).toEqual([[{ reason: 'reconnect' }]])
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'reconnect' } })
    expect(client.state.retryAt! - clock.wall()).toBe(60)
  })
})
