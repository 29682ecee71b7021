import { describe, expect, it, vi } from 'vitest'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { createDelivery } from '../test/support/delivery.ts'
import type { Outcome } from './outcome.ts'
import type { HoldfastError } from './errors.ts'
import { createRequests } from './requests.ts'
import type { RequestOptions } from './requests.ts'

const undelivered: Outcome = { status: 'undelivered', reason: 'session-lost' }

function setUp() {
  const clock = createVirtualClock()
  const abandoned: number[] = []
  const requests = createRequests(clock, undefined, (id) => abandoned.push(id))
  const open = (options: RequestOptions = {}, isWaiting = false) => {
    let id = 0
    const { delivery, settle } = createDelivery(() => {
      if (isWaiting) settle({ status: 'undelivered', reason: 'cancelled' })
      return isWaiting
    })
    const result: { answer?: unknown; error?: HoldfastError } = {}
    const answer = requests.open(
      'ask',
      (given) => {
        id = given
        return delivery
      },
      options,
    )
    void answer.then(
      (value) => (result.answer = value),
      (error: unknown) => (result.error = error as HoldfastError),
    )
    return { id, settle, result, delivery }
  }
  return { clock, requests, open, abandoned }
}

describe('a request', () => {
  it('waits for its answer, and for no ack', async () => {
    const { open } = setUp()
    const { delivery } = open()
    await settleMicrotasks()
    expect(delivery.waits).toBe(0)
  })

  it('is answered once, and leaves no timer behind', async () => {
    const { clock, requests, open } = setUp()
    const { id, result } = open()
    expect([requests.size, clock.pending]).toEqual([1, 1])
    expect(requests.answer(id, 'yes')).toBe(true)
    expect(requests.answer(id, 'again')).toBe(false)
    await settleMicrotasks()
    expect(result).toEqual({ answer: 'yes' })
    expect([requests.size, clock.pending]).toEqual([0, 0])
  })

  it('has a number that no other one has', () => {
    const { open, requests } = setUp()
    const first = open().id
    requests.answer(first, 1)
    expect([open().id, open().id]).toEqual([first + 1, first + 2])
  })

  it('fails with a message that can be logged, whatever the peer says', async () => {
    const { requests, open } = setUp()
    const { id, settle, result } = open()
    settle({ status: 'delivered' })
    requests.refuse(id, 'no\n\u001b[31mERROR', {})
    await settleMicrotasks()
    expect(result.error).toMatchObject({ code: 'remote', message: 'no [31mERROR' })
  })

  it('fails with what the peer says', async () => {
    const { requests, open, abandoned } = setUp()
    const { id, settle, result } = open()
    settle({ status: 'delivered' })
    expect(requests.refuse(id, 'no', { reason: 'full', data: { seats: 0 } })).toBe(true)
    expect(requests.refuse(id, 'no', {})).toBe(false)
    await settleMicrotasks()
    expect(result.error).toMatchObject({
      code: 'remote',
      message: 'no',
      reason: 'full',
      data: { seats: 0 },
      outcome: { status: 'delivered' },
    })
    expect(abandoned).toEqual([])
  })

  it('ignores answers to what nobody asked', () => {
    const { requests } = setUp()
    for (const id of [1, 0, -1, 2 ** 53, Number.NaN, null, undefined, '', 'x', {}])
      expect([requests.answer(id, 1), requests.refuse(id, '', {})]).toEqual([false, false])
  })

  it('takes the number of an answer also as text', async () => {
    const { requests, open } = setUp()
    const { id, result } = open()
    expect(requests.answer(String(id), 'yes')).toBe(true)
    await settleMicrotasks()
    expect(result.answer).toBe('yes')
  })

  it('is taken back when its time is over before it was written', async () => {
    const { clock, open, abandoned } = setUp()
    const { result } = open({ timeout: 100 }, true)
    await clock.advance(100)
    expect(result.error).toMatchObject({
      code: 'timeout',
      message: 'no answer in 100 ms',
      outcome: { status: 'undelivered', reason: 'cancelled' },
    })
    expect(abandoned).toEqual([])
  })

  it('tells the peer that nobody waits any more, once it was written', async () => {
    const { clock, open, abandoned, requests } = setUp()
    const { id, result } = open({ timeout: 100 })
    await clock.advance(100)
    expect(result.error?.code).toBe('timeout')
    expect(result.error).not.toHaveProperty('outcome')
    expect(abandoned).toEqual([id])
    expect(requests.answer(id, 'late')).toBe(false)
  })

  it('waits for half a minute, unless it is told another time or none', async () => {
    const { clock, open } = setUp()
    const [usual, patient] = [open(), open({ timeout: Infinity })]
    expect(clock.pending).toBe(1)
    await clock.advance(29_999)
    expect(usual.result.error).toBeUndefined()
    await clock.advance(1)
    expect(usual.result.error?.code).toBe('timeout')
    await clock.advance(1e9)
    expect(patient.result).toEqual({})
  })

  it('ends when its signal is aborted, and listens to it no longer than it must', async () => {
    const { open, requests, abandoned } = setUp()
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const [answered, aborted] = [open({ signal: controller.signal }), open({ signal: controller.signal })]
    requests.answer(answered.id, 1)
    expect(remove).toHaveBeenCalledOnce()
    controller.abort('enough')
    await settleMicrotasks()
    expect(aborted.result.error).toMatchObject({ code: 'aborted', cause: 'enough' })
    expect(abandoned).toEqual([aborted.id])
    expect(remove).toHaveBeenCalledTimes(2)
  })

  it('is not even sent when its signal was aborted before', async () => {
    const { requests } = setUp()
    const send = vi.fn()
    await expect(requests.open('ask', send, { signal: AbortSignal.abort('no') })).rejects.toMatchObject({
      code: 'aborted',
      cause: 'no',
    })
    expect(send).not.toHaveBeenCalled()
    expect(requests.size).toBe(0)
  })

  it('fails when its message is certainly not delivered', async () => {
    const { requests, open, clock } = setUp()
    const { settle, result } = open()
    settle(undelivered)
    await settleMicrotasks()
    expect(result.error).toMatchObject({ code: 'undelivered', outcome: undelivered })
    expect([requests.size, clock.pending]).toEqual([0, 0])
  })

  it('may be answered before it is known to be undelivered, which changes nothing then', async () => {
    const { requests, open } = setUp()
    const { id, settle, result } = open()
    requests.answer(id, 'yes')
    settle(undelivered)
    await settleMicrotasks()
    expect(result).toEqual({ answer: 'yes' })
  })
})

describe('the end of a connection that nothing survives', () => {
  it('fails the requests that were written as unknown, and keeps those that wait', async () => {
    const { requests, open } = setUp()
    const [written, unknown, waiting] = [open(), open(), open()]
    written.settle({ status: 'delivered' })
    unknown.settle({ status: 'unknown', reason: 'session-lost' })
    expect(requests.unanswered).toBe(2)
    requests.lost()
    await settleMicrotasks()
    expect([written, unknown].map(({ result }) => result.error?.code)).toEqual(['unknown', 'unknown'])
    expect(waiting.result).toEqual({})
    expect([requests.size, requests.unanswered]).toEqual([1, 0])
  })

  it('does not call a request unknown that is certainly undelivered', async () => {
    const { requests, open } = setUp()
    const { settle, result } = open()
    settle(undelivered)
    requests.lost()
    await settleMicrotasks()
    expect(result.error).toMatchObject({ code: 'undelivered', outcome: undelivered })
  })

  it('fails all of them when there is nobody left to wait', async () => {
    const { requests, open, clock, abandoned } = setUp()
    const all = [open(), open({}, true)]
    requests.dispose()
    await settleMicrotasks()
    expect(all.map(({ result }) => result.error?.code)).toEqual(['disposed', 'disposed'])
    expect([requests.size, clock.pending, abandoned]).toEqual([0, 0, []])
  })

  it('needs nobody who hears of abandoned requests', async () => {
    const clock = createVirtualClock()
    const requests = createRequests(clock, undefined)
    const answer = requests.open('ask', () => createDelivery(() => false).delivery, { timeout: 5 })
    const failed = expect(answer).rejects.toMatchObject({ code: 'timeout' })
    await clock.advance(5)
    await failed
  })
})
