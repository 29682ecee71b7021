import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { come, pair, park, withStore } from '../../test/support/shared-hubs.ts'
import type { Pair, Scene } from '../../test/support/shared-hubs.ts'

interface Running {
  readonly signal: { readonly aborted: boolean }
  finish(answer: unknown): void
}

/** The handlers of that name on a hub, in the order of their calls. */
function handleSlowly({ hub }: Scene): Running[] {
  const all: Running[] = []
  hub.handle('slow', (_, __, { signal }) => new Promise((finish) => all.push({ signal, finish })))
  return all
}

const aborted = (all: readonly Running[]): boolean[] => all.map(({ signal }) => signal.aborted)

async function threeRequests(hubs: Pair): Promise<{ readonly running: Running[]; readonly ok: never }> {
  const running = handleSlowly(hubs.a)
  const client = await hubs.a.join(park)
  for (const id of [1, 2, 3]) await client.say([id, 0, 'slow', id, { id }])
  return { running, ok: client.ok as never }
}

describe('a handler on the former hub of a session', () => {
  it('is aborted when the client waits no more, and the others run on', async () => {
    const hubs = pair()
    const { running, ok } = await threeRequests(hubs)
    const back = await come(hubs, hubs.b, ok, 0, 2)
    back.take()
    await back.say([4, 0, null, null, { off: 2 }])
    await hubs.pass()
    expect(aborted(running)).toEqual([false, true, false])
    for (const [at, { finish }] of running.entries()) finish(at + 1)
    await hubs.pass()
    expect(back.frames().map(([, , , value, meta]) => [value, meta])).toEqual([
      [1, { re: 1 }],
      [3, { re: 3 }],
    ])
  })

  it('is aborted after a second move, by the hub that has the session then', async () => {
    const hubs = pair()
    const { running, ok } = await threeRequests(hubs)
    const there = handleSlowly(hubs.b)
    const second = await come(hubs, hubs.b, ok, 0, 2)
    await second.say([4, 0, 'slow', 4, { id: 4 }])
    const third = await come(hubs, hubs.a, ok, 0, 3)
    await third.say([5, 0, null, null, { off: 4 }])
    await third.say([6, 0, null, null, { off: 1 }])
    await hubs.pass()
    expect([aborted(running), aborted(there)]).toEqual([[true, false, false], [true]])
  })

  it.each([
    ['its client leaves', ['bye', { rx: 0 }]],
    ['its client violates the protocol', ['a', 99]],
  ])('is aborted when %s', async (_, last) => {
    const hubs = pair()
    const { running, ok } = await threeRequests(hubs)
    const back = await come(hubs, hubs.b, ok, 0, 2)
    await back.say(last)
    await hubs.pass()
    expect(aborted(running)).toEqual([true, true, true])
  })

  it('is aborted when the client has another identity at the next hub', async () => {
    const authenticate = ({ token = 'ada' }: { token?: string | undefined }): object => ({ identity: token })
    const hubs = pair({ authenticate: authenticate as never })
    const { running, ok } = await threeRequests(hubs)
    hubs.a.hub.park(hubs.a.peers[0]!)
    hubs.a.peers[0]!.close()
    await hubs.pass(6_000)
    await come(hubs, hubs.b, ok, 0, 2, { token: 'eve' })
    await hubs.pass()
    expect(aborted(running)).toEqual([true, true, true])
  })

  it('is not waited for by its hub once it is aborted', async () => {
    const hubs = pair()
    const { ok } = await threeRequests(hubs)
    let isClosed = false
    void hubs.a.hub.close({ drain: 60_000 }).then(() => (isClosed = true))
    const back = await come(hubs, hubs.b, ok, 0, 2)
    expect(isClosed).toBe(false)
    for (const off of [1, 2, 3]) await back.say([3 + off, 0, null, null, { off }])
    await hubs.pass()
    expect(isClosed).toBe(true)
  })

  it('runs on if the store does not bring that, and its answer comes to nobody', async () => {
    const broken = withStore(() => ({ abort: () => Promise.reject(new Error('away')) }))
    const hubs = pair({}, broken)
    const { running, ok } = await threeRequests(hubs)
    const back = await come(hubs, hubs.b, ok, 0, 2)
    await back.say([4, 0, null, null, { off: 2 }])
    await hubs.pass()
    expect(aborted(running)).toEqual([false, false, false])
    expect(back.socket.closedWith).toBeUndefined()
  })

  it('is aborted once, whatever the client says', async () => {
    const hubs = pair()
    const { running, ok } = await threeRequests(hubs)
    const back = await come(hubs, hubs.b, ok, 0, 2)
    for (const [seq, off] of [2, 2, 99].entries()) await back.say([4 + seq, 0, null, null, { off }])
    await settleMicrotasks()
    await hubs.pass()
    expect(aborted(running)).toEqual([false, true, false])
    expect(back.socket.closedWith).toBeUndefined()
  })
})
