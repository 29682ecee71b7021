import { AsyncLocalStorage } from 'node:async_hooks'
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { channelClient } from '../test/channels/channel-client.ts'
import { setUp } from '../test/support/set-up.ts'
import { HoldfastError } from './index.ts'
import type { HubOptions, MessageTrace, TracedMessage, TraceResult } from './index.ts'

type Noted = Omit<TracedMessage, 'peer'> & { readonly by: string | null }

/** Notes what is traced, and how it ended. */
function noting(): {
  readonly trace: NonNullable<HubOptions['trace']>
  readonly begun: Noted[]
  readonly ended: (readonly [name: string, result: TraceResult])[]
} {
  const begun: Noted[] = []
  const ended: (readonly [string, TraceResult])[] = []
  return {
    begun,
    ended,
    trace({ peer, ...message }) {
      begun.push({ ...message, by: peer.identity })
      return { end: (result) => void ended.push([message.name, result]) }
    },
  }
}

describe('the trace of messages', () => {
  it('has every message of a client, when its handlers are about to run', async () => {
    const { trace, begun, ended } = noting()
    const { hub, join } = setUp({ trace, authenticate: () => ({ identity: 'ann' }) })
    const order: string[] = []
    hub.on('event', () => order.push(`listener after ${begun.length}`))
    hub.handle('ask', (input) => input)
    const client = await join()
    await client.say([
      [1, 0, 'event', 1],
      [2, 0, 'ask', 2, { id: 1 }],
      [3, 0, null, 'text', { raw: true }],
    ])
    const head = { direction: 'in', by: 'ann' }
    expect(begun).toEqual([
      { ...head, kind: 'event', name: 'event', data: 1 },
      { ...head, kind: 'request', name: 'ask', data: 2 },
      { ...head, kind: 'raw', name: '', data: 'text' },
    ])
    expect(order).toEqual(['listener after 1'])
    expect(ended).toEqual([
      ['event', {}],
      ['ask', {}],
      ['', {}],
    ])
  })

  it('names the channel in which a client publishes', async () => {
    const { trace, begun, ended } = noting()
    const hubs = setUp({ trace })
    hubs.hub.channels('room', { subscribe: () => true, publish: (_, id) => id === '1' })
    const client = await channelClient(hubs)
    await client.ask('said', 'hi', { channel: 'room:1', pub: 'p' })
    await client.ask('said', 'hi', { channel: 'room:2', pub: 'p' })
    await client.ask('', {}, { channel: 'room:1' })
    expect(begun).toMatchObject([
      { kind: 'publication', name: 'said', data: 'hi', channel: 'room:1' },
      { kind: 'publication', name: 'said', data: 'hi', channel: 'room:2' },
      { kind: 'request', channel: 'room:1' },
    ])
    expect(ended).toMatchObject([
      ['said', {}],
      ['said', { error: { reason: 'forbidden' } }],
      ['', {}],
    ])
  })

  it('has every message to a client, with its outcome and without pings for it', async () => {
    const { trace, begun, ended } = noting()
    const { hub, join, peers } = setUp({ trace })
    const client = await join()
    const other = await join({ client: 'b' })
    void peers[0]!.send('one', 1)
    void peers[0]!.sendRaw('raw')
    void peers[0]!.request('ask', 2).catch(() => {})
    hub.broadcast('all', 3)
    await settleMicrotasks()
    expect(begun.map(({ direction, kind, name, data }) => [direction, kind, name, data])).toEqual([
      ['out', 'event', 'one', 1],
      ['out', 'raw', '', 'raw'],
      ['out', 'request', 'ask', 2],
      ['out', 'event', 'all', 3],
      ['out', 'event', 'all', 3],
    ])
    expect(client.take().flat()).not.toContain('p')
    await client.say(['a', 2])
    expect(ended).toEqual([
      ['one', { outcome: { status: 'delivered' } }],
      ['', { outcome: { status: 'delivered' } }],
    ])
    await other.say(['bye', { rx: 0 }])
    expect(ended.at(-1)).toEqual(['all', { outcome: { status: 'undelivered', reason: 'session-lost' } }])
  })

  it('tells what a handler threw, or rejected with, once its answer is due', async () => {
    const { trace, ended } = noting()
    const { hub, join, reported } = setUp({ trace })
    const pending = Promise.withResolvers<never>()
    const thrown = new Error('thrown')
    hub.handle('throws', () => {
      throw thrown
    })
    hub.handle('rejects', () => pending.promise)
    const client = await join()
    await client.say([
      [1, 0, 'throws', 1, { id: 1 }],
      [2, 0, 'rejects', 2, { id: 2 }],
    ])
    expect(ended).toEqual([['throws', { error: thrown }]])
    const refusal = new HoldfastError('remote', 'no', { reason: 'no' })
    pending.reject(refusal)
    await settleMicrotasks()
    expect(ended[1]).toEqual(['rejects', { error: refusal }])
    expect(reported).toEqual([thrown])
  })

  it('can run the handlers in a context, which their asynchronous work and their messages are in', async () => {
    const storage = new AsyncLocalStorage<string>()
    const sent: unknown[] = []
    const { hub, join } = setUp({
      trace({ direction, name }): MessageTrace | undefined {
        if (direction === 'in') return { run: (handle) => storage.run(`span of ${name}`, handle) }
        sent.push(storage.getStore())
        return undefined
      },
    })
    const got: unknown[] = []
    hub.on('event', (_, peer) => {
      got.push(storage.getStore())
      void peer.send('reply')
    })
    hub.handle('ask', async () => {
      await Promise.resolve()
      return storage.getStore()
    })
    const client = await join()
    await client.say([
      [1, 0, 'event'],
      [2, 0, 'ask', null, { id: 1 }],
    ])
    expect(got).toEqual(['span of event'])
    expect(sent).toEqual(['span of event'])
    expect(client.frames().find((frame) => frame[4])?.[3]).toBe('span of ask')
  })

  it.each<[string, (handle: () => void) => void]>([
    ['does not call it', () => {}],
    ['calls it twice', (handle) => (handle(), handle())],
    [
      'throws before',
      () => {
        throw new Error('before')
      },
    ],
    [
      'throws afterwards',
      (handle) => {
        handle()
        throw new Error('after')
      },
    ],
  ])('runs the handlers once, even if it %s', async (_, run) => {
    const { hub, join } = setUp({ trace: () => ({ run }) })
    const got: unknown[] = []
    hub.on('event', (data) => got.push(data))
    hub.handle('ask', (input) => input)
    const client = await join()
    await client.say([
      [1, 0, 'event', 1],
      [2, 0, 'ask', 'answer', { id: 1 }],
    ])
    expect(got).toEqual([1])
    expect(client.frames().at(-1)?.[3]).toBe('answer')
  })

  it('is reported when it throws, rejects, or is asynchronous, and messages are not affected', async () => {
    const fail = (text: string) => (): never => {
      throw Object.assign(new Error(text), { code: text })
    }
    const traces: Record<string, unknown> = {
      begin: fail('begin'),
      run: () => ({ run: fail('run') }),
      end: () => ({ end: fail('end') }),
      rejected: () => ({ end: () => Promise.reject(Object.assign(new Error('rejected'), { code: 'r' })) }),
      asynchronous: async () => fail('asynchronous')(),
    }
    const { hub, join, peers, reported } = setUp({
      trace: ({ name }) => (traces[name] as () => undefined)(),
    })
    const got: unknown[] = []
    hub.onAny((name) => got.push(name))
    const client = await join()
    const names = Object.keys(traces)
    await client.say(names.map((name, index) => [index + 1, 0, name]))
    expect(got).toEqual(names)
    expect(reported.map(String)).toEqual(names.map((name) => `Error: ${name}`))
    void peers[0]!.send('begin')
    await settleMicrotasks()
    expect(client.frames().map(([, , name]) => name)).toEqual(['begin'])
    // Once a minute, because there may be thousands of messages.
    expect(reported).toHaveLength(5)
  })

  it('must be a function', () => {
    expect(() => setUp({ trace: {} as never })).toThrow(/trace must be a function/)
  })
})
