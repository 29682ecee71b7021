import { describe, expect, it } from 'vitest'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { Endpoint } from './endpoint.ts'
import { HoldfastError } from './errors.ts'
import { encodeBody } from './frame-codec.ts'
import type { Meta } from './frame.ts'
import type { Answerer } from './handlers.ts'

/** An endpoint that is asked, and what it replies. */
function setUp(handlers: Record<string, Answerer>) {
  const replies: [data: unknown, meta: object][] = []
  const reported: unknown[] = []
  const endpoint = new Endpoint({
    clock: createVirtualClock(),
    outgoing: undefined,
    event: () => expect.unreachable(),
    raw: () => expect.unreachable(),
    violated: () => expect.unreachable(),
    find: (name) => (Object.hasOwn(handlers, name) ? handlers[name] : undefined),
    newAbort: () => new AbortController(),
    report: (error) => reported.push(error),
    encode(name, data, meta) {
      const body = encodeBody(name, data, meta)
      replies.push([data, meta])
      return body
    },
    maxBytes: () => Infinity,
    send: () => {},
  })
  const deliver = (name: string | null, data: unknown, meta: Meta): void =>
    endpoint.deliver([1, 0, name, data, meta])
  const ask = (id: number, name: string, input: unknown): void => deliver(name, input, { id })
  const callOff = (off: number): void => deliver(null, null, { off })
  return { endpoint, ask, callOff, replies, reported }
}

const internal = (re: number): [undefined, object] => [
  undefined,
  { re, error: 'internal', message: 'the handler failed' },
]

describe('the answer to a request', () => {
  it('is what the handler returns, or promises', async () => {
    const { endpoint, ask, replies } = setUp({
      now: (input) => ({ got: input }),
      later: async (input) => {
        await settleMicrotasks()
        return input
      },
      nothing: () => {},
    })
    ask(1, 'later', 'a')
    ask(2, 'now', 'b')
    ask(3, 'nothing', null)
    expect(endpoint.isSettled).toBe(false)
    await settleMicrotasks()
    await settleMicrotasks()
    expect(replies).toEqual([
      [{ got: 'b' }, { re: 2 }],
      [undefined, { re: 3 }],
      ['a', { re: 1 }],
    ])
    expect(endpoint.isSettled).toBe(true)
  })

  it('is an error when it has no handler, whatever its name', () => {
    const { ask, replies } = setUp({})
    for (const name of ['a', '__proto__', 'constructor']) ask(1, name, null)
    expect(replies).toEqual(
      ['a', '__proto__', 'constructor'].map((name) => [
        undefined,
        { re: 1, error: 'unhandled', message: `no handler for '${name}'` },
      ]),
    )
  })

  it('tells the peer what a handler refuses with, and nothing else that it throws', async () => {
    const { ask, replies, reported } = setUp({
      refuse: () => {
        throw new HoldfastError('remote', 'no seats', { reason: 'full', data: { seats: 0 } })
      },
      bare: () => Promise.reject(new HoldfastError('remote', 'no')),
      fail: () => {
        throw new Error('the password is 1234')
      },
      misuse: () => Promise.reject(new HoldfastError('misuse', 'secret')),
    })
    for (const [index, name] of ['refuse', 'bare', 'fail', 'misuse'].entries()) ask(index, name, null)
    await settleMicrotasks()
    expect(replies).toContainEqual([{ seats: 0 }, { re: 0, error: 'full', message: 'no seats' }])
    expect(replies).toContainEqual([undefined, { re: 1, error: 'refused', message: 'no' }])
    expect(replies).toContainEqual(internal(2))
    expect(replies).toContainEqual(internal(3))
    expect(replies).toHaveLength(4)
    expect(reported).toMatchObject([{ message: 'the password is 1234' }, { message: 'secret' }])
  })

  it('is an error when the handler gives what cannot be sent', async () => {
    const { endpoint, ask, replies, reported } = setUp({
      bigint: () => 1n,
      refuse: () => {
        throw new HoldfastError('remote', 'no', { data: 1n })
      },
      long: () => {
        throw new HoldfastError('remote', 'x'.repeat(70_000), { data: new Uint8Array(1) })
      },
    })
    ask(1, 'bigint', null)
    ask(2, 'refuse', null)
    ask(3, 'long', null)
    await settleMicrotasks()
    expect(replies).toHaveLength(3)
    expect(replies).toEqual(expect.arrayContaining([1, 2, 3].map(internal)))
    expect(reported).toHaveLength(3)
    expect(endpoint.isSettled).toBe(true)
  })

  it('is not sent to a peer that no longer waits, and the handler hears of that', async () => {
    const signals: AbortSignal[] = []
    const { endpoint, ask, callOff, replies, reported } = setUp({
      slow: async (fails, { signal }) => {
        signals.push(signal)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        if (fails) throw new Error('too late')
        return 'too late'
      },
    })
    ask(1, 'slow', false)
    ask(2, 'slow', true)
    callOff(1)
    callOff(2)
    callOff(99)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    await settleMicrotasks()
    expect([replies, reported]).toEqual([[], []])
    expect(endpoint.isSettled).toBe(true)
  })

  it('is not sent when the session is gone, and every handler hears of that', async () => {
    const signals: AbortSignal[] = []
    let finish = (_answer: string): void => {}
    const { endpoint, ask, replies } = setUp({
      slow: (_input, { signal }) => {
        signals.push(signal)
        return new Promise((resolve) => (finish = resolve))
      },
    })
    for (const id of [1, 2, 3]) ask(id, 'slow', null)
    endpoint.lost()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    expect(endpoint.isSettled).toBe(true)
    // The same number in the next session is another request.
    ask(3, 'slow', null)
    const finishNew = finish
    await settleMicrotasks()
    expect(replies).toEqual([])
    finishNew('new')
    await settleMicrotasks()
    expect(replies).toEqual([['new', { re: 3 }]])
  })

  it('is given once to a number that is asked twice', async () => {
    let calls = 0
    const { ask, replies } = setUp({ count: async () => ++calls })
    ask(1, 'count', null)
    ask(1, 'count', null)
    await settleMicrotasks()
    expect(replies).toEqual([[1, { re: 1 }]])
  })

  it('is refused while a thousand handlers of a peer run', () => {
    const { ask, replies } = setUp({ slow: () => new Promise(() => {}) })
    for (let id = 0; id < 1_001; id++) ask(id, 'slow', null)
    expect(replies).toEqual([
      [undefined, { re: 1_000, error: 'overloaded', message: 'too many requests at a time' }],
    ])
  })

  it('counts until its handler ends, also when nobody waits for the answer any more', async () => {
    const finish: (() => void)[] = []
    const { endpoint, ask, callOff, replies } = setUp({
      slow: () => new Promise<void>((resolve) => finish.push(resolve)),
    })
    for (let id = 0; id < 1_000; id++) {
      ask(id, 'slow', null)
      callOff(id)
    }
    ask(1_000, 'slow', null)
    expect([endpoint.isSettled, finish.length, replies.length]).toEqual([true, 1_000, 1])
    endpoint.lost()
    ask(1_001, 'slow', null)
    expect([finish.length, replies.length]).toEqual([1_000, 2])
    finish[0]!()
    await settleMicrotasks()
    ask(1_002, 'slow', null)
    ask(1_003, 'slow', null)
    expect([endpoint.isSettled, finish.length, replies.length]).toEqual([false, 1_001, 3])
  })
})
