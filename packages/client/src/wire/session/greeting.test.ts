import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { setUp } from '../../../test/support/set-up.ts'
import { plain } from '../../index.ts'
import type { HoldfastError } from '../../index.ts'
import { setUpSession } from '../../../test/support/set-up-session.ts'

describe('the greeting', () => {
  it('that is turned away is made again when the server says, and not before or after', async () => {
    const { client, network, clock, dial } = setUpSession({ ports: { random: () => 0.99 } })
    await dial()
    const waits: number[] = []
    for (let round = 0; round < 8; round++) {
      network.last.end(1013, '{"after":[4000,5000]}')
      waits.push(client.state.retryAt! - clock.wall())
      await clock.advance(5_000)
      network.last.open()
      await settleMicrotasks()
    }
    expect(waits).toEqual(Array(8).fill(4_990))
  })

  it('waits for the banner: nothing leaves the client before that', async () => {
    const { client, network, dial, say, heard } = setUpSession({ token: () => 'secret' })
    client.send('early', 1)
    await dial()
    expect(network.last.sent).toEqual([])
    await say(['holdfast', { v: 1 }])
    expect(heard()).toEqual([
      [
        'hi',
        {
          v: 1,
          client: expect.any(String),
          n: 1,
          window: [1_024, 1_048_576],
          maxPayload: 16_777_216,
          park: true,
          token: 'secret',
        },
      ],
    ])
    expect(client.state.status).toBe('connecting')
  })

  it('confirms the session at once, then sends what waited', async () => {
    const { client, live, heard } = setUpSession()
    const opened = vi.fn()
    client.watch('open', opened)
    const early = client.send('early', { a: 1 })
    await live()
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'early', { a: 1 }],
    ])
    expect(opened).toHaveBeenCalledWith(
      expect.objectContaining({ status: 'open', resumed: false, replayed: 0 }),
    )
    expect(early.outcome).toBeUndefined()
  })

  it.each([
    ['an event of a plain server', '{"type":"welcome"}'],
    ['text', 'hello'],
    ['an ok without a banner', '["ok",{}]'],
    ['bytes', new ArrayBuffer(3)],
  ])('gives up, and says so, when the server begins with %s', async (_, message) => {
    const { client, dial, network } = setUpSession()
    const connected = client.connect()
    await dial()
    network.last.message(message)
    const error = (await connected.catch((thrown: unknown) => thrown)) as HoldfastError
    expect([error.code, error.message]).toEqual(['wire-mismatch', expect.stringContaining('plain()')])
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'wire-mismatch' } })
    expect(network.last.sent).toEqual([])
  })

  it('gives up when three servers in a row say nothing', async () => {
    const { client, network, clock } = setUpSession()
    const connected = client.connect()
    await settleMicrotasks()
    for (let dial = 1; dial <= 3; dial++) {
      while (network.sockets.length < dial) await clock.advance(100)
      network.last.open()
      await clock.advance(4_999)
      expect(client.state.status).toBe('connecting')
      await clock.advance(2)
    }
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'wire-mismatch' } })
    await expect(connected).rejects.toMatchObject({ code: 'wire-mismatch' })
    expect(network.sockets).toHaveLength(3)
  })

  it('is told by the plain wire as well that the wires differ', async () => {
    for (const wire of [undefined, plain()]) {
      const { client, open, network } = setUp(wire && { wire })
      await open()
      network.last.message('["holdfast",{"v":1}]')
      expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'wire-mismatch' } })
      const { error } = client.state.cause as { error: HoldfastError }
      expect([error.code, error.message]).toEqual(['wire-mismatch', expect.stringContaining('session()')])
    }
  })

  it('only the first message of a plain server can be a banner', async () => {
    const { client, open, network } = setUp()
    const raw = vi.fn()
    client.onRaw(raw)
    await open()
    network.last.message('{"type":"hello"}')
    network.last.message('["holdfast",{"v":1}]')
    expect(client.state.status).toBe('open')
    expect(raw).toHaveBeenCalledWith('["holdfast",{"v":1}]')
  })

  it.each([
    ['a malformed ok', [['ok', { session: 's' }]]],
    [
      'a window of zero',
      [
        [
          'ok',
          {
            session: 's',
            key: 'k',
            rx: 0,
            identity: null,
            ttl: 1,
            ping: 1,
            window: [0, 1],
            maxPayload: 2_000,
          },
        ],
      ],
    ],
    ['a second banner', [['holdfast', { v: 1 }]]],
    ['data', [[1, 0, 'x', 1]]],
  ])('closes with 4400 on %s, and dials again', async (_, messages) => {
    const { client, dial, say, network } = setUpSession()
    await dial()
    await say(['holdfast', { v: 1 }], ...messages)
    expect(network.last.closes).toEqual([[4400]])
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'protocol' } })
  })
})

describe('tokens', () => {
  it('are given in the greeting of every connection, and in place when the server asks', async () => {
    let count = 0
    const token = vi.fn(() => `t${++count}`)
    const { live, say, heard, cut } = setUpSession({ token })
    await live()
    await say(['renew'])
    expect(heard().at(-1)).toEqual(['token', 't2'])
    await cut()
    expect(heard()).toEqual([['hi', expect.objectContaining({ token: 't3' })]])
    expect(token.mock.calls).toEqual([
      [{ reason: 'connect' }],
      [{ reason: 'renew' }],
      [{ reason: 'reconnect' }],
    ])
  })

  it('are fetched once a second at most, however often the server asks', async () => {
    let count = 0
    const { clock, live, say, heard } = setUpSession({ token: () => `t${++count}` })
    await live()
    await say(...Array.from({ length: 50 }, () => ['renew']))
    for (let i = 0; i < 5; i++) await say(['renew'])
    expect(count).toBe(2)
    expect(heard().at(-1)).toEqual(['token', 't2'])
    await clock.advance(1_000)
    await say(['renew'])
    expect(heard().at(-1)).toEqual(['token', 't3'])
  })

  it('are not sent again in place of fresh ones that could not be fetched', async () => {
    const token = vi.fn(() => 't1')
    const { live, say, heard, reported } = setUpSession({ token })
    await live()
    token.mockImplementation(() => {
      throw new Error('away')
    })
    for (let i = 0; i < 3; i++) await say(['renew'])
    expect(heard().filter((frame) => (frame as unknown[])[0] === 'token')).toEqual([])
    expect([token.mock.calls.length, reported.length]).toEqual([2, 3])
  })

  it('are asked for afresh once when refused, then the client gives up', async () => {
    const token = vi.fn(() => 't')
    const { client, live, cut, network } = setUpSession({ token })
    await live()
    await cut(4401)
    expect(token).toHaveBeenLastCalledWith({ reason: 'unauthorized' })
    network.last.end(4401)
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'unauthorized' } })
  })
})
