import { HoldfastError } from 'holdfast'
import type { AbortSignalLike } from 'holdfast'
import { describe, expect, test, vi } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { next } from '../support/stage.ts'
import { setEnds } from './ends.ts'
import type { Ends, Receiver } from './ends.ts'
import { upTo } from './pair.ts'

expectNothingLeft()

const receivers: readonly Receiver[] = ['hub', 'client']

describe.each(receivers)('a request that the %s answers', (receiver) => {
  test('gets what the handler returns, whatever it is', async () => {
    await using ends = await setEnds(receiver)
    ends.handle((input) => input)
    for (const value of [null, undefined, 0, '', false, [], { a: [1] }, '\u2028 \u{1f600}'])
      expect(await ends.request(value)).toEqual(value)
    expect(await Promise.all(all.map((number) => ends.request(number)))).toEqual(all)
  })

  test('fails with the reason, the words and the data that the handler gave, and nothing is reported', async () => {
    await using ends = await setEnds(receiver)
    ends.handle(async () => {
      await Promise.resolve()
      throw new HoldfastError('remote', 'not enough', { reason: 'funds', data: { missing: 3 } })
    })
    const error = await ends.request().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({
      code: 'remote',
      reason: 'funds',
      message: 'not enough',
      data: { missing: 3 },
    })
    expect(ends.errors).toEqual([])
  })

  test('tells nothing of any other exception, which is reported once', async () => {
    await using ends = await setEnds(receiver)
    const secret = new Error('password: 1234')
    ends.handle(() => {
      throw secret
    })
    const error = await ends.request().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'remote', reason: 'internal' })
    expect(JSON.stringify(error)).not.toContain('1234')
    expect(ends.errors).toEqual([secret])
    expect(ends.client.stats().opens).toBe(1)
  })

  test('fails when nobody handles it', async () => {
    await using ends = await setEnds(receiver)
    await expect(ends.request()).rejects.toMatchObject({ code: 'remote', reason: 'unhandled' })
    ends.handle(() => 1)()
    await expect(ends.request()).rejects.toMatchObject({ code: 'remote', reason: 'unhandled' })
  })

  test('fails after its timeout, and the handler hears of that', async () => {
    await using ends = await setEnds(receiver)
    const called = slowly(ends)
    const answer = ends.request('x', { timeout: 200 })
    const { signal } = await called
    await expect(answer).rejects.toMatchObject({ code: 'timeout', outcome: { status: 'delivered' } })
    await aborted(signal)
  })

  test('fails when its caller does not want it any more, and the handler hears of that', async () => {
    await using ends = await setEnds(receiver)
    const called = slowly(ends)
    const abort = new AbortController()
    const answer = ends.request('x', { signal: abort.signal })
    const { signal } = await called
    expect(signal.aborted).toBe(false)
    abort.abort('enough')
    await expect(answer).rejects.toMatchObject({ code: 'aborted', cause: 'enough' })
    await aborted(signal)
  })

  test('survives a cut: it is carried out once, and answered', async () => {
    await using ends = await setEnds(receiver)
    const called = slowly(ends)
    const answer = ends.request('x')
    const { signal, finish } = await called
    await cut(ends)
    expect(signal.aborted).toBe(false)
    finish('late')
    expect(await answer).toBe('late')
    expect((await called).calls()).toBe(1)
  })

  test('survives a cut that takes the answer', async () => {
    await using ends = await setEnds(receiver)
    const called = slowly(ends)
    const answer = ends.request('x')
    const { calls, finish } = await called
    const { client, pair } = ends
    pair.proxy.freeze(receiver === 'hub' ? 'toClient' : 'toServer')
    finish('lost')
    const written = (): number =>
      receiver === 'hub' ? pair.hub.stats().bufferedMessages : client.stats().unacknowledgedMessages
    await expect.poll(written, { interval: 5 }).toBe(1)
    await cut(ends)
    expect(await answer).toBe('lost')
    expect(calls()).toBe(1)
  })

  test('that is given up in the gap is given up at the other end, after the resume', async () => {
    await using ends = await setEnds(receiver)
    const called = slowly(ends)
    const abort = new AbortController()
    const answer = ends.request('x', { signal: abort.signal })
    const { signal } = await called
    await ends.pair.proxy.refuse()
    ends.pair.proxy.reset()
    await next(ends.client, 'down')
    abort.abort()
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    expect(signal.aborted).toBe(false)
    await ends.pair.proxy.accept()
    await aborted(signal)
  })

  test('is never sent when it is given up before it was written', async () => {
    await using ends = await setEnds(receiver)
    const asked = vi.fn()
    ends.handle(asked)
    await ends.pair.proxy.refuse()
    ends.pair.proxy.reset()
    await next(ends.client, 'down')
    await expect.poll(() => ends.peer.isConnected).toBe(false)
    const abort = new AbortController()
    const answers = [
      ends.request(1, { timeout: 20 }),
      ends.request(2, { signal: abort.signal }),
      ends.request(3),
    ]
    const settled = Promise.allSettled(answers)
    abort.abort()
    await expect(answers[0]).rejects.toMatchObject({
      code: 'timeout',
      outcome: { status: 'undelivered', reason: 'cancelled' },
    })
    await ends.pair.proxy.accept()
    await settled
    expect(asked.mock.calls.map(([input]) => input as number)).toEqual([3])
  })

  test('is unknown when the session ends before the answer, and the handler hears of that', async () => {
    await using ends = await setEnds(receiver)
    const called = slowly(ends)
    const answer = ends.request('x').catch((error: unknown) => error)
    const { signal } = await called
    ends.peer.close(4403)
    expect(await answer).toMatchObject({ code: 'unknown', outcome: { status: 'delivered' } })
    await aborted(signal)
  })

  test('may ask back before it answers', async () => {
    await using ends = await setEnds(receiver)
    ends.handle((input) => input)
    const { client, pair, peer } = ends
    pair.hub.handle('outer', async (input, from) => [await from.request('inner', input), 'outer'])
    client.handle('inner', async (input) => [await client.request('innermost', input), 'inner'])
    pair.hub.handle('innermost', (input) => [input, 'innermost'])
    const answer = client.request('outer', 1)
    expect(await answer).toEqual([[[1, 'innermost'], 'inner'], 'outer'])
    expect(await peer.request('inner', 2)).toEqual([[2, 'innermost'], 'inner'])
  })

  test('is answered with an error when the answer cannot be sent, and that is reported', async () => {
    await using ends = await setEnds(receiver)
    ends.handle(() => 10n)
    await expect(ends.request()).rejects.toMatchObject({ code: 'remote', reason: 'internal' })
    expect(ends.errors).toHaveLength(1)
  })
})

const all = upTo(300)

interface Call {
  readonly signal: AbortSignalLike
  finish(answer: unknown): void
  calls(): number
}

/** Handles requests by waiting for the test; resolves with the first one. */
function slowly(ends: Ends): Promise<Call> {
  let count = 0
  return new Promise((resolve) =>
    ends.handle((_, signal) => {
      count++
      return new Promise((finish) => resolve({ signal, finish, calls: () => count }))
    }),
  )
}

function aborted(signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })
}

async function cut({ client, pair }: Ends): Promise<void> {
  const opened = next(client, 'open')
  pair.proxy.reset()
  pair.proxy.heal()
  expect(await opened).toMatchObject({ resumed: true })
}
