import { describe, expect, test, vi } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { next } from '../support/stage.ts'
import { setEnds } from './ends.ts'
import type { Receiver } from './ends.ts'
import { outcomes, startPair, upTo } from './pair.ts'

expectNothingLeft()

const receivers: readonly Receiver[] = ['client', 'hub']
const count = 300
const all = upTo(count)

describe.each(receivers)('a handler of the %s that, in the middle of a pack,', (receiver) => {
  test('throws is reported once each time, and breaks nothing', async () => {
    await using ends = await setEnds(receiver)
    const { client, errors, send } = ends
    const got: unknown[] = []
    ends.on((data) => {
      if ((data as number) % 3 === 0) throw new Error(`at ${String(data)}`)
    })
    ends.on((data) => got.push(data))
    expect(await outcomes(all.map((number) => send(number)))).toEqual(all.map(() => 'delivered'))
    expect(got).toEqual(all)
    expect(errors.map((error) => (error as Error).message)).toEqual(
      all.filter((number) => number % 3 === 0).map((number) => `at ${number}`),
    )
    expect(client.stats().opens).toBe(1)
  })

  test('waits holds up neither acks nor the messages that follow', async () => {
    await using ends = await setEnds(receiver)
    const gate = Promise.withResolvers<void>()
    const begun: unknown[] = []
    const done: unknown[] = []
    ends.on(async (data) => {
      begun.push(data)
      await gate.promise
      done.push(data)
    })
    expect(await outcomes(all.map((number) => ends.send(number)))).toEqual(all.map(() => 'delivered'))
    expect([begun, done]).toEqual([all, []])
    gate.resolve()
    await gate.promise
    expect(done).toEqual(all)
  })

  test('blocks lets others have their turns, and the messages keep their order', async () => {
    await using ends = await setEnds(receiver)
    const got: unknown[] = []
    ends.on((data) => {
      got.push(data)
      block(3)
    })
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    const settled = await outcomes(upTo(100).map((number) => ends.send(number)))
    clearInterval(ticking)
    expect(settled).toEqual(upTo(100).map(() => 'delivered'))
    expect(got).toEqual(upTo(100))
    // 300 ms of work in slices of 10 to 12 ms.
    expect(turns).toBeGreaterThan(15)
  })

  test('sends is answered in order, and its own messages arrive in order', async () => {
    await using ends = await setEnds(receiver)
    const back: unknown[] = []
    const replies: PromiseLike<unknown>[] = []
    ends.on((data) => void replies.push(ends.reply(data)))
    ends.onReply((data) => back.push(data))
    await outcomes(all.map((number) => ends.send(number)))
    expect(await Promise.all(replies)).toEqual(all.map(() => ({ status: 'delivered' })))
    expect(back).toEqual(all)
  })

  test('removes itself or adds others is not called again, and the others are', async () => {
    await using ends = await setEnds(receiver)
    const got: string[] = []
    const off = ends.on((data) => {
      got.push(`first ${String(data)}`)
      if (data !== 1) return
      off()
      ends.on((later) => got.push(`second ${String(later)}`))
    })
    await outcomes(upTo(4).map((number) => ends.send(number)))
    expect(got).toEqual(['first 0', 'first 1', 'second 2', 'second 3'])
  })

  test('replaces the connection gets all messages once, and in order', async () => {
    await using ends = await setEnds(receiver)
    const { client } = ends
    const got: unknown[] = []
    ends.on((data) => {
      got.push(data)
      if ([10, 11, 150].includes(data as number)) void client.reconnect()
    })
    expect(await outcomes(all.map((number) => ends.send(number)))).toEqual(all.map(() => 'delivered'))
    expect(got).toEqual(all)
    expect(client.stats().opens).toBeGreaterThan(1)
    expect(ends.pair.hub.peers.size).toBe(1)
  })
})

describe('a handler that ends the session in the middle of a pack', () => {
  test('by `peer.close()` gets no more; the rest goes first into the next session, once and in order', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join({ backoff: () => 20 })
    const got: (readonly [isFirst: boolean, data: unknown])[] = []
    pair.hub.on('up', (data, from) => {
      got.push([from === peer, data])
      if (data === 100) from.close()
    })
    const ended = new Promise((resolve) => peer.onClose(resolve))
    const lost = next(client, 'lost')
    const sent = all.map((number) => client.send('up', number))
    sent.push(client.send('up', count))
    expect(await outcomes(sent)).toEqual(sent.map(() => 'delivered'))
    expect(got).toEqual(upTo(count + 1).map((number) => [number <= 100, number]))
    expect(await lost).toEqual({ why: 'closed', missed: 0, undelivered: count - 100, unknown: 0 })
    expect(await ended).toEqual({ why: 'closed', undelivered: 0, unknown: 0 })
    expect(pair.hub.stats()).toMatchObject({ sessions: 1, opened: 2 })
  })

  test('by `disconnect()` gets no more, and the server is told what it got', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join()
    const got: unknown[] = []
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    let closed: Promise<void> | undefined
    client.on('down', (data) => {
      got.push(data)
      client.send('up', data)
      if (data === 100) closed = client.disconnect()
    })
    const ended = new Promise((resolve) => peer.onClose(resolve))
    const settled = await outcomes(all.map((number) => peer.send('down', number)))
    expect(got).toEqual(upTo(101))
    expect(settled).toEqual(all.map((number) => (number <= 100 ? 'delivered' : 'undelivered: session-lost')))
    expect(await ended).toEqual({ why: 'left', undelivered: count - 101, unknown: 0 })
    await closed
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'disconnect' } })
    expect(up, 'what was sent before goes first').toEqual(upTo(101))

    const again = pair.nextPeer()
    await client.connect()
    await (await again).send('down', 'again')
    expect(got.slice(101)).toEqual(['again'])
  })

  test('by `dispose()` gets no more, and the server is told what it got', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join()
    const got: unknown[] = []
    client.on('down', (data) => {
      got.push(data)
      if (data === 100) void client.dispose()
    })
    pair.hub.handle('never', () => new Promise(() => {}))
    const asked = client.request('never').catch((error: { code: string }) => error.code)
    const settled = await outcomes(all.map((number) => peer.send('down', number)))
    expect(got).toEqual(upTo(101))
    expect(settled).toEqual(all.map((number) => (number <= 100 ? 'delivered' : 'undelivered: session-lost')))
    expect(await asked).toBe('disposed')
    expect(client.state.status).toBe('closed')
    await expect.poll(() => pair.hub.stats()).toMatchObject({ sessions: 0, connections: 0 })
  })

  test('by `hub.close()` gets no more, and the client is told what it got', async () => {
    await using pair = await startPair()
    const { client } = await pair.join()
    const got: unknown[] = []
    pair.hub.on('up', (data) => {
      got.push(data)
      if (data === 100) void pair.hub.close()
    })
    const lost = next(client, 'lost')
    const sent = all.map((number) => client.send('up', number))
    expect(await lost).toEqual({ why: 'closed', missed: 0, undelivered: count - 101, unknown: 0 })
    await client.dispose()
    expect(await outcomes(sent)).toEqual(
      all.map((number) => (number <= 100 ? 'delivered' : 'undelivered: disposed')),
    )
    expect(got).toEqual(upTo(101))
  })
})

test('a handler that blocks for seconds does not cost the connection', async () => {
  await using ends = await setEnds('client')
  const got: unknown[] = []
  ends.on((data) => {
    got.push(data)
    if (data === 0) block(2_600)
  })
  const sent = [ends.reply('unacknowledged meanwhile'), ...upTo(3).map((number) => ends.send(number))]
  expect(await outcomes(sent)).toEqual(sent.map(() => 'delivered'))
  expect(await outcomes([ends.send(3), ends.reply()])).toEqual(['delivered', 'delivered'])
  expect(got).toEqual(upTo(4))
  expect(ends.client.stats().opens).toBe(1)
})

test('listeners of the lifecycle that throw are reported once each, and the session goes on', async () => {
  await using ends = await setEnds('client')
  const { client, pair, errors } = ends
  for (const kind of ['open', 'down', 'settled'] as const)
    client.watch(kind, () => {
      throw new Error(`client ${kind}`)
    })
  for (const kind of ['open', 'down'] as const)
    pair.hub.watch(kind, () => {
      throw new Error(`hub ${kind}`)
    })
  const opened = next(client, 'open')
  pair.proxy.reset()
  await opened
  expect(await outcomes([client.send('up'), ends.send()])).toEqual(['delivered', 'delivered'])
  expect(errors.map((error) => (error as Error).message).toSorted()).toEqual([
    'client down',
    'client open',
    'client settled',
    'hub down',
    'hub open',
  ])
})

test.each(receivers)('a listener of the %s that rejects is reported once', async (receiver) => {
  await using ends = await setEnds(receiver)
  ends.on(async () => {
    await Promise.resolve()
    throw new Error('later')
  })
  await outcomes([ends.send()])
  await vi.waitFor(() => expect(ends.errors).toEqual([new Error('later')]), 15_000)
})

function block(time: number): void {
  for (const until = performance.now() + time; performance.now() < until;);
}
