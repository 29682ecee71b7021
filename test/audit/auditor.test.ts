import { describe, expect, test } from 'vitest'
import { createAuditor } from './auditor.ts'
import type { HistoryEvent } from './history.ts'
import type { RuleName } from './rules.ts'
import { clientEvents, peerEvents, tell } from './tell.ts'
import type { Event } from './tell.ts'

const c = clientEvents('c0')
const other = clientEvents('c1')
const p = peerEvents('s0', 'p0')
const q = peerEvents('s0', 'p1')
const r = peerEvents('s1', 'p2')
/** The first session, on the next server. */
const n = peerEvents('s1', 'p0')

type Steps = readonly (Event | readonly Event[])[]

const begin: Steps = [c.did('connect'), c.open(), p.joined('c0')]
/** From one session to the next, which the server has reported. */
const change: Steps = [c.down(), p.left(), [c.lost(), c.open()], q.joined('c0')]

function rulesOf(history: readonly HistoryEvent[], crashed: string[] = []): RuleName[] {
  const auditor = createAuditor()
  for (const event of history) auditor.record(event)
  return [...new Set(auditor.finish({ crashed }).map(({ rule }) => rule))].sort()
}
/** From one server to the next, which drains. */
const move: Steps = [p.draining(), c.down('drained'), p.left('moved'), c.resumed(), n.moved('c0')]

/** Histories in which every promise is kept. */
const good: readonly (readonly [name: string, steps: Steps])[] = [
  ['nothing', []],
  [
    'a message each way',
    [...begin, c.sent(1), p.got(1), c.delivered(1), p.sent(2), c.got(2), p.delivered(2)],
  ],
  ['a message that waits for the connection', [c.sent(1), ...begin, p.got(1), c.delivered(1)]],
  [
    'a resume, over which messages go on',
    [
      ...begin,
      c.sent(1),
      p.got(1),
      c.down(),
      c.sent(2),
      c.resumed(1),
      c.delivered(1),
      p.got(2),
      c.delivered(2),
    ],
  ],
  [
    'a loss with messages that go into the next session',
    [
      ...begin,
      c.sent(1),
      c.down(),
      p.left(),
      [c.lost(0, 1), c.open()],
      q.joined('c0'),
      q.got(1),
      c.delivered(1),
    ],
  ],
  [
    'a crash: what was written is unknown, delivered to the handlers or not',
    [
      ...begin,
      [c.sent(1), c.sent(2)],
      p.sent(3),
      p.got(1),
      p.killed(),
      c.down(),
      [c.lost(null, 0, 2), c.open(), c.unknown(1), c.unknown(2)],
      r.joined('c0'),
    ],
  ],
  [
    'volatile messages, got and not',
    [
      ...begin,
      [c.sent(1, { volatile: true }), c.passed(1)],
      p.got(1),
      [c.sent(2, { volatile: true }), c.passed(2)],
      c.down(),
      [c.sent(3, { volatile: true }), c.undelivered(3, 'volatile')],
      c.resumed(),
      c.sent(4),
      p.got(4),
      c.delivered(4),
    ],
  ],
  [
    'a volatile message that overtakes on a path that loses frames',
    [
      ...begin,
      c.sent(1),
      [c.sent(2, { volatile: true }), c.passed(2)],
      p.got(2),
      c.down(),
      c.resumed(1),
      p.got(1),
      c.delivered(1),
    ],
  ],
  [
    'messages that expire, are replaced and taken back',
    [
      ...begin,
      [c.sent(0), p.got(0), c.delivered(0)],
      c.down(),
      [c.sent(1, { ttl: 1 }), c.sent(2, { key: 'k' }), c.sent(3)],
      [c.sent(4, { key: 'k' }), c.undelivered(2, 'replaced')],
      [c.cancelled(3), c.undelivered(3, 'cancelled'), c.undelivered(1, 'expired')],
      c.resumed(),
      p.got(4),
      c.delivered(4),
    ],
  ],
  ['a cancel that came too late', [...begin, c.sent(1), p.got(1), c.cancelled(1), c.delivered(1)]],
  [
    'messages of a server for a client that never comes back',
    [
      ...begin,
      p.sent(1),
      c.down(),
      p.sent(2),
      [p.left('expired', 1, 1), p.unknown(1), p.undelivered(2, 'session-lost')],
      [c.lost(2), c.open()],
      q.joined('c0'),
    ],
  ],
  [
    'a goodbye, and another session later',
    [
      ...begin,
      c.sent(1),
      p.got(1),
      [c.did('disconnect'), c.down('disconnect')],
      [p.left('left'), p.sent(5), p.undelivered(5, 'session-lost')],
      [c.delivered(1), c.closed()],
      c.sent(2),
      c.did('connect'),
      c.open(),
      q.joined('c0'),
      q.got(2),
      c.delivered(2),
    ],
  ],
  [
    'disposal, with all that it settles',
    [
      ...begin,
      c.sent(1),
      c.sent(2, { kind: 'request' }),
      [
        c.did('dispose'),
        c.down('dispose'),
        c.closed('dispose'),
        c.unknown(1, 'disposed'),
        c.failed(2, 'disposed'),
      ],
      [c.sent(3), c.undelivered(3, 'disposed')],
      p.left('left'),
    ],
  ],
  [
    'requests both ways, and all their ends',
    [
      ...begin,
      c.sent(1, { kind: 'request' }),
      p.got(1, 'request'),
      c.right(1),
      p.sent(2, { kind: 'request' }),
      c.got(2, 'request'),
      p.right(2),
      c.sent(3, { kind: 'request' }),
      [c.delivered(3), c.failed(3, 'remote', 'unhandled')],
      c.sent(4, { kind: 'request' }),
      c.failed(4, 'timeout'),
      p.got(4, 'request'),
      c.sent(5, { kind: 'request' }),
      p.got(5, 'request'),
      [c.failed(5, 'remote', 'no'), c.delivered(5)],
      c.down(),
      c.sent(6, { kind: 'request' }),
      [c.failed(6, 'timeout'), c.undelivered(6, 'cancelled')],
      c.resumed(),
    ],
  ],
  [
    'a request whose answer is lost, and one that never left',
    [
      ...begin,
      c.sent(1, { kind: 'request' }),
      p.got(1, 'request'),
      p.killed(),
      c.down(),
      c.sent(2, { kind: 'request' }),
      [c.lost(null, 0, 1), c.open(), c.failed(1, 'unknown'), c.unknown(1)],
      r.joined('c0'),
      r.got(2, 'request'),
      c.right(2),
    ],
  ],
  [
    'another user: nothing of the first one is sent on',
    [
      c.did('connect'),
      c.open('a'),
      p.joined('c0', 'a'),
      c.down(),
      c.sent(1),
      c.did('login'),
      p.left('identity'),
      [c.lost(0), c.open('b'), c.undelivered(1, 'session-lost')],
      q.joined('c0', 'b'),
      c.sent(2),
      q.got(2, 'event', 'b'),
      c.delivered(2),
    ],
  ],
  [
    'what an old session brings late, after it was given up',
    [
      ...begin,
      c.sent(1),
      [c.did('disconnect'), c.down('disconnect')],
      [c.unknown(1, 'closed'), c.closed()],
      c.sent(2),
      c.did('connect'),
      c.open(),
      q.joined('c0'),
      q.got(2),
      c.delivered(2),
      p.got(1),
    ],
  ],
  [
    'a fatal close, which settles everything',
    [
      ...begin,
      c.sent(1),
      c.sent(2, { kind: 'request' }),
      [
        c.down('forbidden'),
        c.closed('forbidden'),
        c.unknown(1, 'closed'),
        c.failed(2, 'unknown'),
        c.unknown(2, 'closed'),
      ],
      [c.sent(3), c.undelivered(3, 'closed')],
      [c.did('connect'), c.open()],
      q.joined('c0'),
    ],
  ],
  [
    'a queue that is given up on purpose',
    [...begin, c.down(), c.sent(1), [c.did('discard'), c.closed(), c.undelivered(1, 'closed')]],
  ],
  [
    'a server that refuses what it cannot send any more',
    [
      ...begin,
      [p.sent(1), p.undelivered(1, 'closed')],
      [p.sent(2), p.undelivered(2, 'closed')],
      p.left('drained'),
    ],
  ],
  [
    'answers in the counts of an end, which nobody can see',
    [
      ...begin,
      c.sent(1, { kind: 'request' }),
      p.got(1, 'request'),
      c.down(),
      p.left('expired', 0, 1),
      [c.lost(1, 0, 0), c.open(), c.failed(1, 'unknown'), c.delivered(1)],
      q.joined('c0'),
    ],
  ],
]

/** Histories in which one promise is broken, and which. */
const bad: readonly (readonly [name: string, rules: readonly RuleName[], steps: Steps])[] = [
  [
    'delivered to the handlers twice in one session',
    ['handed-on-twice'],
    [...begin, c.sent(1), p.got(1), p.got(1), c.delivered(1)],
  ],
  [
    'delivered to the handlers twice, in two sessions',
    ['handed-on-twice'],
    [...begin, c.sent(1), p.got(1), ...change, q.got(1), c.delivered(1)],
  ],
  [
    'a volatile message twice',
    ['handed-on-twice'],
    [...begin, [c.sent(1, { volatile: true }), c.passed(1)], p.got(1), p.got(1)],
  ],
  ['a message that nobody sent', ['invented'], [...begin, p.got(1)]],
  ['an outcome of a message that nobody sent', ['invented'], [...begin, c.delivered(1)]],
  [
    "an outcome at somebody else's",
    ['invented'],
    [...begin, [c.sent(1), other.undelivered(1, 'overflow')], p.got(1), c.delivered(1)],
  ],
  ['an answer to a request that nobody sent', ['invented'], [...begin, c.right(1)]],
  ['two messages with one id', ['invented'], [...begin, c.sent(1), c.sent(1), p.got(1), c.delivered(1)]],
  ['a session that ends, and never began', ['invented'], [...begin, q.left()]],
  [
    'a message by a session that never began',
    ['misdelivered'],
    [...begin, c.sent(1), q.got(1), p.got(1), c.delivered(1)],
  ],
  ['a message to a session that never began', ['misdelivered'], [...begin, q.sent(1)]],
  [
    'a message that is settled after its session has ended',
    ['unsettled'],
    [...begin, p.sent(1), c.down(), p.left(), p.undelivered(1, 'session-lost')],
  ],
  [
    'a request that fails as undelivered without an outcome, and is handled',
    ['undelivered-yet-got', 'answer-contradicts-outcome'],
    [...begin, c.sent(1, { kind: 'request' }), c.failed(1, 'undelivered'), p.got(1, 'request')],
  ],
  [
    'a request that is handled, and fails as undelivered without an outcome',
    ['undelivered-yet-got', 'answer-contradicts-outcome'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), c.failed(1, 'undelivered')],
  ],
  [
    'a request that is handled, and said to be unhandled',
    ['answer-contradicts-outcome'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), c.failed(1, 'remote', 'unhandled')],
  ],
  [
    'a request that ends with the disposal of nobody',
    ['answer-contradicts-outcome'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), c.failed(1, 'disposed')],
  ],
  ['a session that begins twice', ['invented'], [...begin, p.joined('c0')]],
  ['a session that ends twice', ['invented'], [...begin, c.down(), p.left(), p.left()]],
  [
    'a message that comes to another client',
    ['misdelivered'],
    [...begin, other.did('connect'), other.open(), q.joined('c1'), p.sent(1), other.got(1), p.delivered(1)],
  ],
  [
    "a message by another client's session",
    ['misdelivered'],
    [...begin, other.did('connect'), other.open(), q.joined('c1'), c.sent(1), q.got(1), c.delivered(1)],
  ],
  [
    'an event that comes as bytes',
    ['misdelivered'],
    [...begin, c.sent(1), p.got(1, 'binary'), c.delivered(1)],
  ],
  [
    'unknown, and sent again',
    ['resent-unknown'],
    [
      ...begin,
      c.sent(1),
      p.killed(),
      c.down(),
      [c.lost(null, 0, 1), c.open(), c.unknown(1)],
      r.joined('c0'),
      r.got(1),
      c.sent(2),
      r.got(2),
      c.delivered(2),
    ],
  ],
  [
    'the wrong way round',
    ['out-of-order'],
    [...begin, c.sent(1), c.sent(2), p.got(2), p.got(1), c.delivered(1), c.delivered(2)],
  ],
  [
    'the wrong way round, from the server',
    ['out-of-order'],
    [...begin, p.sent(1), p.sent(2), c.got(2), c.got(1), p.delivered(1), p.delivered(2)],
  ],
  [
    'the wrong way round, in two sessions',
    ['out-of-order'],
    [...begin, c.sent(1), c.sent(2), p.got(2), ...change, q.got(1), [c.delivered(1), c.delivered(2)]],
  ],
  [
    'a volatile message that another one overtakes',
    ['out-of-order'],
    [
      ...begin,
      [c.sent(1, { volatile: true }), c.passed(1), c.sent(2, { volatile: true }), c.passed(2)],
      p.got(2),
      p.got(1),
    ],
  ],
  [
    'a request that an event overtakes',
    ['out-of-order'],
    [
      ...begin,
      c.sent(1, { kind: 'request' }),
      c.sent(2),
      p.got(2),
      p.got(1, 'request'),
      c.right(1),
      c.delivered(2),
    ],
  ],
  [
    'a gap in a session, and unknown',
    ['gap'],
    [
      ...begin,
      c.sent(1),
      c.sent(2),
      c.sent(3),
      p.got(1),
      p.got(3),
      p.killed(),
      c.down(),
      [c.lost(null, 0, 3), c.open(), c.unknown(1), c.unknown(2), c.unknown(3)],
    ],
  ],
  [
    'a gap from the server',
    ['gap', 'unsettled'],
    [...begin, p.sent(1), p.sent(2), p.sent(3), c.got(1), c.got(3), p.delivered(1), p.delivered(3)],
  ],
  ['a second outcome', ['outcome-twice'], [...begin, c.sent(1), p.got(1), c.delivered(1), c.delivered(1)]],
  ['delivered before it was', ['delivered-not-got'], [...begin, c.sent(1), c.delivered(1), p.got(1)]],
  [
    'delivered, and never delivered to the handlers',
    ['delivered-not-got'],
    [...begin, c.sent(1), c.delivered(1)],
  ],
  [
    'a request that is delivered, and never delivered to the handlers',
    ['delivered-not-got'],
    [...begin, c.sent(1, { kind: 'request' }), [c.failed(1, 'timeout'), c.delivered(1)]],
  ],
  [
    'delivered to the handlers, then undelivered',
    ['undelivered-yet-got'],
    [...begin, c.sent(1, { ttl: 1 }), p.got(1), c.undelivered(1, 'expired')],
  ],
  [
    'undelivered, then delivered to the handlers',
    ['undelivered-yet-got'],
    [...begin, c.sent(1, { ttl: 1 }), c.undelivered(1, 'expired'), p.got(1)],
  ],
  ['no more than sent', ['sent-yet-reliable'], [...begin, c.sent(1), p.got(1), c.passed(1)]],
  [
    'a volatile message that is delivered',
    ['volatile-outcome'],
    [...begin, c.sent(1, { volatile: true }), p.got(1), c.delivered(1)],
  ],
  [
    'a volatile message that is unknown',
    ['volatile-outcome'],
    [...begin, c.sent(1, { volatile: true }), c.down(), [c.lost(null, 0, 1), c.open(), c.unknown(1)]],
  ],
  ['expired without a ttl', ['wrong-reason'], [...begin, c.sent(1), c.undelivered(1, 'expired')]],
  ['replaced without a key', ['wrong-reason'], [...begin, c.sent(1), c.undelivered(1, 'replaced')]],
  [
    'replaced by nothing',
    ['wrong-reason'],
    [
      ...begin,
      c.sent(1, { key: 'a' }),
      c.sent(2, { key: 'b' }),
      c.undelivered(1, 'replaced'),
      p.got(2),
      c.delivered(2),
    ],
  ],
  ['cancelled by nobody', ['wrong-reason'], [...begin, c.sent(1), c.undelivered(1, 'cancelled')]],
  [
    'a request that is cancelled, and not by its end',
    ['wrong-reason'],
    [...begin, c.sent(1, { kind: 'request' }), [c.undelivered(1, 'cancelled'), c.failed(1, 'undelivered')]],
  ],
  ['too full for a server', ['wrong-reason'], [...begin, p.sent(1), p.undelivered(1, 'overflow')]],
  [
    'reliable, and dropped as volatile',
    ['wrong-reason'],
    [...begin, c.sent(1), c.undelivered(1, 'volatile')],
  ],
  [
    'lost with a session that is not lost',
    ['wrong-reason'],
    [...begin, c.sent(1), c.undelivered(1, 'session-lost')],
  ],
  ['unknown without a loss', ['wrong-reason'], [...begin, c.sent(1), c.unknown(1)]],
  ['lost with an earlier session', ['wrong-reason'], [...begin, ...change, c.sent(1), c.unknown(1)]],
  ['closed, and is not', ['wrong-reason'], [...begin, c.sent(1), c.undelivered(1, 'closed')]],
  ['disposed of, and is not', ['wrong-reason'], [...begin, c.sent(1), c.unknown(1, 'disposed')]],
  ['a reason that there is not', ['wrong-reason'], [...begin, c.sent(1), c.undelivered(1, 'mislaid')]],
  [
    'unknown because it expired',
    ['wrong-reason'],
    [...begin, c.sent(1, { ttl: 1 }), c.unknown(1, 'expired')],
  ],
  [
    'session-lost at a server, and the session goes on',
    ['wrong-reason', 'after-end'],
    [...begin, p.sent(1), p.undelivered(1, 'session-lost'), c.sent(2), p.got(2), c.delivered(2)],
  ],
  [
    'refused by a server that is closing, and then taken',
    ['wrong-reason'],
    [...begin, [p.sent(1), p.undelivered(1, 'closed')], p.sent(2), c.got(2), p.delivered(2)],
  ],
  [
    'another session that is not announced',
    ['loss-untold'],
    [...begin, c.down(), p.left(), c.open(), q.joined('c0')],
  ],
  [
    'another session, said to be the same',
    ['loss-untold'],
    [
      ...begin,
      p.sent(1),
      c.got(1),
      p.delivered(1),
      c.down(),
      p.left(),
      c.resumed(),
      q.joined('c0'),
      q.sent(2),
      c.got(2),
      q.delivered(2),
    ],
  ],
  [
    'what a lost session still brings',
    ['loss-untold'],
    [
      ...begin,
      p.sent(1),
      c.got(1),
      c.down(),
      [c.lost(0), c.open()],
      q.joined('c0'),
      p.sent(2),
      c.got(2),
      p.delivered(1),
      p.delivered(2),
    ],
  ],
  ['a loss before there was a session', ['loss-of-nothing'], [c.did('connect'), c.lost(), c.open()]],
  ['a loss that is told twice', ['loss-of-nothing'], [...begin, c.down(), c.lost(), c.lost(), c.open()]],
  ['a first session that is resumed', ['false-resume'], [c.did('connect'), c.resumed()]],
  ['a resume after a loss', ['false-resume'], [...begin, c.down(), p.left(), [c.lost(), c.resumed()]]],
  [
    'a replay into a new session',
    ['false-resume'],
    [c.did('connect'), { ...c.open(), replayed: 1 } as Event],
  ],
  [
    'too little is said to be missed',
    ['missed-count'],
    [
      ...begin,
      p.sent(1),
      c.got(1),
      p.delivered(1),
      c.down(),
      p.sent(2),
      p.sent(3),
      [p.left('expired', 2), p.undelivered(2, 'session-lost'), p.undelivered(3, 'session-lost')],
      [c.lost(1), c.open()],
    ],
  ],
  [
    'too much is said to be missed',
    ['missed-count'],
    [...begin, p.sent(1), c.got(1), p.delivered(1), c.down(), p.left(), [c.lost(1), c.open()]],
  ],
  [
    'more unknown messages than the loss told of',
    ['loss-count'],
    [...begin, c.sent(1), c.down(), [c.lost(), c.open(), c.unknown(1)]],
  ],
  [
    'fewer unknown messages than the loss told of',
    ['loss-count'],
    [
      ...begin,
      p.sent(5),
      c.got(5),
      p.delivered(5),
      c.sent(1),
      c.down(),
      [c.lost(null, 0, 2), c.open(), c.unknown(1)],
    ],
  ],
  ['a loss of more messages than there were', ['loss-count'], [...begin, c.down(), [c.lost(0, 1), c.open()]]],
  [
    'an end that counts too few unknown messages',
    ['left-count'],
    [...begin, p.sent(1), c.down(), [p.left('expired', 0, 0), p.unknown(1)]],
  ],
  [
    'an end that counts too many undelivered messages',
    ['left-count'],
    [...begin, c.down(), p.left('expired', 1, 0)],
  ],
  ['a message that outlives its session', ['unsettled'], [...begin, p.sent(1), c.down(), p.left()]],
  [
    'answered twice',
    ['answered-twice'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), c.right(1), c.right(1)],
  ],
  [
    'the wrong answer',
    ['wrong-answer'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), c.wrong(1)],
  ],
  [
    'an answer that no handler gave',
    ['answer-from-nowhere'],
    [...begin, c.sent(1, { kind: 'request' }), c.right(1)],
  ],
  [
    'an error that no handler threw',
    ['answer-from-nowhere'],
    [...begin, c.sent(1, { kind: 'request' }), c.failed(1, 'remote', 'no')],
  ],
  [
    'a request that failed as undelivered, and was handled',
    ['undelivered-yet-got', 'loss-count'],
    [
      ...begin,
      c.sent(1, { kind: 'request' }),
      p.got(1, 'request'),
      c.down(),
      p.left(),
      [c.lost(null, 1), c.open(), c.failed(1, 'undelivered'), c.undelivered(1, 'session-lost')],
    ],
  ],
  [
    'a request that is handled after it failed as undelivered',
    ['undelivered-yet-got'],
    [
      ...begin,
      c.down(),
      c.sent(1, { kind: 'request' }),
      [c.failed(1, 'undelivered'), c.undelivered(1, 'overflow')],
      c.resumed(),
      p.got(1, 'request'),
    ],
  ],
  [
    'a handler that is called twice',
    ['handed-on-twice'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), p.got(1, 'request'), c.right(1)],
  ],
  [
    'an unknown answer to a request that was never written',
    ['answer-contradicts-outcome'],
    [
      ...begin,
      c.down(),
      c.sent(1, { kind: 'request' }),
      [c.failed(1, 'unknown'), c.undelivered(1, 'overflow')],
      c.resumed(),
    ],
  ],
  [
    'an end of a request that there is not',
    ['answer-contradicts-outcome'],
    [...begin, c.sent(1, { kind: 'request' }), c.failed(1, 'disconnected')],
  ],
  [
    'a request without an end',
    ['unanswered'],
    [...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request')],
  ],
  [
    'delivered to the handlers for somebody else',
    ['wrong-identity'],
    [
      c.did('connect'),
      c.open('a'),
      p.joined('c0', 'a'),
      c.down(),
      c.sent(1),
      c.did('login'),
      p.left('identity'),
      [c.lost(0), c.open('b')],
      q.joined('c0', 'b'),
      q.got(1, 'event', 'b'),
      c.delivered(1),
    ],
  ],
  [
    'a session that changes hands',
    ['wrong-identity'],
    [c.did('connect'), c.sent(1), c.open('a'), p.joined('c0', 'a'), p.got(1, 'event', 'b'), c.delivered(1)],
  ],
  [
    'a message for somebody else',
    ['wrong-identity'],
    [c.did('connect'), c.open('b'), p.joined('c0', 'a'), p.sent(1), c.got(1), p.delivered(1)],
  ],
  [
    'got after disposal',
    ['after-dispose', 'got-while-down'],
    [
      ...begin,
      [c.did('dispose'), c.down('dispose'), c.closed('dispose')],
      p.sent(1),
      c.got(1),
      p.delivered(1),
    ],
  ],
  ['down long after disposal', ['after-dispose'], [...begin, c.did('dispose'), c.down('dispose')]],
  [
    'not settled by disposal',
    ['unsettled', 'after-dispose'],
    [
      ...begin,
      c.sent(1),
      [c.did('dispose'), c.down('dispose'), c.closed('dispose')],
      c.unknown(1, 'disposed'),
    ],
  ],
  ['a server that speaks after it was killed', ['after-end'], [...begin, p.killed(), p.left()]],
  [
    'a session that hands on after its end',
    ['after-end'],
    [...begin, c.sent(1), c.down(), p.left(), p.got(1), [c.lost(), c.open(), c.delivered(1)]],
  ],
  ['open without being asked', ['open-unasked'], [c.open()]],
  [
    'open after a fatal close',
    ['open-unasked'],
    [...begin, [c.down('forbidden'), c.closed('forbidden')], c.open()],
  ],
  [
    'open after a disconnect',
    ['open-unasked'],
    [...begin, [c.did('disconnect'), c.down('disconnect')], c.closed(), c.open()],
  ],
  ['open twice', ['open-twice'], [...begin, c.resumed()]],
  ['down twice', ['down-unopened'], [...begin, c.down(), c.down()]],
  ['closed without being down', ['down-unopened'], [...begin, c.did('disconnect'), c.closed()]],
  ['closed without being asked', ['closed-unasked'], [...begin, c.down('disconnect'), c.closed()]],
  ['closed for a reason that is none', ['closed-unasked'], [...begin, c.down('silent'), c.closed('silent')]],
  ['got without a connection', ['got-while-down'], [...begin, p.sent(1), c.down(), c.got(1), p.delivered(1)]],
  ['never settled', ['unsettled'], [...begin, c.sent(1), p.got(1)]],
  [
    'not settled by a fatal close',
    ['unsettled'],
    [...begin, c.sent(1), [c.down('forbidden'), c.closed('forbidden')], c.unknown(1, 'closed')],
  ],
]

/** Histories of sessions that move, in which everything comes to rest. */
const goodMoves: typeof good = [
  [
    'messages both ways, before and after',
    [
      ...[...begin, c.sent(1), p.got(1), p.sent(2), c.got(2), c.delivered(1), p.delivered(2)],
      ...move,
      ...[c.sent(3), n.got(3), n.sent(4), c.got(4), c.delivered(3), n.delivered(4)],
    ],
  ],
  [
    'messages that the next server brings, which the first one has sent before and after it gave the session up',
    [
      ...[
        ...begin,
        p.draining(),
        p.sent(1),
        c.down('drained'),
        p.sent(2),
        p.left('moved'),
        p.unknown(1, 'moved'),
      ],
      ...[
        p.unknown(2, 'moved'),
        c.resumed(),
        n.moved('c0'),
        n.sent(3),
        c.got(1),
        c.got(3),
        c.got(2),
        n.delivered(3),
      ],
    ],
  ],
  [
    'a request whose handler answers when the session has moved twice',
    [
      ...[...begin, c.sent(1, { kind: 'request' }), p.got(1, 'request'), ...move, c.down(), n.left('moved')],
      ...[c.resumed(), peerEvents('s2', 'p0').moved('c0'), [c.delivered(1), c.right(1)]],
    ],
  ],
  [
    'a server that reports late that it gave a session up, after the next one has it',
    [
      ...begin,
      p.sent(1),
      c.down(),
      c.resumed(),
      n.moved('c0'),
      c.got(1),
      [p.left('moved'), p.unknown(1, 'moved')],
    ],
  ],
  [
    'a session that comes back to the server where it was',
    [
      ...begin,
      ...move,
      c.down(),
      n.left('moved'),
      c.resumed(),
      p.moved('c0'),
      p.sent(1),
      c.got(1),
      p.delivered(1),
    ],
  ],
  [
    'messages that move unwritten, and that the next server does not send: too late, replaced and taken back',
    [
      ...[
        ...begin,
        p.sent(1),
        p.draining(),
        p.sent(2, { ttl: 1 }),
        p.sent(3, { key: 'k' }),
        p.sent(4),
        p.sent(5),
      ],
      ...[c.down('drained'), p.left('moved'), ...[1, 2, 3, 4, 5].map((id) => p.unknown(id, 'moved'))],
      ...[p.cancelled(4), c.resumed(), n.moved('c0'), n.sent(6, { key: 'k' }), c.got(1), c.got(5), c.got(6)],
      n.delivered(6),
    ],
  ],
  [
    'a message that a server sends in a session which it had, when the session is there again',
    [
      ...[...begin, ...move, c.down(), n.left('moved'), c.resumed(), p.moved('c0')],
      ...[p.sent(1, { stay: 0 }), p.sent(2), c.got(2), c.got(1), p.unknown(1, 'moved'), p.delivered(2)],
    ],
  ],
  [
    'a server that has moved one session, and refuses what it sends in another one',
    [
      ...[
        other.did('connect'),
        other.open(),
        q.joined('c1'),
        ...begin,
        p.draining(),
        [q.sent(1), q.undelivered(1, 'closed')],
      ],
      ...[
        p.sent(2),
        c.down('drained'),
        [p.left('moved'), p.unknown(2, 'moved')],
        c.resumed(),
        n.moved('c0'),
        c.got(2),
      ],
    ],
  ],
  [
    'a message that is sent when the session has ended elsewhere',
    [
      ...begin,
      ...move,
      c.did('disconnect'),
      n.left('left'),
      c.down('disconnect'),
      c.closed(),
      p.sent(1),
      p.undelivered(1, 'session-lost'),
    ],
  ],
]

/** Histories in which a session moves, and one promise is broken. */
const badMoves: typeof bad = [
  ['a session that moves, and never began', ['invented'], [n.moved('c0')]],
  ['a session that moves after its end', ['invented'], [...begin, c.down(), p.left(), n.moved('c0')]],
  ['a session that moves to where it is', ['invented'], [...begin, p.moved('c0')]],
  ['a session that ends where it is not any more', ['invented'], [...begin, ...move, p.left()]],
  [
    'a server that does not report that its session has moved',
    ['move-untold'],
    [...begin, c.down(), c.resumed(), n.moved('c0')],
  ],
  [
    'a session that moves and becomes another one',
    ['wrong-identity'],
    [...begin, c.down(), p.left('moved'), c.resumed(), n.moved('c0', 'ada')],
  ],
  [
    'a message that comes to a server which has given the session up',
    ['misdelivered'],
    [...begin, ...move, c.sent(1), p.got(1), c.delivered(1)],
  ],
  [
    'a message that comes to both servers',
    ['handed-on-twice'],
    [...begin, c.sent(1), p.got(1), ...move, n.got(1), c.delivered(1)],
  ],
  [
    'a message that is lost with the move',
    ['lost-in-move', 'out-of-order'],
    [
      ...begin,
      p.sent(1),
      c.down(),
      [p.left('moved'), p.unknown(1, 'moved')],
      c.resumed(),
      n.moved('c0'),
      n.sent(2),
      c.got(2),
      n.delivered(2),
    ],
  ],
  [
    'a message of the next server that overtakes one of the server before',
    ['out-of-order'],
    [
      ...[
        ...begin,
        p.sent(1),
        c.down(),
        [p.left('moved'), p.unknown(1, 'moved')],
        c.resumed(),
        n.moved('c0'),
      ],
      ...[n.sent(2), c.got(2), c.got(1), n.delivered(2)],
    ],
  ],
  [
    'messages that come through the mailbox out of order',
    ['out-of-order'],
    [
      ...begin,
      ...move,
      p.sent(1),
      p.sent(2),
      [p.unknown(1, 'moved'), p.unknown(2, 'moved')],
      c.got(2),
      c.got(1),
    ],
  ],
  [
    'a message that moved, it says, with a session that did not',
    ['wrong-reason'],
    [...begin, p.sent(1), p.unknown(1, 'moved'), c.got(1)],
  ],
]

function rulesAtRest(history: readonly HistoryEvent[]): RuleName[] {
  const auditor = createAuditor()
  for (const event of history) auditor.record(event)
  auditor.rest()
  return [...new Set(auditor.finish().map(({ rule }) => rule))].sort()
}

describe('a history of sessions that move as they must has no violation', () => {
  test.each(goodMoves)('%s', (_, steps) => expect(rulesAtRest(tell(...steps))).toEqual([]))
})

describe('a promise that is broken by a move is found, and no other', () => {
  test.each(badMoves)('%s: %j', (_, rules, steps) =>
    expect(rulesAtRest(tell(...steps))).toEqual([...rules].sort()),
  )
})

describe('a history in which every promise is kept has no violation', () => {
  test.each(good)('%s', (_, steps) => expect(rulesOf(tell(...steps))).toEqual([]))
})

describe('a broken promise is found, and no other', () => {
  test.each(bad)('%s: %j', (_, rules, steps) => expect(rulesOf(tell(...steps))).toEqual([...rules].sort()))
})

test('a violation is known in the step in which it happens, with the events that it is about', () => {
  const auditor = createAuditor()
  const history = tell(...begin, c.sent(1), p.got(1), p.got(1))
  for (const event of history.slice(0, -1)) auditor.record(event)
  expect(auditor.violations).toEqual([])
  auditor.record(history.at(-1)!)
  expect(auditor.violations).toEqual([
    {
      rule: 'handed-on-twice',
      at: 5,
      message: 'message 1 was delivered to the handlers a second time',
      events: history.slice(-2),
    },
  ])
})

test('a crashed application owes nothing', () => {
  const history = tell(...begin, c.sent(1), p.sent(2))
  expect(rulesOf(history)).toEqual(['unsettled'])
  expect(rulesOf(history, ['c0'])).toEqual(['unsettled'])
  expect(rulesOf(history, ['c0', 's0'])).toEqual([])
})

test('what a slow process notes late is of the same moment, if the moment is that long', () => {
  const history = tell(
    ...begin,
    c.sent(1),
    [c.did('dispose'), c.down('dispose'), c.closed('dispose')],
    [],
    c.unknown(1, 'disposed'),
  )
  expect(rulesOf(history)).toEqual(['after-dispose', 'unsettled'])
  const auditor = createAuditor({ moment: 2 })
  for (const event of history) auditor.record(event)
  expect(auditor.finish()).toEqual([])
})

test('a thousand violations are kept, and all are counted', () => {
  const auditor = createAuditor()
  for (let at = 0; at < 3_000; at++) auditor.record({ at, ...p.got(at) })
  expect(auditor.violations).toHaveLength(1_000)
  expect(auditor.summary().violations).toBe(3_000)
})

test('the summary counts all that happened', () => {
  const auditor = createAuditor()
  const steps = good.find(([name]) => name.startsWith('requests'))![1]
  for (const event of tell(...steps)) auditor.record(event)
  expect(auditor.summary()).toEqual({
    events: steps.flat().length,
    sent: { request: 6 },
    got: { request: 4 },
    outcomes: { delivered: 2, 'undelivered: cancelled': 1 },
    requests: { 'remote: no': 1, 'remote: unhandled': 1, right: 2, timeout: 2 },
    channels: {},
    opens: 1,
    resumes: 1,
    replayed: 0,
    sessions: 1,
    moves: 0,
    clients: 1,
    kills: 0,
    losses: {},
    downs: { lost: 1 },
    left: {},
    violations: 0,
  })
})
