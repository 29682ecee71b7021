import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import type { Loss, Outcome } from '../../index.ts'
import { setUpSession, statuses } from '../../../test/support/set-up-session.ts'

describe('the end of a session', () => {
  it('is told with the code and the reason of the application', async () => {
    const { client, live, heard, network } = setUpSession()
    await live()
    void client.disconnect({ code: 4_100, reason: 'bye' })
    expect(heard().at(-1)).toEqual(['bye', { rx: 0, code: 4_100, reason: 'bye' }])
    expect(network.last.closes).toEqual([])
  })

  it('before there is one closes the socket with them', async () => {
    const { client, dial, network } = setUpSession()
    await dial()
    void client.disconnect({ code: 4_100, reason: 'bye' })
    expect(network.last.closes).toEqual([[4_100, 'bye']])
  })

  it('is said on disconnect, and the server has the last word on what was delivered', async () => {
    const { client, live, say, heard, network, clock } = setUpSession()
    const lost = vi.fn()
    client.watch('lost', lost)
    await live()
    const sends = [client.send('a'), client.send('b')]
    const closed = client.disconnect()
    expect(heard().slice(-1)).toEqual([['bye', { rx: 0 }]])
    expect(heard()).toContainEqual([2, 0, 'b'])
    await say(['bye', { rx: 1, total: 0 }])
    network.last.end(1000)
    await closed
    expect(statuses(sends)).toEqual(['delivered', 'open'])
    expect(lost).not.toHaveBeenCalled()

    await clock.advance(100)
    await live({ session: 's2' })
    expect(heard()[0]).toEqual(['hi', expect.not.objectContaining({ session: 's1' })])
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b'],
    ])
  })

  it('discards on disconnect what is certainly undelivered, if asked to', async () => {
    const { client, live, say, network } = setUpSession()
    await live()
    const delivery = client.send('a')
    const closed = client.disconnect({ queue: 'discard' })
    await say(['bye', { rx: 0 }])
    network.last.end(1000)
    await closed
    expect(statuses([delivery])).toEqual(['undelivered: closed'])
  })

  it('leaves unknown what a server does not answer for', async () => {
    const { client, live, clock, network } = setUpSession()
    await live()
    const delivery = client.send('a')
    void client.disconnect()
    await clock.advance(2_001)
    expect(client.state.status).toBe('closed')
    expect(statuses([delivery])).toEqual(['unknown: closed'])
    expect(network.live).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('settles everything on dispose', async () => {
    const { client, live, clock, heard } = setUpSession()
    await live({ window: [1, 1_000] })
    const sends = [client.send('a'), client.send('b')]
    const request = client.request('r').catch((error: unknown) => error)
    const settled: Outcome[] = []
    client.watch('settled', ({ outcome }) => settled.push(outcome))
    await client.dispose()
    expect(statuses(sends)).toEqual(['unknown: disposed', 'undelivered: disposed'])
    expect(await request).toMatchObject({ code: 'disposed' })
    expect(heard().at(-1)).toEqual(['bye', { rx: 0 }])
    expect(settled).toHaveLength(3)
    expect(clock.pending).toBe(0)
  })

  it('has a reason that can be logged, whatever the server says', async () => {
    const { client, live, say, ok, cut } = setUpSession()
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live()
    await cut()
    await say(ok({ session: 's2', lost: { why: 'gone\n\u001b[2J', rx: null, missed: null } }))
    expect(losses).toMatchObject([{ why: 'gone [2J' }])
  })

  it('comes as planned with a drain: everything out is settled, nothing new is written, then it dials as told', async () => {
    const { client, live, say, heard, network, clock, ok } = setUpSession()
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live()
    const first = client.send('a')
    const request = client.request('r')
    await settleMicrotasks()
    await say(['drain', { after: [3_000, 5_000], within: 10_000 }])
    const held = client.send('b')
    await say(['a', 1])
    expect(heard().at(-1)).toEqual([2, 0, 'r', null, { id: 1, absent: true }])
    await say([1, 2, null, 'answer', { re: 1 }])
    expect(await request).toBe('answer')
    expect(heard().at(-1)).toEqual(['bye', { rx: 1 }])
    await say([2, 2, 'too late'], ['bye', { rx: 2, total: 2 }])
    network.last.end(1012)
    expect(statuses([first, held])).toEqual(['delivered', 'open'])
    expect(losses).toEqual([{ why: 'drained', missed: 1, undelivered: 0, unknown: 0 }])
    await clock.advance(2_990)
    expect(network.sockets).toHaveLength(1)
    await clock.advance(2_020)
    expect(network.sockets).toHaveLength(2)
    network.last.open()
    await say(
      ['holdfast', { v: 1 }],
      ok({ session: 's2', key: 'k', ttl: 1, ping: 1_000, window: [9, 999], maxPayload: 2_000 }),
    )
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b'],
    ])
  })

  it.each([
    ['by a close', (end: () => void) => end()],
    ['by no close at all', () => {}],
  ])('keeps to what a drain asks for, an hour at most, when the server ends %s', async (_, finish) => {
    const { client, live, say, network, clock } = setUpSession()
    await live()
    await say(['drain', { after: [2 ** 53 - 1, 2 ** 53 - 1], within: 10_000 }], ['bye', { rx: 0, total: 0 }])
    finish(() => network.last.end(1012))
    await clock.advance(2_000)
    expect(client.state.status).toBe('waiting')
    expect(client.state.retryAt! - clock.wall()).toBeLessThanOrEqual(3_600_000)
    expect(client.state.retryAt! - clock.wall()).toBeGreaterThan(2_800_000)
  })

  it('answers during a drain, although nothing else is written', async () => {
    const { client, live, say, heard } = setUpSession()
    let answer: (value: unknown) => void = () => {}
    client.handle('slow', () => new Promise((resolve) => (answer = resolve)))
    await live()
    await say([1, 0, 'slow', 1, { id: 1 }], ['drain', { after: [0, 0], within: 10_000 }])
    client.send('new')
    answer('done')
    await settleMicrotasks()
    expect(heard().slice(3)).toEqual([[1, 1, null, 'done', { re: 1 }]])
    await say(['a', 1])
    expect(heard().slice(4)).toEqual([['bye', { rx: 1 }]])
  })

  it('comes from the server when its application closes it', async () => {
    const { client, live, say, heard, network, clock } = setUpSession()
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live()
    const delivery = client.send('a')
    await settleMicrotasks()
    await say(['bye', { rx: 1, total: 0 }])
    expect(heard().at(-1)).toEqual(['bye', { rx: 0 }])
    expect(statuses([delivery])).toEqual(['delivered'])
    expect(losses).toEqual([{ why: 'closed', missed: 0, undelivered: 0, unknown: 0 }])
    network.last.end(4403, 'kicked')
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'forbidden' } })
    await clock.advance(60_000)
    expect(network.sockets).toHaveLength(1)
  })
})
