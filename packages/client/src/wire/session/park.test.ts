import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import type { Cause, Loss } from '../../index.ts'
import { setUpSession, statuses } from '../../../test/support/set-up-session.ts'

const park = ['drain', { after: [3_000, 5_000], within: 10_000, park: true }]

/** A client that is connected, and what its application hears of its connection. */
async function connect(options?: Parameters<typeof setUpSession>[0]) {
  const given = setUpSession(options)
  const { client, live, network, clock } = given
  const downs: Cause[] = []
  const losses: Loss[] = []
  const opened = vi.fn()
  client.watch('down', (cause) => downs.push(cause))
  client.watch('lost', (loss) => losses.push(loss))
  await live()
  client.watch('open', opened)
  /** Sends a message to the client, once the client has written what was sent in this turn. */
  const say = async (...messages: unknown[]): Promise<void> => {
    await settleMicrotasks()
    await given.say(...messages)
  }
  /** Waits for the dial to the next node, and gets as far as its greeting. */
  const next = async (): Promise<void> => {
    const { length } = network.sockets
    while (network.sockets.length === length) await clock.advance(100)
    network.last.open()
    await say(['holdfast', { v: 1 }])
  }
  return { ...given, say, downs, losses, opened, next }
}

const resuming = (rx: number): unknown =>
  expect.arrayContaining(['hi', expect.objectContaining({ n: 2, session: 's1', key: 'k1', rx, park: true })])

describe('a client whose session moves to another node', () => {
  it('settles what is out, acknowledges, closes without a bye, and resumes at the time that was announced', async () => {
    const { client, say, heard, ok, network, clock, downs, losses, opened } = await connect()
    const first = client.send('a')
    await say([1, 0, 'tick'])
    await say([2, 0, 'tick'], park)
    const late = client.send('b')
    await settleMicrotasks()
    expect([heard().slice(2), network.last.closes]).toEqual([
      [
        [1, 0, 'a'],
        ['a', 1],
      ],
      [],
    ])
    await say(['a', 1])
    expect(heard().slice(4)).toEqual([['a', 2]])
    expect(network.last.closes).toEqual([[1000]])
    expect([statuses([first, late]), losses]).toEqual([['delivered', 'open'], []])
    expect([downs, client.state.status, client.state.cause]).toEqual([
      [{ reason: 'drained' }],
      'waiting',
      { reason: 'drained' },
    ])

    await clock.advance(2_990)
    expect(network.sockets).toHaveLength(1)
    await clock.advance(2_020)
    expect(network.sockets).toHaveLength(2)
    network.last.open()
    await say(['holdfast', { v: 1 }])
    expect(heard()).toEqual([resuming(2)])
    await say(ok({ rx: 1 }), [3, 1, 'tick'])
    expect(heard().slice(1)).toEqual([
      ['a', 2],
      [2, 2, 'b'],
      ['a', 3],
    ])
    expect(opened).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ resumed: true, replayed: 0 }))
    await say(['a', 2])
    expect([statuses([late]), losses]).toEqual([['delivered'], []])
  })

  it('has nothing to wait for when nothing is out', async () => {
    const { say, heard, network } = await connect()
    await say(park)
    expect([heard().at(-1), network.last.closes]).toEqual([['a', 0], [[1000]]])
  })

  it('waits for the handlers that it runs, and until their answers have arrived', async () => {
    const { client, say, heard, network } = await connect()
    let answer: (value: unknown) => void = () => {}
    client.handle('slow', () => new Promise((resolve) => (answer = resolve)))
    await say([1, 0, 'slow', 1, { id: 1 }], park)
    answer('done')
    await settleMicrotasks()
    expect(heard().at(-1)).toEqual([1, 1, null, 'done', { re: 1 }])
    expect(network.last.closes).toEqual([])
    await say(['a', 1])
    expect(network.last.closes).toEqual([[1000]])
  })

  it('does not wait for a handler whose answer nobody waits for any more', async () => {
    const { client, say, network } = await connect()
    client.handle('slow', () => new Promise(() => {}))
    await say([1, 0, 'slow', 1, { id: 1 }], park)
    expect(network.last.closes).toEqual([])
    await say([2, 0, null, null, { off: 1 }])
    expect(network.last.closes).toEqual([[1000]])
  })

  it('gets the answers to its own requests from the next node', async () => {
    const { client, say, ok, network, next } = await connect()
    const requests = [client.request('a'), client.request('b').catch((error: unknown) => error)]
    await say(['a', 2], park)
    expect(network.last.closes).toEqual([[1000]])
    await next()
    await say(ok({ rx: 2 }), [1, 2, null, 'answer', { re: 1 }])
    // The node that ran the handler has died.
    await say([2, 2, null, null, { re: 2, error: 'interrupted', message: 'the node has ended' }])
    expect(await requests[0]).toBe('answer')
    expect(await requests[1]).toMatchObject({ code: 'remote', reason: 'interrupted' })
  })

  it.each([
    ['because the node waits no longer', 1012, '{"after":[3000,5000]}'],
    ['because the connection breaks', 1006, ''],
  ])('keeps its session when the connection ends before it is done, %s', async (_, code, reason) => {
    const { client, say, heard, ok, network, clock, losses, next } = await connect()
    const sends = [client.send('a'), client.send('b')]
    await say(park)
    sends.push(client.send('c'))
    await say(['a', 1])
    network.last.end(code, reason)
    expect(client.state.retryAt! - clock.wall()).toBeGreaterThanOrEqual(2_990)
    await next()
    expect(heard()).toEqual([resuming(0)])
    await say(ok({ rx: 1 }))
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [2, 0, 'b'],
      [3, 0, 'c'],
    ])
    await say(['a', 3])
    expect([statuses(sends), losses]).toEqual([['delivered', 'delivered', 'delivered'], []])
  })

  it('keeps it as well while a node cannot get the session, and dials again when that node says', async () => {
    const { client, say, heard, ok, network, clock, losses, next } = await connect()
    await say(park)
    const delivery = client.send('a')
    await next()
    network.last.end(1013, '{"after":[4000,4000]}')
    expect(client.state.retryAt! - clock.wall()).toBeLessThanOrEqual(4_000)
    await next()
    expect(heard()).toEqual([['hi', expect.objectContaining({ n: 3, session: 's1', key: 'k1', rx: 0 })]])
    await say(ok(), ['a', 1])
    expect([statuses([delivery]), losses]).toEqual([['delivered'], []])
  })

  it('gives a fresh token meanwhile', async () => {
    let count = 0
    const { client, say, heard, network } = await connect({ token: () => `t${++count}` })
    client.send('a')
    await say(park, ['renew'])
    expect(heard().at(-1)).toEqual(['token', 't2'])
    await say(['a', 1])
    expect(network.last.closes).toEqual([[1000]])
  })

  it('ends its session with a bye when the application disconnects meanwhile', async () => {
    const { client, live, say, heard, network, clock, losses } = await connect()
    const sends = [client.send('a'), client.send('b')]
    await say(park, ['a', 1])
    const closed = client.disconnect()
    expect(heard().at(-1)).toEqual(['bye', { rx: 0 }])
    await say(['bye', { rx: 1, total: 0 }])
    network.last.end(1012)
    await closed
    expect([statuses(sends), losses, client.state.status]).toEqual([['delivered', 'open'], [], 'closed'])
    await clock.advance(5_000)
    await live({ session: 's2' })
    expect(heard()[0]).toEqual(['hi', expect.not.objectContaining({ session: 's1' })])
    expect(heard().at(-1)).toEqual([1, 0, 'b'])
  })

  it('leaves nothing behind when it is disposed of, before or after it has closed', async () => {
    for (const isClosed of [false, true]) {
      const { client, say, heard, clock, network } = await connect()
      const delivery = client.send('a')
      await say(park)
      if (isClosed) await say(['a', 1])
      await client.dispose()
      expect(heard().at(-1)).toEqual(isClosed ? ['a', 0] : ['bye', { rx: 0 }])
      expect(statuses([delivery])).toEqual([isClosed ? 'delivered' : 'unknown: disposed'])
      expect([clock.pending, network.live]).toEqual([0, []])
    }
  })

  it('names its session also when the application dials at once', async () => {
    const { client, say, heard, network, clock } = await connect()
    client.send('a')
    await say(park)
    void client.reconnect()
    await clock.advance(100)
    network.last.open()
    await say(['holdfast', { v: 1 }])
    expect(heard()).toEqual([resuming(0)])
  })

  it('reports the loss when the next node has lost the session, by its final cursor', async () => {
    const { client, say, heard, ok, losses, opened, next } = await connect()
    const first = client.send('a')
    await say(['a', 1], park)
    const late = client.send('b')
    await next()
    await say(ok({ session: 's2', key: 'k2', lost: { why: 'expired', rx: 1, missed: 2 } }))
    expect(losses).toEqual([{ why: 'expired', missed: 2, undelivered: 0, unknown: 0 }])
    expect(opened).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ resumed: false }))
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b'],
    ])
    expect(statuses([first, late])).toEqual(['delivered', 'open'])
  })

  it('writes nothing new once it is asked to leave', async () => {
    const { client, say, heard } = await connect()
    const held = client.send('a', 'x'.repeat(9))
    await say(park)
    const late = [client.send('b'), client.send('c', 1, { volatile: true })]
    await settleMicrotasks()
    expect(heard().slice(2)).toEqual([[1, 0, 'a', 'xxxxxxxxx']])
    expect(statuses([held, ...late])).toEqual(['open', 'open', 'undelivered: volatile'])
  })
})

describe('a session of which a store has lost the last messages', () => {
  it('is lost without a final cursor, by no fault of the server, and the next greeting names none', async () => {
    const { client, say, heard, ok, cut, network, clock, losses, downs } = await connect()
    const sends = [client.send('a'), client.send('b')]
    await say(['a', 1])
    const request = client.request('r').catch((error: unknown) => error)
    await settleMicrotasks()
    await cut()
    sends.push(client.send('c'))
    await say(ok({ rx: 0 }))
    const unknown = 'unknown: session-lost'
    expect(statuses(sends)).toEqual(['delivered', unknown, 'open'])
    expect(await request).toMatchObject({ code: 'unknown' })
    expect(losses).toEqual([{ why: 'unknown', missed: undefined, undelivered: 0, unknown: 2 }])
    expect(network.last.closes).toEqual([[1000]])
    expect([downs.length, client.state.status, client.state.cause]).toEqual([
      1,
      'waiting',
      { reason: 'lost' },
    ])
    await clock.advance(5_000)
    network.last.open()
    await say(['holdfast', { v: 1 }])
    expect(heard()).toEqual([['hi', expect.not.objectContaining({ session: 's1' })]])
    await say(ok({ session: 's2' }))
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'c'],
    ])
    expect(losses).toHaveLength(1)
  })

  it('is lost as often as it takes, without giving up', async () => {
    const { client, say, ok, cut, clock, network, losses } = await connect()
    for (let round = 1; round <= 5; round++) {
      const delivery = client.send('a')
      await say(['a', 1])
      expect(statuses([delivery])).toEqual(['delivered'])
      await cut()
      await say(ok({ session: `s${round}`, rx: 0 }))
      expect([losses.length, client.state.status]).toEqual([round, 'waiting'])
      const { length } = network.sockets
      while (network.sockets.length === length) await clock.advance(100)
      network.last.open()
      await say(['holdfast', { v: 1 }], ok({ session: `s${round + 1}` }))
    }
    expect(client.state.status).toBe('open')
  })
})
