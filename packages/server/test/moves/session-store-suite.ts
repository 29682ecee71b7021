import { describe, expect, it } from 'vitest'
import type {
  Claim,
  ParkedState,
  ReleaseRequest,
  SessionStore,
  SessionStoreNode,
  SessionToken,
  Taken,
} from '../../src/moves/session-store.ts'

/** A store that the suite tries: a fresh one, with nothing in it. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: SessionStore
  /** How long the cursors of a session are kept, in milliseconds. */
  readonly tombstoneTimeout: number
  readonly maxMailboxMessages: number
  /** The answer of a store that knows nothing of a session, and has lost nothing. */
  readonly missing: Taken
  /** Makes that many milliseconds pass for the store. */
  pass(milliseconds: number): Promise<void>
  /** Waits until every hub was told what it is to be told. */
  settle(): Promise<void>
}

interface Hub {
  readonly node: SessionStoreNode
  readonly asked: ReleaseRequest[]
  readonly posted: string[]
  readonly aborted: (readonly [session: string, requests: readonly number[]])[]
}

const ttl = 60_000
const cursors = { rx: 7, tx: 5, queued: 2 }
const state: ParkedState = {
  text: '{"a":"𝄞"}',
  format: 1,
  identity: 'ada',
  dials: { client: 'c1', n: 3, others: [['c0', 9]] },
  tombstone: cursors,
  mailbox: 0,
  running: [],
}
const claim: Claim = { keyHash: 'hash', identity: 'ada', client: 'c1', n: 4 }
const how = { format: 1 }

function join(store: SessionStore): Hub {
  const asked: Hub['asked'] = []
  const posted: Hub['posted'] = []
  const aborted: Hub['aborted'][number][] = []
  const node = store.open({
    asked: (request) => void asked.push(request),
    posted: (session) => void posted.push(session),
    lost: () => {},
    aborted: (session, requests) => void aborted.push([session, requests]),
  })
  return { node, asked, posted, aborted }
}

/** What every store of sessions promises. */
export function sessionStoreSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  /** Two hubs, of which the first one has a session. */
  const setUp = async (): Promise<StoreUnderTest & { a: Hub; b: Hub; token: SessionToken }> => {
    const test = await create()
    const [a, b] = [join(test.store), join(test.store)]
    const token = await a.node.begin('s', claim.keyHash)
    return { ...test, a, b, token }
  }
  const parked = async (changes: Partial<ParkedState> = {}): ReturnType<typeof setUp> => {
    const test = await setUp()
    expect(await test.a.node.park('s', test.token, { ...state, ...changes }, ttl)).toBe(true)
    return test
  }
  const taken = async (
    { node }: Hub,
    changes: Partial<Claim> = {},
  ): Promise<{ token: SessionToken; text: string }> => {
    const answer = await node.take('s', { ...claim, ...changes }, how)
    if (answer.status !== 'yours') throw new Error(`it is ${answer.status}`)
    return answer
  }

  /** A store that needs no timer looks for what it can forget when something happens. */
  const endAnother = async ({ node }: Hub): Promise<void> => {
    const token = await node.begin('another', claim.keyHash)
    await node.end('another', token, { ...cursors, why: 'closed' })
  }

  describe(`sessions in ${name}`, () => {
    it('are unknown before they begin, and under another key', async () => {
      await using test = await parked()
      expect(await test.b.node.take('other', claim, how)).toEqual(test.missing)
      expect(await test.b.node.take('s', { ...claim, keyHash: 'x' }, how)).toEqual({ status: 'unknown' })
    })

    it('are asked of the hub that has them, under its token', async () => {
      await using test = await setUp()
      expect(await test.b.node.take('s', claim, how)).toEqual({ status: 'elsewhere' })
      await test.settle()
      expect(test.a.asked).toEqual([{ session: 's', token: test.token, claim }])
    })

    it('are unknown when the hub that has them has died', async () => {
      await using test = await setUp()
      await test.a.node.close()
      expect(await test.b.node.take('s', claim, how)).toEqual({ status: 'unknown' })
    })

    it('go to a hub with what was parked, and the time since then', async () => {
      await using test = await parked()
      await test.pass(1_000)
      const answer = await test.b.node.take('s', claim, how)
      expect(answer).toMatchObject({ status: 'yours', text: state.text, token: { node: test.b.node.name } })
      expect((answer as { elapsed: number }).elapsed).toBeGreaterThanOrEqual(1_000)
    })

    it('outlive the hub that has parked them', async () => {
      await using test = await parked()
      await test.a.node.close()
      expect(await taken(test.b)).toMatchObject({ text: state.text })
    })

    it('go to one hub only', async () => {
      await using test = await parked()
      const answers = await Promise.all([test.b, test.a].map(({ node }) => node.take('s', claim, how)))
      expect(answers.filter(({ status }) => status === 'yours')).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 'elsewhere')).toHaveLength(1)
    })

    it('go to a hub again that did not hear of it, under its latest attempt', async () => {
      await using test = await parked()
      const first = await taken(test.b)
      const second = await taken(test.b)
      expect([second.text, second.token.attempt > first.token.attempt]).toEqual([state.text, true])
      expect(await test.b.node.park('s', first.token, state, ttl)).toBe(false)
      expect(await test.b.node.park('s', second.token, state, ttl)).toBe(true)
    })

    it('are parked once under a token, however often a hub says so', async () => {
      await using test = await parked()
      expect(await test.a.node.park('s', test.token, { ...state, text: 'later' }, ttl)).toBe(true)
      const { token, text } = await taken(test.b)
      expect(text).toBe(state.text)
      expect(await test.a.node.park('s', test.token, state, ttl)).toBe(false)
      expect(await test.b.node.end('s', token, { ...cursors, why: 'closed' })).toBe(true)
    })

    it('that went there and back are not parked under an earlier token of the same hub', async () => {
      await using test = await parked()
      const b = await taken(test.b)
      await test.b.node.park('s', b.token, { ...state, text: 'b' }, ttl)
      const a = await taken(test.a)
      expect(a.text).toBe('b')
      expect(await test.a.node.park('s', test.token, state, ttl)).toBe(false)
      expect(await test.a.node.park('s', a.token, state, ttl)).toBe(true)
    })

    it.each([
      ['of the last dial', { n: 3 }],
      ['of an instance before it', { client: 'c0', n: 9 }],
      ['of an earlier dial under another identity', { n: 3, identity: 'eve' }],
    ])('do not go to a greeting %s', async (_, changes) => {
      await using test = await parked()
      expect(await test.b.node.take('s', { ...claim, ...changes }, how)).toEqual({ status: 'late' })
      expect(await taken(test.b)).toMatchObject({ text: state.text })
    })

    it('go to another instance of the client', async () => {
      await using test = await parked()
      expect(await taken(test.b, { client: 'c2', n: 1 })).toMatchObject({ text: state.text })
    })

    it('end under another identity, with their cursors, and stay ended', async () => {
      await using test = await parked()
      const tombstone = { ...cursors, why: 'identity' }
      const other = { ...claim, identity: null }
      expect(await test.b.node.take('s', other, how)).toEqual({ status: 'ended', tombstone })
      expect(await test.a.node.take('s', claim, how)).toEqual({ status: 'ended', tombstone })
    })

    it('of a later format go to a hub that understands it, and to no other one', async () => {
      await using test = await parked({ format: 2 })
      expect(await test.b.node.take('s', claim, how)).toEqual({ status: 'unreadable' })
      expect(await test.b.node.take('s', claim, { format: 2 })).toMatchObject({ status: 'yours' })
    })

    it('of a later format end with their cursors when a hub gives up', async () => {
      await using test = await parked({ format: 2 })
      expect(await test.b.node.take('s', claim, { format: 1, isLast: true })).toEqual({
        status: 'ended',
        tombstone: { ...cursors, why: 'unknown' },
      })
    })

    it('expire with their cursors, which are kept for longer', async () => {
      await using test = await parked()
      await test.pass(ttl)
      const tombstone = { ...cursors, why: 'expired' }
      expect(await test.b.node.take('s', claim, how)).toEqual({ status: 'ended', tombstone })
      await test.pass(test.tombstoneTimeout / 2)
      expect(await test.b.node.take('s', claim, how)).toEqual({ status: 'ended', tombstone })
    })

    it('expire with their cursors also if nobody asks before they are nearly forgotten', async () => {
      await using test = await parked()
      await test.pass(ttl + test.tombstoneTimeout / 2)
      await endAnother(test.a)
      expect(await test.b.node.take('s', claim, how)).toMatchObject({ status: 'ended' })
    })

    it('are not forgotten while a hub has them', async () => {
      await using test = await parked()
      await taken(test.b)
      await test.pass(ttl + test.tombstoneTimeout)
      await endAnother(test.a)
      expect(await test.a.node.take('s', claim, how)).toEqual({ status: 'elsewhere' })
    })

    it('are forgotten after that', async () => {
      await using test = await parked()
      await test.pass(ttl + test.tombstoneTimeout)
      await endAnother(test.a)
      expect(await test.b.node.take('s', claim, how)).toEqual(test.missing)
    })

    it('end by the hub that has them, and only by that one', async () => {
      await using test = await parked()
      const { token } = await taken(test.b)
      const tombstone = { ...cursors, rx: 8, why: 'closed' as const }
      expect(await test.a.node.end('s', test.token, { ...cursors, why: 'closed' })).toBe(false)
      expect(await test.b.node.end('s', token, tombstone)).toBe(true)
      expect(await test.a.node.take('s', claim, how)).toEqual({ status: 'ended', tombstone })
    })

    it('are put back by a hub that never heard it was given them', async () => {
      await using test = await parked()
      const { token } = await taken(test.b)
      await test.b.node.giveBack('s', token)
      expect(await taken(test.a)).toMatchObject({ text: state.text })
    })

    it('are not put back under an earlier attempt', async () => {
      await using test = await parked()
      const first = await taken(test.b)
      await taken(test.b)
      await test.b.node.giveBack('s', first.token)
      expect(await test.a.node.take('s', claim, how)).toEqual({ status: 'elsewhere' })
    })
  })

  describe(`the mailbox of a session in ${name}`, () => {
    it('has what was posted, in order, from any position', async () => {
      await using test = await parked()
      for (const text of ['1', '2', '3']) expect(await test.a.node.post('s', { text })).toBe('posted')
      const texts = async (position: number): Promise<string[]> =>
        (await test.b.node.readMailbox('s', position)).map(({ text }) => text)
      expect([await texts(0), await texts(2), await texts(3)]).toEqual([['1', '2', '3'], ['3'], []])
    })

    it('keeps what a hub has not read when it parks the session, at the same positions', async () => {
      await using test = await parked()
      for (const text of ['1', '2', '3']) await test.a.node.post('s', { text })
      const { token } = await taken(test.b)
      await test.b.node.park('s', token, { ...state, mailbox: 2 }, ttl)
      await test.a.node.post('s', { text: '4' })
      expect((await test.a.node.readMailbox('s', 2)).map(({ text }) => text)).toEqual(['3', '4'])
      expect((await test.a.node.readMailbox('s', 3)).map(({ text }) => text)).toEqual(['4'])
    })

    it('takes no more than its bound, until a hub has read it and parks the session', async () => {
      await using test = await parked({ running: [4] })
      for (let n = 0; n < test.maxMailboxMessages; n++) await test.a.node.post('s', { text: String(n) })
      expect(await test.a.node.post('s', { text: 'more' })).toBe('full')
      expect(await test.a.node.post('s', { text: 'answer', answers: 4 })).toBe('full')
      const { token } = await taken(test.b)
      await test.b.node.park('s', token, { ...state, mailbox: test.maxMailboxMessages }, ttl)
      expect(await test.a.node.post('s', { text: 'answer', answers: 4 })).toBe('posted')
    })

    it('is announced to the hub that has the session', async () => {
      await using test = await parked()
      await taken(test.b)
      await test.a.node.post('s', { text: '1' })
      await test.settle()
      expect([test.a.posted, test.b.posted]).toEqual([[], ['s']])
    })

    it('takes nothing after the end of the session', async () => {
      await using test = await parked()
      const { token } = await taken(test.b)
      await test.b.node.end('s', token, { ...cursors, why: 'closed' })
      expect(await test.a.node.post('s', { text: '1' })).toBe('ended')
      expect(await test.a.node.post('other', { text: '1' })).toBe('ended')
    })

    it('takes one answer to a request, from the hub whose handler ran', async () => {
      await using test = await parked({ running: [4] })
      await test.b.node.post('s', { text: 'wrong', answers: 4 })
      for (const text of ['first', 'second']) await test.a.node.post('s', { text, answers: 4 })
      expect(await test.b.node.readMailbox('s', 0)).toEqual([{ text: 'first', answers: 4 }])
    })

    it('gets an answer for each request of a hub that has died, and for no other one', async () => {
      await using test = await parked({ running: [4, 5] })
      const { token } = await taken(test.b)
      await test.b.node.park('s', token, { ...state, running: [6] }, ttl)
      const interrupted = (request: number): string => `interrupted ${request}`
      await test.b.node.interrupt('s', interrupted)
      expect(await test.b.node.readMailbox('s', 0)).toEqual([])
      await test.a.node.post('s', { text: 'done', answers: 4 })
      await test.a.node.close()
      for (const node of [test.b.node, test.b.node]) await node.interrupt('s', interrupted)
      expect((await test.b.node.readMailbox('s', 0)).map(({ text }) => text)).toEqual([
        'done',
        'interrupted 5',
      ])
      // A hub that is closed may refuse it.
      await test.a.node.post('s', { text: 'too late', answers: 5 }).catch(() => {})
      expect(await test.b.node.readMailbox('s', 2)).toEqual([])
    })
  })
  describe(`the requests that run for a session in ${name}`, () => {
    /** The session is at the second hub, and requests run on the first and on the second one. */
    const running = async (): Promise<Awaited<ReturnType<typeof setUp>> & { readonly own: SessionToken }> => {
      const test = await parked({ running: [4, 5] })
      const there = await taken(test.b)
      await test.b.node.park('s', there.token, { ...state, running: [6] }, ttl)
      const { token } = await taken(test.b)
      return { ...test, own: token }
    }

    it('are aborted at their hubs, one by one, and are not answered any more', async () => {
      await using test = await running()
      await test.b.node.abort('s', test.own, 5)
      await test.settle()
      expect([test.a.aborted, test.b.aborted]).toEqual([[['s', [5]]], []])
      for (const answers of [4, 5]) await test.a.node.post('s', { text: `answer ${answers}`, answers })
      expect(await test.b.node.readMailbox('s', 0)).toEqual([{ text: 'answer 4', answers: 4 }])
    })

    it('are not aborted twice, nor if they are answered, nor under another token', async () => {
      await using test = await running()
      await test.a.node.post('s', { text: 'answer', answers: 4 })
      await test.b.node.abort('s', test.own, 4)
      await test.b.node.abort('s', test.own, 9)
      await test.a.node.abort('s', test.token, 5)
      await test.settle()
      expect([test.a.aborted, test.b.aborted]).toEqual([[], []])
      for (let time = 0; time < 2; time++) await test.b.node.abort('s', test.own, 5)
      await test.settle()
      expect(test.a.aborted).toEqual([['s', [5]]])
    })

    it('are aborted when the session ends', async () => {
      await using test = await running()
      await test.b.node.end('s', test.own, { ...cursors, why: 'closed' })
      await test.settle()
      expect([test.a.aborted, test.b.aborted]).toEqual([[['s', [4, 5]]], [['s', [6]]]])
    })

    it('are aborted when the session ends because of another identity', async () => {
      await using test = await parked({ running: [4] })
      await test.b.node.take('s', { ...claim, identity: 'eve' }, how)
      await test.settle()
      expect(test.a.aborted).toEqual([['s', [4]]])
    })
  })
}
