import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { codeOf, thrown } from '../test/support/failures.ts'
import { setUp } from '../test/support/set-up.ts'
import { correlated, events, ping, plain } from './index.ts'
import type { HoldfastError } from './index.ts'

describe('send()', () => {
  it('queues until the connection is open, then writes in order, before anybody hears that it is open', async () => {
    const { client, network, sent, open } = setUp()
    const first = client.send('a', { n: 1 })
    client.watch('open', () => client.send('c', { n: 3 }))
    client.send('b', { n: 2 })
    expect(client.stats()).toMatchObject({ queuedMessages: 2, queuedBytes: 36 })
    await open()
    expect(sent()).toEqual([
      { type: 'a', n: 1 },
      { type: 'b', n: 2 },
      { type: 'c', n: 3 },
    ])
    expect(await first).toEqual({ status: 'sent' })
    expect(client.stats()).toMatchObject({
      queuedMessages: 0,
      queuedBytes: 0,
      sentMessages: 3,
      sentBytes: 54,
    })
    expect(network.sockets).toHaveLength(1)
  })

  it('sends what the data was at the time of the call', async () => {
    const { client, network, sent, open } = setUp()
    const data = { n: 1 }
    const bytes = new Uint8Array([1])
    client.send('a', data)
    client.sendRaw(bytes)
    data.n = bytes[0] = 2
    await open()
    expect(network.last.sent[1]).toEqual(new Uint8Array([1]))
    network.last.sent.length = 1
    expect(sent()).toEqual([{ type: 'a', n: 1 }])
  })

  it('throws for misuse, and nothing is sent', async () => {
    const { client, network, open } = setUp()
    await open()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const wrong: (() => unknown)[] = [
      () => client.send(7 as never, {} as never),
      () => client.send('x', cycle),
      () => client.send('x', { big: 1n }),
      () => client.send('x', 'text'),
      () => client.send('x', () => {}),
      () => client.send('x', { type: 'y' }),
      () => client.send('x', {}, { ttl: -1 }),
      () => client.send('x', {}, { ttl: NaN }),
      () => client.request('x', {}, { timeout: NaN }),
      () => client.sendRaw({} as never),
      () => client.sendRaw(undefined as never),
      () => client.sendRaw('lone \ud800 surrogate'),
      () => client.request('x', {}),
    ]
    for (const call of wrong) expect(thrown(call).code).toBe('misuse')
    expect(thrown(() => client.send('x', cycle)).cause).toBeInstanceOf(TypeError)
    expect(network.last.sent).toEqual([])
    expect(client.state.status).toBe('open')
  })

  it('does not write to a socket that is closing, which would drop it silently', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    const dying = network.last
    dying.close()
    const delivery = client.send('x', {})
    expect(delivery.outcome).toBeUndefined()
    dying.end()
    await clock.advance(2_000)
    network.last.open()
    expect(delivery.outcome).toEqual({ status: 'sent' })
    expect(network.last.sent).toEqual(['{"type":"x"}'])
  })

  it('neither loses nor repeats a message when the socket throws', async () => {
    const { client, clock, network, open } = setUp()
    for (const n of [1, 2, 3]) client.send('x', { n })
    void client.connect()
    await settleMicrotasks()
    network.last.failures = 1
    network.last.open()
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'send-failed' } })
    client.send('x', { n: 4 })
    await clock.advance(5_000)
    network.last.open()
    expect(network.sockets[0]!.sent).toEqual([])
    expect(network.last.sent).toEqual([1, 2, 3, 4].map((n) => `{"type":"x","n":${n}}`))
    void open
  })

  it('takes bytes of another page, and a part of a buffer', async () => {
    const { client, network, open } = setUp()
    await open()
    client.sendRaw(runInNewContext('new Uint8Array([1, 2]).buffer') as ArrayBuffer)
    client.sendRaw(new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2))
    expect(network.last.sent).toEqual([new Uint8Array([1, 2]), new Uint8Array([2, 3])])
  })

  it('is heard of by listeners for which the state is open', async () => {
    const { client, open } = setUp()
    const states: string[] = []
    client.watch('settled', () => states.push(client.state.status))
    client.send('x', {})
    await open()
    expect(states).toEqual(['open'])
  })

  it('reports the outcome of every message to listeners', () => {
    const { client } = setUp({ outbox: { maxMessages: 1 } })
    const settled: unknown[] = []
    client.watch('settled', (message) => settled.push(message))
    client.send('a', {})
    client.send('b', {})
    client.sendRaw('c')
    void client.dispose()
    const lost = (name: string | undefined, reason: string): object => ({
      name,
      outcome: { status: 'undelivered', reason },
    })
    expect(settled).toEqual([lost('b', 'overflow'), lost(undefined, 'overflow'), lost('a', 'disposed')])
  })

  it('orThrow() rejects for a message that did not go', async () => {
    const { client, open } = setUp()
    const error = (await client
      .send('x', {}, { volatile: true })
      .orThrow()
      .catch((reason: unknown) => reason)) as HoldfastError
    expect([error.code, error.outcome]).toEqual([
      'undelivered',
      { status: 'undelivered', reason: 'volatile' },
    ])
    await open()
    expect(await client.send('x', {}).orThrow()).toEqual({ status: 'sent' })
  })
})

describe('disconnect()', () => {
  it('closes cleanly, keeps the queue and the handlers, and resolves when the socket has closed', async () => {
    const { client, clock, network, open } = setUp()
    const heard = vi.fn()
    client.on('x', heard)
    await open()
    let closed = false
    void client.disconnect().then(() => (closed = true))
    expect(client.state).toMatchObject({ status: 'closing', cause: { reason: 'disconnect' } })
    expect(network.last.closes).toEqual([[1000]])
    const kept = client.send('later', {})
    await settleMicrotasks()
    expect(closed).toBe(false)
    network.last.end(1000)
    await settleMicrotasks()
    expect(closed).toBe(true)
    expect(client.state.status).toBe('closed')
    await clock.advance(100)
    await open()
    expect(kept.outcome).toEqual({ status: 'sent' })
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })

  it('writes the whole queue first, however slow the machine is', async () => {
    const { client, clock, network } = setUp()
    const queued = Array.from({ length: 100 }, (_, index) => client.send('x', { index }))
    client.watch('open', () => void client.disconnect())
    void client.connect()
    await settleMicrotasks()
    const socket = network.last
    const send = socket.send.bind(socket)
    socket.send = (data) => {
      clock.stall(20)
      send(data)
    }
    socket.open()
    expect(queued.map(({ outcome }) => outcome)).toEqual(queued.map(() => ({ status: 'sent' })))
    expect(client.state.status).toBe('closing')
  })

  it('waits two seconds for a peer that does not answer, and no longer', async () => {
    const { client, clock, open } = setUp()
    await open()
    const closed = codeOf(client.disconnect())
    await clock.advance(2_000)
    expect(await closed).toBe('resolved')
    expect(client.state.status).toBe('closed')
    expect(clock.pending).toBe(0)
  })

  it('discards the queue when asked to', async () => {
    const { client } = setUp()
    const delivery = client.send('x', {})
    await client.disconnect({ queue: 'discard' })
    expect(delivery.outcome).toEqual({ status: 'undelivered', reason: 'closed' })
  })

  it('keeps the queue unless it is asked to discard it', async () => {
    const { client } = setUp()
    const delivery = client.send('x', {})
    for (const queue of ['keep', 'drop'] as never[]) await client.disconnect({ queue })
    expect(delivery.outcome).toBeUndefined()
  })

  it('closes with a code and a reason, and tells them as the cause', async () => {
    const { client, network, open } = setUp()
    const closed = vi.fn()
    client.watch('closed', closed)
    await open()
    void client.disconnect({ code: 4_100, reason: 'bye…' })
    expect(network.last.closes).toEqual([[4_100, 'bye…']])
    network.last.end(4_100, 'bye…')
    expect(closed).toHaveBeenCalledWith({ reason: 'disconnect', code: 4_100, text: 'bye…' })
  })

  it.each([
    { code: 1_001 },
    { code: 2_999 },
    { code: 5_000 },
    { code: 4_000.5 },
    { code: NaN },
    { code: '4000' as never },
    { reason: 5 as never },
    { reason: 'é'.repeat(62) },
    { reason: '\ud800' },
  ])('refuses what pages cannot close with: %o', async (how) => {
    const { client, open } = setUp()
    await open()
    expect(thrown(() => void client.disconnect(how)).code).toBe('misuse')
    expect(client.state.status).toBe('open')
    expect(thrown(() => void client.disconnect({ code: 3_000, ...how })).code).toBe('misuse')
  })

  it('hears nothing more', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    client.on('x', heard)
    await open()
    void client.disconnect()
    network.last.message('{"type":"x"}')
    expect(heard).not.toHaveBeenCalled()
  })
})

describe('dispose()', () => {
  it('settles everything and leaves nothing behind', async () => {
    const wire = plain({ requests: correlated(), heartbeat: ping({ message: 'ping', isReply: () => false }) })
    const { client, clock, network, open } = setUp({ wire })
    await open()
    const values = events(client, 'x')
    const next = values.next()
    const request = codeOf(client.request('get', {}))
    network.last.bufferedAmount = 2_000_000
    const delivery = client.send('y', {}, { ttl: 5_000, key: 'k' })
    const drained = codeOf(client.drained())
    const [heard, closed] = [vi.fn(), vi.fn()]
    client.on('x', heard)
    client.watch('closed', closed)
    await client.dispose()
    await client.dispose()
    expect(delivery.outcome).toEqual({ status: 'undelivered', reason: 'disposed' })
    expect(await request).toBe('disposed')
    expect(await drained).toBe('disposed')
    expect(await next).toEqual({ done: true, value: undefined })
    expect(closed).toHaveBeenCalledOnce()
    expect(clock.pending).toBe(0)
    expect(network.live).toEqual([])
    network.last.message('{"type":"x"}')
    expect(heard).not.toHaveBeenCalled()
    expect(client.send('z', {}).outcome).toEqual({ status: 'undelivered', reason: 'disposed' })
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'dispose' } })
  })

  it('ends what waits for events, whether it is called in a listener or when all is closed already', async () => {
    const first = setUp()
    const ended = events(first.client, 'x').next()
    first.client.watch('open', () => void first.client.dispose())
    await first.open()
    expect(await ended).toEqual({ done: true, value: undefined })
    const second = setUp()
    await second.client.disconnect()
    const waiting = events(second.client, 'x').next()
    await second.client.dispose()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('is told once as `closed`, with its reason, also when the client is closed already', async () => {
    const { client, network, open } = setUp()
    const reasons: string[] = []
    client.watch('closed', ({ reason }) => {
      reasons.push(reason)
      void client.dispose()
    })
    await open()
    const waiting = events(client, 'x').next()
    network.last.end(4403)
    await client.dispose()
    expect(reasons).toEqual(['forbidden', 'dispose'])
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'dispose' } })
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('may be called in any listener', async () => {
    for (const kind of ['open', 'down', 'closed', 'settled', 'invalid', 'event', 'raw', 'state'] as const) {
      const { client, clock, network, reported, open } = setUp()
      const dispose = (): void => void client.dispose()
      if (kind === 'event') client.on('x', dispose)
      else if (kind === 'raw') client.onRaw(dispose)
      else if (kind === 'state') client.subscribe(dispose)
      else client.watch(kind, dispose)
      await open().catch(() => {})
      client.send('x', {})
      if (network.sockets.length > 0) {
        network.last.message('{"type":"x"}')
        network.last.message('text')
        network.last.end(4403)
      }
      await clock.advance(0)
      expect([kind, clock.pending, network.live.length]).toEqual([kind, 0, 0])
      expect([kind, client.state.status]).toEqual([kind, 'closed'])
      expect(reported).toEqual([])
    }
  })

  it('is what `await using` does', async () => {
    const { client } = setUp()
    {
      await using used = client
      void used
    }
    expect(await codeOf(client.connect())).toBe('disposed')
  })
})
