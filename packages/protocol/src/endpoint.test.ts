import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { createDelivery } from '../test/support/delivery.ts'
import type { Answerer } from './handlers.ts'
import { Endpoint } from './endpoint.ts'
import { HoldfastError } from './errors.ts'
import { encodeBody } from './frame-codec.ts'
import type { Meta } from './frame.ts'
import { schemas } from './schemas.ts'

function setUp(handlers: Record<string, Answerer> = {}, maxBytes = 200, lastRequest?: number) {
  const clock = createVirtualClock()
  const heard: unknown[] = []
  const sent: unknown[] = []
  const answered: (number | undefined)[] = []
  const reported: HoldfastError[] = []
  const positive = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) =>
        Number(value) > 0 ? { value: Number(value) } : { issues: [{ message: 'no' }] },
    },
  } as const
  const contract = schemas({ toServer: { ask: { input: positive, output: positive } } })
  const endpoint = new Endpoint(
    {
      clock,
      outgoing: contract.toServer,
      event: (...event) => heard.push(event),
      raw: (data) => heard.push(data),
      find: (name) => handlers[name],
      encode: encodeBody,
      maxBytes: () => maxBytes,
      send({ body, bytes }, answers) {
        answered.push(answers)
        const text = body as string
        expect(bytes).toBe(text.length)
        sent.push((JSON.parse(`[0${text}]`) as unknown[]).slice(2))
      },
      newAbort: () => new AbortController(),
      report: (error) => reported.push(error as HoldfastError),
      violated: (code, why) => heard.push([code, why]),
    },
    lastRequest,
  )
  const deliver = (name: string | null, data: unknown, meta?: Meta, seq = 1): void =>
    endpoint.deliver([seq, 0, name, data, ...(meta ? [meta] : [])] as never)
  const ask = (isWritten = true) => {
    const { delivery, settle } = createDelivery(() => !isWritten)
    let id = 0
    const answer = endpoint.request('ask', (given) => ((id = given), delivery), { timeout: 1_000 })
    return { id, settle, answer: answer.catch((error: unknown) => error) }
  }
  return { endpoint, clock, heard, sent, answered, reported, deliver, ask }
}

const never = (): Promise<never> => new Promise(() => {})

describe('what comes in', () => {
  it('as an event goes to its listeners, with its data, if it has any', () => {
    const { deliver, heard } = setUp()
    deliver('a', 1)
    deliver('b', null)
    deliver('c', null, { absent: true })
    deliver('d', 2, undefined, 0)
    expect(heard).toEqual([
      ['a', 1],
      ['b', null],
      ['c', undefined],
      ['d', 2],
    ])
  })

  it('as text or bytes goes to those who listen to these', () => {
    const { deliver, heard } = setUp()
    const bytes = new Uint8Array([1])
    deliver(null, 'text', { raw: true })
    deliver(null, bytes, { raw: true })
    expect(heard).toEqual(['text', bytes])
  })

  it('as a request is answered by its handler', async () => {
    const { deliver, sent, endpoint } = setUp({ double: (input) => 2 * (input as number) })
    deliver('double', 2, { id: 7 })
    deliver('other', 2, { id: 8 })
    expect(endpoint.isSettled).toBe(false)
    await settleMicrotasks()
    expect(sent).toEqual([
      [null, { re: 8, error: 'unhandled', message: "no handler for 'other'", absent: true }],
      [4, { re: 7 }],
    ])
    expect(endpoint.isSettled).toBe(true)
  })

  it('as an answer goes to the request that waits for it', async () => {
    const { deliver, ask } = setUp()
    const [good, bad, silent] = [ask(), ask(), ask()]
    deliver(null, '5', { re: good.id })
    deliver(null, 'data', { re: bad.id, error: 'busy', message: 'later' })
    deliver(null, null, { re: silent.id, error: 'busy' })
    expect(await good.answer).toBe(5)
    expect(await bad.answer).toMatchObject({
      code: 'remote',
      reason: 'busy',
      message: 'later',
      data: 'data',
    })
    expect(await silent.answer).toMatchObject({ code: 'remote', message: '' })
  })

  it('as an error has a reason that can be logged, whatever the peer says', async () => {
    const { deliver, ask } = setUp()
    const { id, answer } = ask()
    deliver(null, null, { re: id, error: 'busy\n\u001b[31m' })
    expect(await answer).toMatchObject({ code: 'remote', reason: 'busy [31m' })
  })

  it('as an answer that does not fit its schema fails the request', async () => {
    const { deliver, ask } = setUp()
    const { id, answer } = ask()
    deliver(null, -1, { re: id })
    expect(await answer).toMatchObject({ code: 'invalid', data: [{ message: 'no' }] })
  })

  it('is ignored when nobody waits for it', () => {
    const { deliver, heard, sent, ask } = setUp()
    const deliverAll = (): void => {
      deliver(null, 1, { re: 9 })
      deliver(null, 1, { re: 9, error: 'x' })
      deliver(null, null, { off: 9 })
    }
    deliverAll()
    void ask()
    deliverAll()
    expect([heard, sent]).toEqual([[], []])
  })

  it('aborts a handler whose answer is no longer waited for', async () => {
    const aborted = vi.fn()
    const { deliver, sent, endpoint } = setUp({
      slow: (_, { signal }) => (signal.addEventListener('abort', aborted), never()),
    })
    deliver('slow', 1, { id: 7 })
    deliver(null, null, { off: 7 })
    expect(aborted).toHaveBeenCalledOnce()
    await settleMicrotasks()
    expect([sent, endpoint.isSettled]).toEqual([[], true])
  })

  it.each<[what: string, frame: Parameters<ReturnType<typeof setUp>['deliver']>, why: string]>([
    ['a request that may be lost', ['ask', 1, { id: 1 }, 0], 'a volatile request'],
    ['what is nothing of all that', [null, 1, {}], 'a frame of no kind'],
    ['text that is none', [null, 1, { raw: true }], 'a frame of no kind'],
  ])('breaks the protocol as %s', (_, frame, why) => {
    const { deliver, heard } = setUp()
    deliver(...frame)
    expect(heard).toEqual([[4400, why]])
  })
})

describe('an answer', () => {
  it.each<[what: string, handler: Answerer]>([
    ['that the peer does not take', () => 'x'.repeat(300)],
    [
      'with an error that the peer does not take',
      () => {
        throw new HoldfastError('remote', 'x'.repeat(300))
      },
    ],
  ])('%s is reported, and the peer is told that it is too large', async (_, handler) => {
    const { deliver, sent, reported } = setUp({ ask: handler })
    deliver('ask', 1, { id: 7 })
    await settleMicrotasks()
    expect(sent).toEqual([
      [
        null,
        { re: 7, error: 'too-large', message: 'the answer is larger than the peer takes', absent: true },
      ],
    ])
    expect(reported.map(({ message }) => message.split('\n')[0])).toEqual([
      expect.stringMatching(/^the answer is larger than the peer takes: 3\d\d of 200 bytes$/),
    ])
  })

  it('that cannot be encoded is reported, and refused', async () => {
    const { deliver, sent, reported } = setUp({ ask: () => 1n })
    deliver('ask', 1, { id: 7 })
    await settleMicrotasks()
    expect(sent).toMatchObject([[null, { re: 7, error: 'internal' }]])
    expect(reported).toEqual([expect.any(TypeError)])
  })
})

describe('a request', () => {
  it('that was written and is given up is called off', async () => {
    const { clock, sent, ask, endpoint } = setUp()
    const { id, settle, answer } = ask()
    settle({ status: 'delivered' })
    expect(endpoint.isSettled).toBe(false)
    await clock.advance(1_000)
    expect(await answer).toMatchObject({ code: 'timeout' })
    expect(sent).toEqual([[null, { off: id }]])
    expect(endpoint.isSettled).toBe(true)
  })

  it('that was not written leaves nothing to call off', async () => {
    const { clock, sent, ask, endpoint } = setUp()
    const { answer } = ask(false)
    expect(endpoint.isSettled).toBe(true)
    await clock.advance(1_000)
    expect(await answer).toMatchObject({ code: 'timeout' })
    expect(sent).toEqual([])
  })
})

describe('an endpoint', () => {
  it('is idle while it only waits for answers of the peer', async () => {
    const { deliver, ask, endpoint } = setUp({ slow: never, quick: () => 1 })
    expect(endpoint.isIdle).toBe(true)
    ask().settle({ status: 'delivered' })
    expect([endpoint.isIdle, endpoint.isSettled]).toEqual([true, false])
    deliver('quick', 1, { id: 7 })
    deliver('slow', 1, { id: 8 })
    expect(endpoint.isIdle).toBe(false)
    await settleMicrotasks()
    expect(endpoint.isIdle).toBe(false)
    deliver(null, null, { off: 8 })
    expect(endpoint.isIdle).toBe(true)
  })
})

describe('a session that goes on in another program', () => {
  it('is answered by the handlers that still run, and not asked any more', async () => {
    let finish: ((answer: number) => void) | undefined
    const { deliver, sent, answered, ask, endpoint } = setUp({
      slow: () => new Promise((resolve) => (finish = resolve)),
    })
    const { settle, answer } = ask()
    settle({ status: 'unknown', reason: 'moved' })
    deliver('slow', 1, { id: 7 })
    expect(endpoint.running).toEqual([7])
    endpoint.moved()
    expect(await answer).toMatchObject({ code: 'unknown' })
    finish!(3)
    await settleMicrotasks()
    expect([sent, answered]).toEqual([[[3, { re: 7 }]], [7]])
    expect(endpoint.running).toEqual([])
  })

  it('may have had no requests', () => {
    const { endpoint } = setUp()
    endpoint.moved()
    expect([endpoint.running, endpoint.lastRequest]).toEqual([[], 0])
  })

  it('numbers its requests after those of the program before', () => {
    const { ask, endpoint } = setUp({}, 200, 41)
    expect(endpoint.lastRequest).toBe(41)
    expect(ask().id).toBe(42)
    expect(endpoint.lastRequest).toBe(42)
  })
})

describe('at the end of a session', () => {
  it('nothing is answered any more, in either direction', async () => {
    const aborted = vi.fn()
    const { deliver, sent, ask, endpoint, clock } = setUp({
      slow: (_, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => (aborted(), resolve(1)))),
    })
    const { settle, answer } = ask()
    settle({ status: 'delivered' })
    deliver('slow', 1, { id: 7 })
    endpoint.lost()
    expect(await answer).toMatchObject({ code: 'unknown' })
    await settleMicrotasks()
    expect(aborted).toHaveBeenCalledOnce()
    expect([sent, clock.pending, endpoint.isSettled]).toEqual([[], 0, true])
  })

  it('there may have been no requests', () => {
    const { endpoint, clock } = setUp()
    endpoint.lost()
    endpoint.dispose()
    expect([endpoint.isSettled, clock.pending]).toEqual([true, 0])
  })

  it('that was the last one, all requests fail', async () => {
    const { ask, endpoint, clock } = setUp()
    const { answer } = ask()
    endpoint.dispose()
    expect(await answer).toMatchObject({ code: 'disposed' })
    expect(clock.pending).toBe(0)
  })
})
