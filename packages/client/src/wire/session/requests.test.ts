import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../index.ts'
import { setUpSession } from '../../../test/support/set-up-session.ts'

describe('requests', () => {
  it('are answered, survive a connection that breaks, and say what went wrong', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    await live()
    const answer = client.request('sum', [1, 2])
    const failing = client.request('fail').catch((error: unknown) => error)
    await settleMicrotasks()
    expect(heard().slice(2)).toEqual([
      [1, 0, 'sum', [1, 2], { id: 1 }],
      [2, 0, 'fail', null, { id: 2, absent: true }],
    ])
    await say(['a', 2])
    await cut()
    await say(
      ok({ rx: 2 }),
      [1, 2, null, 3, { re: 1 }],
      [2, 2, null, { at: 5 }, { re: 2, error: 'full', message: 'no room' }],
    )
    expect(await answer).toBe(3)
    expect(await failing).toMatchObject({
      code: 'remote',
      reason: 'full',
      message: 'no room',
      data: { at: 5 },
      outcome: { status: 'delivered' },
    })
  })

  it('are unknown when their session is gone, unless they certainly did not arrive', async () => {
    const { client, live, say, ok, cut } = setUpSession()
    await live()
    const answered = client.request('one').catch((error: unknown) => error)
    const carried = client.request('two')
    await settleMicrotasks()
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 1, missed: 1 } }), [
      1,
      1,
      null,
      'done',
      { re: 2 },
    ])
    expect(await answered).toMatchObject({ code: 'unknown', outcome: { status: 'delivered' } })
    expect(await carried).toBe('done')
  })

  it('that nobody waits for any more are called off', async () => {
    const { client, live, clock, heard } = setUpSession()
    await live()
    const abort = new AbortController()
    const late = client.request('slow', 1, { timeout: 1_000 }).catch((error: unknown) => error)
    const aborted = client.request('slow', 2, { signal: abort.signal }).catch((error: unknown) => error)
    await settleMicrotasks()
    abort.abort()
    await clock.advance(1_001)
    expect([(await late) as object, (await aborted) as object]).toMatchObject([
      { code: 'timeout' },
      { code: 'aborted' },
    ])
    expect(heard().slice(4)).toEqual([
      [3, 0, null, null, { off: 2 }],
      [4, 0, null, null, { off: 1 }],
    ])
  })

  it('of the server are answered by their handler', async () => {
    const { client, live, say, heard } = setUpSession()
    const off = client.handle('confirm', async (question, { signal }) => {
      client.send('progress')
      return [question, signal.aborted]
    })
    expect(() => client.handle('confirm', () => 1)).toThrow(/has a handler/)
    await live()
    await say([1, 0, 'confirm', 'sure?', { id: 4 }])
    expect(heard().slice(2)).toEqual([
      [1, 1, 'progress'],
      [2, 1, null, ['sure?', false], { re: 4 }],
    ])
    off()
    await say([2, 2, 'confirm', 'sure?', { id: 5 }])
    expect(heard().at(-1)).toEqual([
      3,
      2,
      null,
      null,
      { re: 5, error: 'unhandled', message: expect.any(String), absent: true },
    ])
  })

  it('are answered with an error when the answer is larger than the server accepts', async () => {
    const { client, live, say, heard, reported } = setUpSession()
    client.handle('large', () => 'x'.repeat(2_000))
    client.handle('largely refused', () => {
      throw new HoldfastError('remote', 'no', { reason: 'taken', data: 'x'.repeat(2_000) })
    })
    await live({ maxPayload: 1_024 })
    await say([1, 0, 'large', null, { id: 1 }], [2, 0, 'largely refused', null, { id: 2 }])
    const answers = heard()
      .slice(-2)
      .map((frame) => (frame as unknown[])[4])
    const tooLarge = {
      error: 'too-large',
      message: 'the answer is larger than the peer takes',
      absent: true,
    }
    expect(answers).toEqual([
      { re: 2, ...tooLarge },
      { re: 1, ...tooLarge },
    ])
    expect((reported as Error[]).map(({ message }) => message.split('\n')[0])).toEqual([
      expect.stringMatching(/^the answer is larger than the peer takes: 2\d\d\d of 960 bytes$/),
      expect.stringMatching(/^the answer is larger than the peer takes: 2\d\d\d of 960 bytes$/),
    ])
  })

  it('of a session that is gone are not answered in the next one', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    let answer: ((value: unknown) => void) | undefined
    let signal: { readonly aborted: boolean } | undefined
    client.handle('slow', (_, context) => {
      signal = context.signal
      return new Promise((resolve) => (answer = resolve))
    })
    client.handle('fast', () => 'done')
    await live()
    await say([1, 0, 'slow', 1, { id: 1 }], [2, 0, 'fast', 1, { id: 2 }])
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 0, missed: 0 } }))
    expect(signal?.aborted).toBe(true)
    answer?.(1)
    await settleMicrotasks()
    expect(heard().slice(1)).toEqual([['a', 0]])
  })
})
