// What a store gives may be anything: it is another program, and may be of another version.
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SessionStoreListener } from '../index.ts'
import { memory } from '../index.ts'
import { come, okOf, pair, park, withStore } from '../../test/support/shared-hubs.ts'
import type { Pair } from '../../test/support/shared-hubs.ts'
import type { Ok } from '@holdfast/protocol'

/** Fails the test for a rejection that nobody handles, which would end the process of a user. */
function expectNothingUnhandled(): void {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(async () => {
    await new Promise((resolve) => setTimeout(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
}

/** Dials until there is an answer. */
async function dialOn(hubs: Pair, ok: Ok): Promise<Ok> {
  for (let n = 2; n < 20; n++) {
    const client = await come(hubs, hubs.b, ok, 0, n)
    await hubs.pass(8_000)
    const answer = okOf(client)
    if (answer) return answer
    expect(client.socket.closedWith).toMatchObject({ code: 1013, reason: expect.stringContaining('after') })
  }
  throw new Error('it never opens')
}

const lost = { lost: { why: 'unknown', rx: null, missed: null } }

describe('a client whose session a store answers for', () => {
  it.each([
    ['nothing', undefined],
    ['no object', 'yours'],
    ['a status that is none', { status: 'mine' }],
    ['a session without a token', { status: 'yours', text: '{}', elapsed: 0 }],
    ['a session without its state', { status: 'yours', token: { node: 'n', attempt: 1 }, elapsed: 0 }],
    ['an end without cursors', { status: 'ended', tombstone: { why: 'closed', rx: -1 } }],
    ['an end that is none', { status: 'ended' }],
    ['a session that is missing for an unknown time', { status: 'missing', hasForgotten: false }],
  ])('with %s comes again, until the store is right', async (_, answer) => {
    expectNothingUnhandled()
    let isWrong = true
    const broker = withStore((node) => ({
      take: (...claim) => (isWrong ? Promise.resolve(answer as never) : node.take(...claim)),
    }))
    const hubs = pair({}, broker)
    const client = await hubs.a.join(park)
    const refused = await come(hubs, hubs.b, client.ok, 0, 2)
    expect(refused.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(hubs.b.reported).toHaveLength(1)
    isWrong = false
    expect(await dialOn(hubs, client.ok)).toMatchObject({ session: client.ok.session })
  })

  it.each([
    ['the state of another session', (text: string) => text.replace(/"keyHash":"./, '"keyHash":"!')],
    ['the state of another identity', (text: string) => text.replace('"identity":null', '"identity":"eve"')],
    ['half of a state', (text: string) => text.slice(0, text.length / 2)],
    ['no state', () => ''],
    ['far too much', (text: string) => text + ' '.repeat(60_000_000)],
  ])('with %s loses the session without a cursor, and has a new one at once', async (_, change) => {
    expectNothingUnhandled()
    const broker = withStore((node) => ({
      async take(...claim) {
        const taken = await node.take(...claim)
        return taken.status === 'yours' ? { ...taken, text: change(taken.text) } : taken
      },
    }))
    const hubs = pair({}, broker)
    const client = await hubs.a.join(park)
    await client.say([1, 0, 'y', 1])
    hubs.a.peers[0]!.send('x', 'of another')
    const answer = await dialOn(hubs, client.ok)
    expect(answer).toMatchObject(lost)
    // Nobody has ended the session with a cursor that may be wrong.
    expect(await dialOn(hubs, { ...client.ok })).toMatchObject(lost)
  })

  it('which comes too late gets it at the next hub: this one puts it back', async () => {
    expectNothingUnhandled()
    const late: (() => void)[] = []
    let isSlow = true
    let returned = 0
    const broker = withStore((node) => ({
      giveBack: (...session) => (returned++, node.giveBack(...session)),
      async take(...claim) {
        const taken = await node.take(...claim)
        if (isSlow && taken.status === 'yours') await new Promise<void>((resolve) => late.push(resolve))
        return taken
      },
    }))
    const hubs = pair({}, broker)
    const client = await hubs.a.join(park)
    const refused = await come(hubs, hubs.b, client.ok, 0, 2)
    await hubs.pass(6_000)
    expect(refused.socket.closedWith?.code).toBe(1013)
    isSlow = false
    for (const answer of late) answer()
    await hubs.pass()
    expect(returned).toBeGreaterThan(0)
    const back = await come(hubs, hubs.a, client.ok, 0, 3)
    expect(okOf(back)).toMatchObject({ session: client.ok.session })
    expect([hubs.a.hub.peers.size, hubs.b.hub.peers.size]).toEqual([1, 0])
  })
})

describe('a session of a mailbox', () => {
  it.each([
    ['is none', 'x'],
    ['has entries that are none', [null]],
  ])('that %s goes on, and is read when it is one', async (_, entries) => {
    expectNothingUnhandled()
    let isWrong = true
    const broker = withStore((node) => ({
      readMailbox: (...place) => (isWrong ? Promise.resolve(entries as never) : node.readMailbox(...place)),
    }))
    const hubs = pair({}, broker)
    const client = await hubs.a.join(park)
    const former = hubs.a.peers[0]!
    const back = await come(hubs, hubs.b, client.ok, 0, 2)
    former.send('x', 1)
    await hubs.pass()
    isWrong = false
    former.send('x', 2)
    await hubs.pass()
    expect(back.frames().map(([, , , value]) => value)).toEqual([1, 2])
  })
})

it('a hub survives notifications of a store that are none', async () => {
  expectNothingUnhandled()
  let listener: SessionStoreListener | undefined
  const broker = memory()
  const hubs = pair(
    {},
    {
      open: (feed) => broker.open(feed),
      openSessions(heard) {
        listener ??= heard
        return broker.openSessions!(heard)
      },
    },
  )
  const client = await hubs.a.join(park)
  const session = client.ok.session
  const token = { node: 'n', attempt: 1 }
  const wrong = [undefined, null, 1, {}, { session }, { session, token }, { session, token, claim: 1 }]
  for (const one of wrong) {
    expect(() => listener!.asked(one as never)).not.toThrow()
    expect(() => listener!.posted(one as never)).not.toThrow()
    expect(() => listener!.lost(session, one as never)).not.toThrow()
    expect(() => listener!.aborted(session, one as never)).not.toThrow()
  }
  await settleMicrotasks()
  expect(client.socket.closedWith).toBeUndefined()
  expect(hubs.a.hub.peers.size).toBe(1)
})

it('a session goes on at another hub although the listeners of its arrival and its departure throw', async () => {
  expectNothingUnhandled()
  const hubs = pair()
  const fail = (): never => {
    throw new Error('a fault of the application')
  }
  hubs.b.hub.onPeer(fail)
  hubs.a.hub.watch('closed', fail)
  const client = await hubs.a.join(park)
  hubs.a.peers[0]!.onClose(fail)
  hubs.a.peers[0]!.send('x', 1)
  const back = await come(hubs, hubs.b, client.ok, 0, 2)
  expect(okOf(back)).toMatchObject({ session: client.ok.session })
  expect(back.frames()).toEqual([[1, 0, 'x', 1]])
  expect([hubs.a.reported.length, hubs.b.reported.length]).toEqual([2, 1])
})

describe('while a store is away', () => {
  const away = (): Promise<never> => Promise.reject(new Error('away'))

  it('a hub closes within bounded time', async () => {
    const broker = withStore(() => ({ begin: away, end: away, park: away, readMailbox: away, close: away }))
    const hubs = pair({}, broker)
    await hubs.a.join(park)
    let isClosed = false
    void hubs.a.hub.close().then(() => (isClosed = true))
    await hubs.pass(20_000)
    expect(isClosed).toBe(true)
  })
})
