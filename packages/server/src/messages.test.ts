import { encodeBinary } from '@holdfast/protocol'
import type { Hi } from '@holdfast/protocol'
import { settleMicrotasks } from '@holdfast/testing'
import * as v from 'valibot'
import { describe, expect, it, vi } from 'vitest'
import { resuming, setUp } from '../test/support/set-up.ts'
import type { FakeClient } from '../test/support/set-up.ts'
import { HoldfastError, isHoldfastError, schemas } from './index.ts'
import type { HubOptions, Peer, RequestLike, ServerContractOf } from './index.ts'

const codeOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return isHoldfastError(error) ? error.code : error
  }
  return 'did not throw'
}
const bytes = (head: string, data: number[]): Uint8Array =>
  encodeBinary(1, 0, { head, bytes: new Uint8Array(data) }, (text) => new TextEncoder().encode(text))

describe('events of clients', () => {
  it('reach the listeners of their name, with the peer, in order', async () => {
    const { hub, join, peers } = setUp()
    const got: unknown[] = []
    hub.on('a', (data, peer) => got.push(['a', data, peer === peers[0]]))
    hub.on('b', (data) => got.push(['b', data]))
    hub.onAny((name, data) => got.push(['any', name, data]))
    const client = await join()
    await client.say([
      [1, 0, 'a', 1],
      [2, 0, 'b', 2],
      [0, 0, 'c', 3],
    ])
    expect(got).toEqual([
      ['a', 1, true],
      ['any', 'a', 1],
      ['b', 2],
      ['any', 'b', 2],
      ['any', 'c', 3],
    ])
  })

  it('tell absent data from null', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.on('a', (data) => got.push(data))
    const client = await join()
    await client.say([
      [1, 0, 'a'],
      [2, 0, 'a', null],
      [3, 0, 'a', null, { absent: true }],
    ])
    expect(got).toEqual([undefined, null, undefined])
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'may have any name, such as %o',
    async (name) => {
      const { hub, join, reported } = setUp()
      const listener = vi.fn<(data: unknown) => void>()
      const client = await join()
      await client.say([1, 0, name, { polluted: true }])
      hub.on(name, listener)
      await client.say([2, 0, name, 7])
      expect(listener.mock.calls.map(([data]) => data)).toEqual([7])
      expect(({} as { polluted?: true }).polluted).toBeUndefined()
      expect(reported).toEqual([])
    },
  )

  it('carry bytes', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.on('a', (data) => got.push(data))
    const client = await join()
    await client.say(bytes(',"a"', [1, 2, 3]))
    expect(got).toEqual([new Uint8Array([1, 2, 3])])
  })

  it('are not handed to a listener that was removed, by itself or by another one', async () => {
    const { hub, join } = setUp()
    const got: string[] = []
    const offs: (() => void)[] = []
    offs.push(
      hub.on('a', () => {
        got.push('first')
        for (const off of offs) off()
      }),
    )
    offs.push(hub.on('a', () => got.push('second')))
    hub.on('a', () => got.push('third'))
    const client = await join()
    await client.say([
      [1, 0, 'a'],
      [2, 0, 'a'],
    ])
    expect(got).toEqual(['first', 'third', 'third'])
    for (const off of offs) off()
  })

  it('are handed to a function as often as it was added', async () => {
    const { hub, join } = setUp()
    const listener = vi.fn<() => void>()
    hub.on('a', listener)
    const off = hub.on('a', listener)
    const client = await join()
    await client.say([1, 0, 'a'])
    off()
    await client.say([2, 0, 'a'])
    expect(listener).toHaveBeenCalledTimes(3)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('oops')
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
  ])('are acknowledged and go on when a listener %s, which is reported once', async (_, fail) => {
    const { hub, join, reported } = setUp()
    const got: unknown[] = []
    hub.on('a', fail)
    hub.on('a', (data) => got.push(data))
    const client = await join()
    await client.say([
      [1, 0, 'a', 1],
      [2, 0, 'b', 2],
    ])
    expect(got).toEqual([1])
    expect(reported).toEqual([new Error('oops')])
    expect(client.take()).toEqual([['a', 2]])
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('are acknowledged before a slow listener is done', async () => {
    const { hub, join } = setUp()
    hub.on('a', () => new Promise(() => {}))
    const client = await join()
    await client.say([1, 0, 'a'])
    expect(client.take()).toEqual([['a', 1]])
  })

  it('stop when a listener closes the session, and what follows was certainly not delivered', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.on('a', (data, peer) => {
      got.push(data)
      peer.close()
    })
    const client = await join()
    await client.say([
      [1, 0, 'a', 1],
      [2, 0, 'a', 2],
    ])
    expect(got).toEqual([1])
    expect(client.take()).toEqual([['bye', { rx: 1, total: 0 }]])
  })

  it('stop when a listener closes the hub', async () => {
    const { clock, hub, join } = setUp()
    const got: unknown[] = []
    hub.on('a', (data) => {
      got.push(data)
      void hub.close()
    })
    const client = await join()
    await client.say([
      [1, 0, 'a', 1],
      [2, 0, 'a', 2],
    ])
    expect(got).toEqual([1])
    await client.say(['bye', { rx: 0 }])
    await hub.close()
    expect([clock.pending, hub.stats().connections]).toEqual([0, 0])
  })

  it('leave other clients alone while those of one are handled in slices', async () => {
    const { clock, hub, join } = setUp()
    const got: unknown[] = []
    hub.on('slow', (data) => {
      got.push(data)
      clock.stall(11)
    })
    hub.on('quick', () => got.push('quick'))
    const one = await join()
    const other = await join({ client: 'c2' })
    one.socket.message([1, 2, 3].map((seq) => [seq, 0, 'slow', seq]))
    other.socket.message([1, 0, 'quick'])
    await clock.advance(100)
    expect(got).toEqual([1, 'quick', 2, 3])
  })

  it('that nobody listens to are told to `unhandled`, and `onAny` counts as a listener', async () => {
    const { heard, hub, join } = setUp()
    const client = await join()
    const raw = (seq: number): unknown[] => [seq, 0, null, 'text', { raw: true }]
    await client.say([1, 0, 'mesage', { x: 1 }])
    await client.say(raw(2))
    expect(heard.slice(-2)).toEqual([
      ['unhandled', { name: 'mesage', data: { x: 1 } }],
      ['unhandled', { name: undefined, data: 'text' }],
    ])
    const got: unknown[] = []
    hub.onRaw((data) => got.push(data))
    const offAny = hub.onAny((name) => got.push(name))
    await client.say([3, 0, 'mesage'])
    await client.say(raw(4))
    offAny()
    hub.on('mesage', (data) => got.push(data))
    await client.say([5, 0, 'mesage', 5])
    expect(got).toEqual(['mesage', 'text', 5])
    expect(hub.stats()).toMatchObject({ unhandled: 2, invalid: 0, receivedMessages: 5 })
  })
})

describe('messages to clients', () => {
  it('are packed at the end of the turn, and delivered when they are acknowledged', async () => {
    const { hub, join, peers } = setUp()
    const client = await join()
    const one = peers[0]!.send('m', { x: 1 })
    const two = peers[0]!.send('m')
    await settleMicrotasks()
    expect(client.take()).toEqual([
      [
        [1, 0, 'm', { x: 1 }],
        [2, 0, 'm'],
      ],
    ])
    expect(hub.stats()).toMatchObject({ bufferedMessages: 2, deliveredMessages: 0 })
    await client.say(['a', 2])
    expect(await Promise.all([one, two])).toEqual([{ status: 'delivered' }, { status: 'delivered' }])
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0, deliveredMessages: 2 })
  })

  it('wait for the window of the client', async () => {
    const { join, peers } = setUp()
    const client = await join({ window: [2, 100_000] })
    for (let n = 1; n <= 5; n++) peers[0]!.send('m', n)
    await settleMicrotasks()
    expect(client.take()).toEqual([
      [
        [1, 0, 'm', 1],
        [2, 0, 'm', 2],
      ],
    ])
    await client.say(['a', 1])
    expect(client.take()).toEqual([[3, 0, 'm', 3]])
    await client.say(['a', 3])
    expect(client.take()).toEqual([
      [
        [4, 0, 'm', 4],
        [5, 0, 'm', 5],
      ],
    ])
  })

  it('can be volatile: sent now or not at all', async () => {
    const { join, peers } = setUp()
    const client = await join()
    const sent = peers[0]!.send('cursor', 1, { volatile: true })
    await settleMicrotasks()
    expect(client.take()).toEqual([[0, 0, 'cursor', 1]])
    expect(sent.outcome).toEqual({ status: 'sent' })
    client.socket.end()
    const dropped = peers[0]!.send('cursor', 2, { volatile: true })
    expect(await dropped).toEqual({ status: 'undelivered', reason: 'volatile' })
  })

  it('can expire, be replaced and be cancelled while the client is away', async () => {
    const { clock, dial, join, peers } = setUp()
    const client = await join()
    client.socket.end()
    const [peer] = peers
    const old = peer!.send('price', 1, { key: 'x' })
    peer!.send('price', 2, { key: 'x' })
    const short = peer!.send('m', 'short', { ttl: 100 })
    const cancelled = peer!.send('m', 'no')
    cancelled.cancel()
    await clock.advance(200)
    const back = dial()
    await back.greet(resuming(client.ok, 0))
    expect(back.take().slice(2)).toEqual([[1, 0, 'price', 2]])
    expect([old, short, cancelled].map(({ outcome }) => outcome)).toEqual([
      { status: 'undelivered', reason: 'replaced' },
      { status: 'undelivered', reason: 'expired' },
      { status: 'undelivered', reason: 'cancelled' },
    ])
  })

  it('can be raw text and bytes', async () => {
    const { join, peers } = setUp()
    const client = await join()
    peers[0]!.sendRaw('text')
    peers[0]!.sendRaw(new Uint8Array([1, 2]).buffer)
    peers[0]!.send('bytes', new Uint8Array([3]))
    await settleMicrotasks()
    const [text, raw, event] = client.take()
    expect(text).toEqual([1, 0, null, 'text', { raw: true }])
    expect(Buffer.from(raw as Uint8Array).toString('latin1', 2)).toBe('[2,0,null,null,{"raw":true}]\x01\x02')
    expect(Buffer.from(event as Uint8Array).toString('latin1', 2)).toBe('[3,0,"bytes"]\x03')
  })

  it.each<[string, (peer: Peer) => unknown]>([
    ['a name that is no text', (peer) => peer.send(7 as never, 1 as never)],
    ['data that is no JSON', (peer) => peer.send('m', 1n)],
    ['a function', (peer) => peer.send('m', () => {})],
    ['a name without end', (peer) => peer.send('x'.repeat(1_025))],
    ['a ttl that is none', (peer) => peer.send('m', 1, { ttl: -1 })],
    ['raw nothing', (peer) => peer.sendRaw(7 as never)],
    ['a timeout that is none', (peer) => peer.request('m', 1, { timeout: NaN })],
    ['a close code of the protocol', (peer) => peer.close(1006)],
    ['a reason without end', (peer) => peer.close(4410, 'x'.repeat(124))],
    ['a listener that is none', (peer) => peer.onClose(7 as never)],
  ])('refuse %s', async (_, misuse) => {
    const { join, peers } = setUp()
    const client = await join()
    expect(codeOf(() => misuse(peers[0]!))).toBe('misuse')
    await settleMicrotasks()
    expect(client.take()).toEqual([])
  })

  it('to a session that has ended are undelivered', async () => {
    const { join, peers } = setUp()
    const client = await join()
    await client.say(['bye', { rx: 0 }])
    const outcome = { status: 'undelivered', reason: 'session-lost' }
    expect(await peers[0]!.send('m', 1)).toEqual(outcome)
    expect(await peers[0]!.request('m').catch((error: unknown) => error)).toMatchObject({
      code: 'undelivered',
      outcome,
    })
    peers[0]!.close()
    peers[0]!.renew()
  })
})

describe('broadcast', () => {
  it('reaches everybody but those it is not for', async () => {
    const { hub, join, peers } = setUp()
    const clients = [await join(), await join({ client: 'c2' }), await join({ client: 'c3' })]
    const [a, b, c] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]]
    hub.broadcast('all', 1)
    hub.broadcast('not a', 2, { except: a })
    hub.broadcast('not a, b', 3, { except: [a, b] })
    hub.broadcast('not c', 4, { except: (peer) => peer === c })
    await settleMicrotasks()
    const names = clients.map((client) =>
      client
        .take()
        .flat()
        .map((frame) => (frame as unknown[])[2]),
    )
    expect(names).toEqual([
      ['all', 'not c'],
      ['all', 'not a', 'not c'],
      ['all', 'not a', 'not a, b'],
    ])
  })

  it('reaches nobody and is misuse when `except` is asynchronous, because a promise is no answer', async () => {
    const { hub, join } = setUp()
    const client = await join()
    client.take()
    const except = async (): Promise<boolean> => Promise.reject(new Error('late'))
    expect(() => hub.broadcast('tick', 1, { except: except as never })).toThrow('synchronously')
    await settleMicrotasks()
    expect(client.take()).toEqual([])
  })

  it('encodes its data once', async () => {
    const { hub, join } = setUp()
    await join()
    await join({ client: 'c2' })
    const toJSON = vi.fn(() => 'x')
    hub.broadcast('m', { toJSON })
    expect(toJSON).toHaveBeenCalledOnce()
  })

  it('waits for those who are away, unless it is volatile, and leaves out who has not confirmed', async () => {
    const { dial, hub, join } = setUp()
    const client = await join()
    client.socket.end()
    hub.broadcast('kept', 1)
    hub.broadcast('lost', 2, { volatile: true })
    const back = dial()
    await back.greet(resuming(client.ok, 0))
    expect(back.take().slice(2)).toEqual([[1, 0, 'kept', 1]])
    hub.broadcast('nobody', 1)
  })

  it('refuses what cannot be encoded', () => {
    const { hub } = setUp()
    expect(codeOf(() => hub.broadcast('m', 1n))).toBe('misuse')
  })
})

describe('requests of clients', () => {
  it.each<[string, (input: number) => unknown]>([
    ['returns', (input) => input + 1],
    ['resolves to', (input) => Promise.resolve(input + 1)],
  ])('are answered by what the handler %s', async (_, handler) => {
    const { hub, join } = setUp()
    hub.handle('next', handler as never)
    const client = await join()
    await client.say([1, 0, 'next', 41, { id: 7 }])
    expect(client.frames()).toEqual([[1, 1, null, 42, { re: 7 }]])
  })

  it.each<[string, unknown, object, unknown]>([
    ['no handler is for', undefined, { error: 'unhandled', message: `no handler for 'ask'` }, null],
    ['fail', new Error('secret'), { error: 'internal', message: 'the handler failed' }, null],
    [
      'are refused',
      new HoldfastError('remote', 'not today', { reason: 'closed', data: { opens: 9 } }),
      { error: 'closed', message: 'not today' },
      { opens: 9 },
    ],
  ])('that %s are answered so', async (_, error, answer, data) => {
    const { hub, join, reported } = setUp()
    if (error)
      hub.handle('ask', () => {
        throw error
      })
    const client = await join()
    await client.say([1, 0, 'ask', 1, { id: 1 }])
    const [frame = []] = client.frames()
    expect(frame.slice(0, 4)).toEqual([1, 1, null, data])
    expect(frame[4]).toMatchObject({ re: 1, ...answer })
    expect(reported).toEqual(error instanceof HoldfastError || !error ? [] : [error])
  })

  it('are answered once the client is back', async () => {
    const { dial, hub, join } = setUp()
    const { promise, resolve } = Promise.withResolvers<string>()
    hub.handle('slow', () => promise)
    const client = await join()
    await client.say([1, 0, 'slow', null, { id: 1 }])
    client.socket.end()
    resolve('done')
    await settleMicrotasks()
    const back = dial()
    await back.greet(resuming(client.ok, 0))
    expect(back.frames()).toEqual([[1, 1, null, 'done', { re: 1 }]])
  })

  it('can be given up by the client, and end with the session', async () => {
    const { hub, join } = setUp()
    const signals: AbortSignal[] = []
    hub.handle('slow', (_, __, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const client = await join()
    await client.say([
      [1, 0, 'slow', null, { id: 1 }],
      [2, 0, 'slow', null, { id: 2 }],
    ])
    await client.say([3, 0, null, null, { off: 1 }])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    await client.say(['bye', { rx: 0 }])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  it('are not answered beyond what the client takes, which it is told, and which is reported', async () => {
    const { hub, join, reported } = setUp()
    hub.handle('large', () => 'x'.repeat(2_000))
    const client = await join({ maxPayload: 1_024 })
    await client.say([1, 0, 'large', null, { id: 1 }])
    expect(client.frames()).toMatchObject([[1, 1, null, null, { re: 1, error: 'too-large' }]])
    expect(reported).toMatchObject([{ code: 'misuse' }])
    await client.say([2, 1, 'x'.repeat(1_000), null, { id: 2 }])
    expect(client.frames()).toMatchObject([[2, 2, null, null, { re: 2, error: 'too-large' }]])
  })

  it.each([
    ['ask for more than they take', 'large'],
    ['call handlers that throw', 'throws'],
    ['call listeners that throw', 'event'],
  ])('do not fill the log when they %s', async (_, name) => {
    const { hub, join, reported } = setUp()
    hub.handle('large', () => 'x'.repeat(2_000))
    hub.handle('throws', () => {
      throw new Error('oops')
    })
    hub.on('event', () => {
      throw new Error('oops')
    })
    const client = await join({ maxPayload: 1_024, window: [1e6, 1e9] })
    for (let n = 1; n <= 1_500; n++)
      await client.say(name === 'event' ? [n, 0, name] : [n, n - 1, name, null, { id: n }])
    expect(client.socket.closedWith).toBeUndefined()
    expect(reported.length).toBeGreaterThan(1)
    expect(reported.length).toBeLessThan(name === 'event' ? 102 : 12)
  })

  it('have one handler a name, which can be taken off', async () => {
    const { hub, join } = setUp()
    const off = hub.handle('ask', () => 1)
    expect(codeOf(() => hub.handle('ask', () => 2))).toBe('misuse')
    expect(codeOf(() => hub.handle('none', 7 as never))).toBe('misuse')
    off()
    hub.handle('ask', () => 3)
    off()
    const client = await join()
    await client.say([1, 0, 'ask', null, { id: 1 }])
    expect(client.frames()).toMatchObject([[1, 1, null, 3, { re: 1 }]])
  })

  it('are bounded in number', async () => {
    const { hub, join } = setUp()
    hub.handle('slow', () => new Promise(() => {}))
    const client = await join()
    await client.say(Array.from({ length: 1_001 }, (_, n) => [n + 1, 0, 'slow', null, { id: n }]))
    expect(client.frames()).toMatchObject([[1, 1_001, null, null, { re: 1_000, error: 'overloaded' }]])
  })

  it('count until their handlers end, whatever the client does meanwhile', async () => {
    const { hub, join } = setUp()
    const finish: (() => void)[] = []
    hub.handle('slow', () => new Promise<void>((resolve) => finish.push(resolve)))
    const client = await join({ window: [2_000, 1_000_000] })
    for (let n = 0; n < 2_000; n++)
      await client.say([
        [2 * n + 1, 0, 'slow', null, { id: n }],
        [2 * n + 2, 0, null, null, { off: n }],
      ])
    expect([finish.length, client.frames().length]).toEqual([1_000, 1_000])
  })

  it.each<[string, HubOptions, Partial<Hi>, Partial<RequestLike>]>([
    ['identity', { authenticate: ({ token }) => ({ identity: token! }) }, { token: 'ann' }, {}],
    ['address', {}, {}, { socket: { remoteAddress: '203.0.113.1' } }],
  ])('count together for one %s, over all its sessions', async (_, options, hi, request) => {
    const { dial, hub } = setUp({ ...options, limits: { maxRunningRequests: 20 } })
    const finish: (() => void)[] = []
    hub.handle('slow', () => new Promise<void>((resolve) => finish.push(resolve)))
    hub.handle('quick', () => 'at once')
    const ask = async (client: FakeClient, name = 'slow') => {
      await client.say(Array.from({ length: 5 }, (__, n) => [n + 1, 0, name, null, { id: n }]))
      return client.frames().map(([, , , , meta]) => (meta as { error?: string }).error)
    }
    // Each asks, and ends its session with a goodbye.
    for (let n = 0; n < 4; n++) {
      const client = dial(request)
      await client.greet({ client: `c${n}`, ...hi })
      expect(await ask(client)).toEqual([])
      await client.say(['bye', { rx: 0 }])
    }
    const last = dial(request)
    await last.greet({ client: 'last', ...hi })
    expect(await ask(last)).toEqual(Array(5).fill('overloaded'))
    // Others are not concerned.
    const other = dial()
    await other.greet({ client: 'other', token: 'bob' })
    expect(await ask(other)).toEqual([])

    for (const resolve of finish.splice(0, 3)) resolve()
    await settleMicrotasks()
    await last.say(Array.from({ length: 5 }, (__, n) => [n + 6, 0, 'slow', null, { id: n + 5 }]))
    expect(last.frames().length).toBe(2)
  })

  it('run a query once that runs whenever it is asked, as those of query builders do', async () => {
    const { hub, join } = setUp()
    let runs = 0
    hub.handle('query', () => ({ then: (resolve: (rows: unknown) => void) => resolve(++runs) }))
    const client = await join()
    await client.say([1, 0, 'query', null, { id: 1 }])
    expect([client.frames()[0]?.[3], runs]).toEqual([1, 1])
  })
})

describe('requests to clients', () => {
  it('are answered by the client', async () => {
    const { join, peers } = setUp()
    const client = await join()
    const answer = peers[0]!.request('confirm', 'sure?')
    await settleMicrotasks()
    expect(client.take()).toEqual([[1, 0, 'confirm', 'sure?', { id: 1 }]])
    await client.say([1, 1, null, true, { re: 1 }])
    expect(await answer).toBe(true)
  })

  it('fail with what the client says, after their time, or with the session', async () => {
    const { clock, join, peers } = setUp()
    const client = await join()
    const fates = [
      peers[0]!.request('a'),
      peers[0]!.request('b', 1, { timeout: 1_000 }),
      peers[0]!.request('c', 1, { timeout: 600_000 }),
    ].map((answer) => answer.catch((error: HoldfastError) => error))
    await settleMicrotasks()
    client.take()
    await client.say([1, 0, null, { hint: 1 }, { re: 1, error: 'busy', message: 'not now' }])
    expect(await fates[0]).toMatchObject({
      code: 'remote',
      reason: 'busy',
      message: 'not now',
      data: { hint: 1 },
    })
    await clock.advance(1_000)
    expect(await fates[1]).toMatchObject({ code: 'timeout' })
    expect(client.take().at(-1)).toEqual([4, 1, null, null, { off: 2 }])
    client.socket.end()
    await clock.advance(200_000)
    expect(await fates[2]).toMatchObject({ code: 'unknown' })
    expect(clock.pending).toBe(0)
  })

  it('ignore answers that nobody waits for', async () => {
    const { join } = setUp()
    const client = await join()
    await client.say([
      [1, 0, null, 1, { re: 1 }],
      [2, 0, null, null, { re: 9, error: 'x' }],
      [3, 0, null, null, { off: 4 }],
    ])
    expect(client.socket.closedWith).toBeUndefined()
    expect(client.take()).toEqual([['a', 3]])
  })
})

describe('a contract of schemas', () => {
  const contract = schemas({
    toClient: {
      message: v.object({ text: v.string() }),
      confirm: { input: v.string(), output: v.pipe(v.string(), v.transform(Number)) },
    },
    toServer: {
      typing: v.pipe(
        v.string(),
        v.transform((room) => room.toUpperCase()),
      ),
      send: { input: v.object({ text: v.string() }), output: v.object({ id: v.number() }) },
      later: v.pipeAsync(
        v.string(),
        v.checkAsync(() => Promise.resolve(true)),
      ) as never,
    },
  })
  const scene = () => setUp<ServerContractOf<typeof contract>>({ contract })

  it('hands on what comes out of the schemas', async () => {
    const { hub, join } = scene()
    const got: string[] = []
    hub.on('typing', (room) => got.push(room))
    const client = await join()
    await client.say([1, 0, 'typing', 'lobby'])
    expect(got).toEqual(['LOBBY'])
  })

  it('keeps what does not fit from listeners, and the connection up', async () => {
    const { heard, hub, join } = scene()
    const listener = vi.fn<() => void>()
    hub.on('typing', listener)
    const client = await join()
    await client.say([
      [1, 0, 'typing', 7],
      [2, 0, 'stranger', 7],
      [3, 0, 'later', 'x'],
      [4, 0, 'send', { text: '' }],
    ])
    expect(listener).not.toHaveBeenCalled()
    expect(heard.slice(1)).toMatchObject([
      [
        'invalid',
        { reason: 'schema', name: 'typing', data: 7, issues: [{ message: expect.any(String) as string }] },
      ],
      ['invalid', { reason: 'unknown-name', name: 'stranger' }],
      ['invalid', { reason: 'schema', name: 'later', error: { code: 'misuse' } }],
      ['invalid', { reason: 'unknown-name', name: 'send' }],
    ])
    expect(client.socket.closedWith).toBeUndefined()
    expect(client.take()).toEqual([['a', 4]])
  })

  it('answers a request whose input does not fit with the issues', async () => {
    const { heard, hub, join, reported } = scene()
    hub.handle('send', () => ({ id: 1 }))
    const client = await join()
    await client.say([1, 0, 'send', { text: 7 }, { id: 1 }])
    const [[, , , data, meta] = []] = client.frames()
    expect(meta).toMatchObject({ re: 1, error: 'invalid' })
    expect(data).toEqual([{ message: expect.any(String) as string, path: ['text'] }])
    expect(heard.at(-1)).toMatchObject(['invalid', { reason: 'schema', name: 'send' }])
    expect(reported).toEqual([])
  })

  it('does not send an answer that does not fit, and reports it', async () => {
    const { hub, join, reported } = scene()
    hub.handle('send', () => ({ id: 'x' as never }))
    const client = await join()
    await client.say([1, 0, 'send', { text: 'hi' }, { id: 1 }])
    expect(client.frames()).toMatchObject([[1, 1, null, null, { re: 1, error: 'internal' }]])
    expect(reported).toMatchObject([{ code: 'misuse' }])
  })

  it('refuses to send what does not fit', async () => {
    const { hub, join, peers } = scene()
    await join()
    expect(codeOf(() => peers[0]!.send('message', { text: 7 as never }))).toBe('misuse')
    expect(codeOf(() => peers[0]!.send('stranger' as 'message', { text: '' }))).toBe('misuse')
    expect(codeOf(() => peers[0]!.request('message' as 'confirm', ''))).toBe('misuse')
    expect(codeOf(() => hub.broadcast('message', { text: 7 as never }))).toBe('misuse')
    expect(codeOf(() => hub.handle('typing' as never, () => 1))).toBe('misuse')
  })

  it('checks the answers of clients', async () => {
    const { join, peers } = scene()
    const client = await join()
    const good = peers[0]!.request('confirm', 'a')
    const bad = peers[0]!.request('confirm', 'b').catch((error: unknown) => error)
    await settleMicrotasks()
    await client.say([1, 2, null, '42', { re: 1 }])
    await client.say([2, 2, null, 42, { re: 2 }])
    expect(await good).toBe(42)
    expect(await bad).toMatchObject({ code: 'invalid' })
  })
})
