import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from './outcome.ts'
import type { Outgoing } from './message.ts'
import { createSession, restoreSession } from './session.ts'
import type { Session } from './session.ts'

const delivered: Outcome = { status: 'delivered' }
const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }
const rejected: Outcome = { status: 'undelivered', reason: 'rejected' }

interface Sent extends Outgoing<string> {
  readonly outcomes: Outcome[]
}

function message(body: string, bytes = 1, onSettled = (): void => {}): Sent {
  const outcomes: Outcome[] = []
  return {
    body,
    bytes,
    volatile: false,
    outcomes,
    settle(outcome) {
      outcomes.push(outcome)
      onSettled()
    },
  }
}

function setUp(count: number, bytes = 1): { session: Session<string>; sent: Sent[] } {
  const session = createSession<string>()
  session.window = [1_000_000, 1_000_000_000]
  const sent = Array.from({ length: count }, (_, index) => message(String(index + 1), bytes))
  for (const item of sent) session.number(item)
  return { session, sent }
}

const replayed = (session: Session<string>): (readonly [number, string | undefined])[] =>
  [...session.replay()].map(([seq, item]) => [seq, item?.body])

describe('numbers', () => {
  it('begin with 1 and go up by one', () => {
    const session = createSession<string>()
    expect([session.tx, session.rx, session.unacknowledged]).toEqual([0, 0, 0])
    expect([1, 2, 3].map((body) => session.number(message(String(body))))).toEqual([1, 2, 3])
    expect([session.tx, session.unacknowledged]).toEqual([3, 3])
  })

  it('go on where they were after all is acknowledged', () => {
    const { session } = setUp(3)
    session.acknowledge(3)
    expect([session.tx, session.unacknowledged]).toEqual([3, 0])
    expect(session.number(message('4'))).toBe(4)
  })
})

describe('a received number', () => {
  it('is taken when it is the next one, and moves the cursor', () => {
    const session = createSession<string>()
    expect([session.accept(1), session.rx, session.accept(2), session.rx]).toEqual(['next', 1, 'next', 2])
  })

  it('is dropped when it was taken before, and ends the connection when one is missing', () => {
    const session = createSession<string>()
    expect(session.accept(2)).toBe('gap')
    expect(session.rx).toBe(0)
    session.accept(1)
    expect([
      session.accept(1),
      session.accept(3),
      session.accept(Number.MAX_SAFE_INTEGER),
      session.rx,
    ]).toEqual(['old', 'gap', 'gap', 1])
    expect(session.accept(2)).toBe('next')
  })
})

describe('an ack', () => {
  it('settles all messages up to it, in order, once', () => {
    const { session, sent } = setUp(4)
    expect(session.acknowledge(2)).toBe(true)
    expect(session.acknowledge(2)).toBe(true)
    expect(session.acknowledge(1)).toBe(true)
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[delivered], [delivered], [], []])
    expect([session.tx, session.unacknowledged]).toEqual([4, 2])
  })

  it('of more than was written is a violation, and settles nothing', () => {
    const { session, sent } = setUp(2)
    expect(session.acknowledge(3)).toBe(false)
    expect(session.acknowledge(Number.MAX_SAFE_INTEGER)).toBe(false)
    expect(sent.flatMap(({ outcomes }) => outcomes)).toEqual([])
    expect(session.acknowledge(2)).toBe(true)
    expect(createSession<string>().acknowledge(1)).toBe(false)
  })

  it('may come from whoever hears of an outcome', () => {
    const session = createSession<string>()
    const settled: number[] = []
    for (const seq of [1, 2, 3, 4])
      session.number(
        message(String(seq), 1, () => {
          settled.push(seq)
          if (seq === 1) {
            session.acknowledge(3)
            session.number(message('5'))
          }
        }),
      )
    session.acknowledge(2)
    expect(settled).toEqual([1, 2, 3])
    expect([session.unacknowledged, session.tx]).toEqual([2, 5])
  })
})

describe('the window', () => {
  it('bounds messages and bytes that are not acknowledged', () => {
    const session = createSession<string>()
    session.window = [3, 100]
    session.number(message('a', 40))
    expect([session.hasRoom(60), session.hasRoom(61)]).toEqual([true, false])
    session.number(message('b', 1))
    expect(session.hasRoom(1)).toBe(true)
    session.number(message('c', 1))
    expect(session.hasRoom(0)).toBe(false)
    session.acknowledge(1)
    expect([session.hasRoom(98), session.hasRoom(99)]).toEqual([true, false])
  })

  it('lets one message fly alone, whatever its size', () => {
    const session = createSession<string>()
    session.window = [5, 10]
    expect(session.hasRoom(1_000_000)).toBe(true)
    session.number(message('large', 1_000_000))
    expect(session.hasRoom(0)).toBe(false)
    session.acknowledge(1)
    expect(session.hasRoom(1_000_000)).toBe(true)
  })

  it('is for one message before the peer has announced it', () => {
    const session = createSession<string>()
    expect(session.hasRoom(50)).toBe(true)
    session.number(message('a', 50))
    expect(session.hasRoom(0)).toBe(false)
  })
})

describe('a replay', () => {
  it('repeats what is not acknowledged, in order and under the old numbers', () => {
    const { session } = setUp(5)
    session.acknowledge(2)
    expect(replayed(session)).toEqual([
      [3, '3'],
      [4, '4'],
      [5, '5'],
    ])
    expect(replayed(session)).toHaveLength(3)
    session.acknowledge(5)
    expect(replayed(session)).toEqual([])
  })

  it('is not disturbed by what happens in between', () => {
    const { session } = setUp(4)
    session.acknowledge(1)
    const seen: (readonly [number, string | undefined])[] = []
    for (const [seq, item] of session.replay()) {
      seen.push([seq, item?.body])
      session.acknowledge(4)
      session.number(message('new'))
    }
    expect(seen).toEqual([
      [2, '2'],
      [3, '3'],
      [4, '4'],
    ])
  })
})

function withdraw(session: Session<string>): void {
  session.quarantineOldest()
  session.quarantineOldest()
}

describe('a withdrawal', () => {
  it('is for the message that was the oldest one twice, and no other', () => {
    const { session, sent } = setUp(3)
    expect(session.quarantineOldest()).toBe(true)
    session.acknowledge(1)
    expect(session.quarantineOldest()).toBe(true)
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[delivered], [], []])
    expect(session.quarantineOldest()).toBe(true)
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[delivered], [rejected], []])
    session.acknowledge(3)
    expect(session.quarantineOldest()).toBe(false)
  })

  it('leaves the number of the oldest message to a void one, and gives its room back', () => {
    const { session, sent } = setUp(3, 10)
    session.acknowledge(1)
    withdraw(session)
    expect(sent[1]!.outcomes).toEqual([rejected])
    expect(replayed(session)).toEqual([
      [2, undefined],
      [3, '3'],
    ])
    session.window = [5, 20]
    expect([session.hasRoom(10), session.hasRoom(11)]).toEqual([true, false])
    expect([session.tx, session.unacknowledged]).toEqual([3, 2])
    expect(session.acknowledge(3)).toBe(true)
    expect(sent[1]!.outcomes).toEqual([rejected])
    expect(sent[2]!.outcomes).toEqual([delivered])
  })

  it('of a message that was withdrawn before changes nothing', () => {
    const { session, sent } = setUp(2)
    withdraw(session)
    withdraw(session)
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[rejected], []])
  })

  it('takes no number when nothing is unacknowledged', () => {
    const { session } = setUp(1)
    session.acknowledge(1)
    withdraw(session)
    expect([session.tx, session.unacknowledged]).toEqual([1, 0])
    expect(session.acknowledge(2)).toBe(false)
    expect(session.number(message('2'))).toBe(2)
  })
})

describe('the end of a session', () => {
  it('with a final cursor settles what is up to it, and gives back the rest in order', () => {
    const { session, sent } = setUp(5)
    session.acknowledge(1)
    expect(session.end(3, unknown)).toEqual(sent.slice(3))
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[delivered], [delivered], [delivered], [], []])
    expect(session.unacknowledged).toBe(0)
  })

  it('without one settles what was written as unknown, and gives nothing back', () => {
    const { session, sent } = setUp(3)
    session.acknowledge(1)
    expect(session.end(undefined, unknown)).toEqual([])
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[delivered], [unknown], [unknown]])
  })

  it('gives back nothing that was withdrawn', () => {
    const { session, sent } = setUp(3)
    withdraw(session)
    expect(session.end(0, unknown)).toEqual(sent.slice(1))
    const other = setUp(2)
    withdraw(other.session)
    expect(other.session.end(undefined, unknown)).toEqual([])
    expect(other.sent.map(({ outcomes }) => outcomes)).toEqual([[rejected], [unknown]])
  })

  it('believes no cursor of the future and none of the past', () => {
    const { session, sent } = setUp(3)
    session.acknowledge(2)
    expect(session.end(1, unknown)).toEqual(sent.slice(2))
    const other = setUp(2)
    expect(other.session.end(99, unknown)).toEqual([])
    expect(other.sent.map(({ outcomes }) => outcomes)).toEqual([[delivered], [delivered]])
  })
})

describe('a long session', () => {
  it('gives memory back, and loses no number over it', () => {
    const session = createSession<string>()
    session.window = [5_000, Infinity]
    let acked = 0
    for (let seq = 1; seq <= 50_000; seq++) {
      expect(session.number(message(String(seq)))).toBe(seq)
      if (seq % 2_500 === 0) session.acknowledge((acked = seq - 1_000))
      if (seq % 10_000 === 0) {
        const [first] = session.replay()
        expect(first).toMatchObject([acked + 1, { body: String(acked + 1) }])
        expect(session.unacknowledged).toBe(seq - acked)
      }
    }
    expect(session.tx).toBe(50_000)
    session.acknowledge(50_000)
    expect([session.unacknowledged, session.hasRoom(1e9)]).toEqual([0, true])
  })
})

describe('a session that another program goes on with', () => {
  it('has the cursor that it had, and gives the unacknowledged messages their numbers again', () => {
    const { session } = setUp(4)
    session.acknowledge(2)
    session.accept(1)
    const restored = restoreSession<string>(session)
    for (const [, item] of session.replay()) restored.number(message(item!.body))
    expect(replayed(restored)).toEqual(replayed(session))
    expect([restored.rx, restored.tx, restored.acknowledged]).toEqual([1, 4, 2])
    expect([restored.accept(1), restored.accept(2)]).toEqual(['old', 'next'])
  })

  it('still suspects the message that it suspected', () => {
    const { session } = setUp(2)
    session.quarantineOldest()
    const restored = restoreSession<string>(session)
    const sent = [message('1'), message('2')]
    for (const item of sent) restored.number(item)
    restored.quarantineOldest()
    expect(sent.map(({ outcomes }) => outcomes)).toEqual([[rejected], []])
  })
})

describe('whatever is done to a session', () => {
  it('each message settles at most once, and its books are those of a simple list', () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('number' as const), by: fc.nat(20) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), by: fc.nat(12) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), by: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('accept' as const), by: fc.nat(12) }) },
    )
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.option(fc.nat(30), { nil: undefined }),
        (actions, finalCursor) => {
          const session = createSession<string>()
          session.window = [8, 60]
          const all: Sent[] = []
          const withdrawn = new Set<number>()
          let acked = 0
          let rx = 0
          for (const item of actions)
            switch (item.do) {
              case 'number': {
                const kept = all.slice(acked).filter((_, index) => !withdrawn.has(acked + index))
                const bytes = kept.reduce((sum, sent) => sum + sent.bytes, item.by)
                const fits = all.length === acked || (all.length - acked < 8 && bytes <= 60)
                expect(session.hasRoom(item.by)).toBe(fits)
                if (!fits) break
                all.push(message(String(all.length + 1), item.by))
                expect(session.number(all.at(-1)!)).toBe(all.length)
                break
              }
              case 'acknowledge':
                expect(session.acknowledge(item.by)).toBe(item.by <= all.length)
                if (item.by <= all.length) acked = Math.max(acked, item.by)
                break
              case 'withdraw':
                withdraw(session)
                if (acked < all.length) withdrawn.add(acked)
                break
              case 'accept': {
                const verdict = session.accept(item.by + 1)
                expect(verdict).toBe(item.by === rx ? 'next' : item.by < rx ? 'old' : 'gap')
                if (verdict === 'next') rx++
                expect(session.rx).toBe(rx)
              }
            }
          expect(session.tx).toBe(all.length)
          expect(session.unacknowledged).toBe(all.length - acked)
          const unacknowledged = all
            .slice(acked)
            .map((sent, index) => [acked + index + 1, withdrawn.has(acked + index) ? undefined : sent.body])
          expect(replayed(session)).toEqual(unacknowledged)

          const rest = session.end(finalCursor, unknown)
          const final = finalCursor === undefined ? acked : Math.max(acked, Math.min(finalCursor, all.length))
          for (const [index, { outcomes }] of all.entries()) {
            if (withdrawn.has(index)) expect(outcomes).toEqual([rejected])
            else if (index < final) expect(outcomes).toEqual([delivered])
            else expect(outcomes).toEqual(finalCursor === undefined ? [unknown] : [])
          }
          expect(rest).toEqual(
            finalCursor === undefined
              ? []
              : all.filter((_, index) => index >= final && !withdrawn.has(index)),
          )
        },
      ),
    )
  })
})
