import { describe, expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { createAnswers } from './answers.ts'
import type { Answerer } from './answers.ts'
import { HoldfastError } from './errors.ts'
import { encodeBody } from './frame-codec.ts'

function setUp(handlers: Record<string, Answerer>) {
  const replies: [data: unknown, meta: object][] = []
  const reported: unknown[] = []
  const answers = createAnswers(
    {
      find: (name) => (Object.hasOwn(handlers, name) ? handlers[name] : undefined),
      newAbort: () => new AbortController(),
      report: (error) => reported.push(error),
    },
    (data, meta) => {
      encodeBody(null, data, meta)
      replies.push([data, meta])
    },
  )
  return { answers, replies, reported }
}

const internal = (re: number): [undefined, object] => [
  undefined,
  { re, error: 'internal', message: 'the handler failed' },
]

describe('the answer to a request', () => {
  it('is what the handler returns, or promises', async () => {
    const { answers, replies } = setUp({
      now: (input) => ({ got: input }),
      later: async (input) => {
        await settleMicrotasks()
        return input
      },
      nothing: () => {},
    })
    answers.request(1, 'later', 'a')
    answers.request(2, 'now', 'b')
    answers.request(3, 'nothing', null)
    expect(answers.size).toBe(3)
    await settleMicrotasks()
    await settleMicrotasks()
    expect(replies).toEqual([
      [{ got: 'b' }, { re: 2 }],
      [undefined, { re: 3 }],
      ['a', { re: 1 }],
    ])
    expect(answers.size).toBe(0)
  })

  it('is an error when nobody handles it, whatever its name', () => {
    const { answers, replies } = setUp({})
    for (const name of ['a', '__proto__', 'constructor']) answers.request(1, name, null)
    expect(replies).toEqual(
      ['a', '__proto__', 'constructor'].map((name) => [
        undefined,
        { re: 1, error: 'unhandled', message: `nobody handles '${name}'` },
      ]),
    )
  })

  it('tells the peer what a handler refuses with, and nothing else that it throws', async () => {
    const { answers, replies, reported } = setUp({
      refuse: () => {
        throw new HoldfastError('remote', 'no seats', { reason: 'full', data: { seats: 0 } })
      },
      bare: () => Promise.reject(new HoldfastError('remote', 'no')),
      fail: () => {
        throw new Error('the password is 1234')
      },
      misuse: () => Promise.reject(new HoldfastError('misuse', 'secret')),
    })
    for (const [index, name] of ['refuse', 'bare', 'fail', 'misuse'].entries())
      answers.request(index, name, null)
    await settleMicrotasks()
    expect(replies).toContainEqual([{ seats: 0 }, { re: 0, error: 'full', message: 'no seats' }])
    expect(replies).toContainEqual([undefined, { re: 1, error: 'refused', message: 'no' }])
    expect(replies).toContainEqual(internal(2))
    expect(replies).toContainEqual(internal(3))
    expect(replies).toHaveLength(4)
    expect(reported).toMatchObject([{ message: 'the password is 1234' }, { message: 'secret' }])
  })

  it('is an error when the handler gives what cannot be sent', async () => {
    const { answers, replies, reported } = setUp({
      bigint: () => 1n,
      refuse: () => {
        throw new HoldfastError('remote', 'no', { data: 1n })
      },
      long: () => {
        throw new HoldfastError('remote', 'x'.repeat(70_000), { data: new Uint8Array(1) })
      },
    })
    answers.request(1, 'bigint', null)
    answers.request(2, 'refuse', null)
    answers.request(3, 'long', null)
    await settleMicrotasks()
    expect(replies).toHaveLength(3)
    expect(replies).toEqual(expect.arrayContaining([1, 2, 3].map(internal)))
    expect(reported).toHaveLength(3)
    expect(answers.size).toBe(0)
  })

  it('is not sent to a peer that no longer waits, and the handler hears of that', async () => {
    const signals: AbortSignal[] = []
    const { answers, replies, reported } = setUp({
      slow: async (fails, { signal }) => {
        signals.push(signal)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        if (fails) throw new Error('too late')
        return 'too late'
      },
    })
    answers.request(1, 'slow', false)
    answers.request(2, 'slow', true)
    answers.off(1)
    answers.off(2)
    answers.off(99)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    await settleMicrotasks()
    expect([replies, reported]).toEqual([[], []])
    expect(answers.size).toBe(0)
  })

  it('is not sent when the session is gone, and every handler hears of that', async () => {
    const signals: AbortSignal[] = []
    let finish = (_answer: string): void => {}
    const { answers, replies } = setUp({
      slow: (_input, { signal }) => {
        signals.push(signal)
        return new Promise((resolve) => (finish = resolve))
      },
    })
    for (const id of [1, 2, 3]) answers.request(id, 'slow', null)
    answers.lost()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    expect(answers.size).toBe(0)
    // The same number in the next session is another request.
    answers.request(3, 'slow', null)
    const finishNew = finish
    await settleMicrotasks()
    expect(replies).toEqual([])
    finishNew('new')
    await settleMicrotasks()
    expect(replies).toEqual([['new', { re: 3 }]])
  })

  it('is given once to a number that is asked twice', async () => {
    let calls = 0
    const { answers, replies } = setUp({ count: async () => ++calls })
    answers.request(1, 'count', null)
    answers.request(1, 'count', null)
    await settleMicrotasks()
    expect(replies).toEqual([[1, { re: 1 }]])
  })

  it('is refused while a thousand handlers of a peer run', () => {
    const { answers, replies } = setUp({ slow: () => new Promise(() => {}) })
    for (let id = 0; id < 1_001; id++) answers.request(id, 'slow', null)
    expect(answers.size).toBe(1_000)
    expect(replies).toEqual([
      [undefined, { re: 1_000, error: 'overloaded', message: 'too many requests at a time' }],
    ])
  })

  it('counts until its handler ends, also when nobody waits for the answer any more', async () => {
    const finish: (() => void)[] = []
    const { answers, replies } = setUp({ slow: () => new Promise<void>((resolve) => finish.push(resolve)) })
    for (let id = 0; id < 1_000; id++) {
      answers.request(id, 'slow', null)
      answers.off(id)
    }
    answers.request(1_000, 'slow', null)
    expect([answers.size, finish.length, replies.length]).toEqual([0, 1_000, 1])
    answers.lost()
    answers.request(1_001, 'slow', null)
    expect([finish.length, replies.length]).toEqual([1_000, 2])
    finish[0]!()
    await settleMicrotasks()
    answers.request(1_002, 'slow', null)
    answers.request(1_003, 'slow', null)
    expect([answers.size, finish.length, replies.length]).toEqual([1, 1_001, 3])
  })
})
