import { describe, expect, test } from 'vitest'
import { createAuditor } from './auditor.ts'
import type { RuleName } from './rules.ts'
import { channelEvents, clientEvents, peerEvents, tell } from './tell.ts'
import type { Event } from './tell.ts'

const c = clientEvents('c0')
const r = channelEvents('c0')
const d = clientEvents('c1')
const q = channelEvents('c1')
const s = channelEvents('s0')
const elsewhere = channelEvents('c0', 'other')

type Steps = readonly (Event | readonly Event[])[]

const begin: Steps = [c.did('connect'), c.open(), r.opens(), r.joined('e', 0)]
const two: Steps = [...begin, d.did('connect'), d.open(), q.opens(), q.joined('e', 0)]
/** The server publishes, at the next offsets of an epoch. */
const publish = (epoch: string, offset: number, ...publications: number[]): Event[] =>
  publications.flatMap((publication, index) => [
    s.publishes(publication),
    s.published(publication, epoch, offset + index),
  ])

function rulesOf(steps: Steps): RuleName[] {
  const auditor = createAuditor()
  for (const event of tell(...steps)) auditor.record(event)
  auditor.rest()
  return [...new Set(auditor.finish().map(({ rule }) => rule))].sort()
}

const good: readonly (readonly [name: string, steps: Steps])[] = [
  ['a publication that comes to both', [...two, publish('e', 1, 1), r.got(1, 'e', 1), q.got(1, 'e', 1)]],
  [
    'a publication that comes before its answer',
    [...begin, r.publishes(1), r.got(1, 'e', 1), r.published(1, 'e', 1)],
  ],
  [
    'publications that are recovered',
    [
      ...begin,
      publish('e', 1, 1),
      r.got(1, 'e', 1),
      c.down(),
      publish('e', 2, 2, 3),
      c.resumed(),
      [r.joined('e', 1), r.got(2, 'e', 2), r.got(3, 'e', 3), r.recovered(2)],
    ],
  ],
  ['a gap that is told first', [...begin, publish('e', 1, 1, 2, 3, 4), r.gap('e', 3, 3), r.got(4, 'e', 4)]],
  [
    'a log that begins anew',
    [
      ...begin,
      publish('e', 1, 1),
      r.got(1, 'e', 1),
      c.down(),
      c.resumed(),
      [r.gap('f', 0), r.joined('f', 0)],
      publish('f', 1, 2),
      r.got(2, 'f', 1),
    ],
  ],
  [
    'a subscriber that leaves, and begins anew',
    [
      ...begin,
      publish('e', 1, 1),
      r.leaves(),
      r.opens(),
      r.joined('e', 1),
      publish('e', 2, 2),
      r.got(2, 'e', 2),
    ],
  ],
  [
    'a subscriber that goes on where it was',
    [
      ...begin,
      r.leaves(),
      publish('e', 1, 1),
      r.opens({ epoch: 'e', offset: 0 }),
      r.joined('e', 0),
      r.got(1, 'e', 1),
    ],
  ],
  ['a subscriber that is refused', [c.did('connect'), c.open(), r.opens(), r.refused(), publish('e', 1, 1)]],
  ['a publication that is refused', [...begin, r.publishes(1), r.failed(1, 'remote', 'forbidden')]],
  ['a publication of unknown end', [...begin, r.publishes(1), r.failed(1, 'unknown'), r.got(1, 'e', 1)]],
  ['members that know each other', [...two, r.sees('c1', 'c0'), q.sees('c0', 'c1')]],
  [
    'a member that is gone',
    [...two, r.sees('c0', 'c1'), [d.did('dispose'), d.down('dispose'), d.closed('dispose')], r.sees('c0')],
  ],
  ['a publication of a server that was killed', [...begin, s.publishes(1), peerEvents('s0', 'p0').killed()]],
]

const bad: readonly (readonly [name: string, rules: readonly RuleName[], steps: Steps])[] = [
  ['twice', ['publication-order'], [...begin, publish('e', 1, 1), r.got(1, 'e', 1), r.got(1, 'e', 1)]],
  [
    'the wrong way round',
    ['publication-behind', 'publication-hole', 'publication-order'],
    [...begin, publish('e', 1, 1, 2), r.got(2, 'e', 2), r.got(1, 'e', 1)],
  ],
  ['a hole', ['publication-hole'], [...begin, publish('e', 1, 1, 2), r.got(2, 'e', 2)]],
  [
    'a hole after a recovery',
    ['publication-hole'],
    [...begin, publish('e', 1, 1), c.down(), c.resumed(), r.joined('e', 1)],
  ],
  ['another epoch', ['publication-epoch'], [...begin, publish('f', 1, 1), r.got(1, 'f', 1)]],
  [
    'a gap that is told too late',
    ['publication-hole'],
    [...begin, publish('e', 1, 1, 2), r.got(2, 'e', 2), r.gap('e', 2)],
  ],
  ['a publication of nobody', ['publication-invented'], [...begin, r.got(1, 'e', 1)]],
  [
    'a publication of another channel',
    ['publication-invented'],
    [...begin, elsewhere.publishes(1), r.got(1, 'e', 1), elsewhere.failed(1, 'unknown')],
  ],
  [
    'a position of two publications',
    ['publication-split'],
    [
      ...two,
      s.publishes(1),
      s.publishes(2),
      r.got(1, 'e', 1),
      q.got(2, 'e', 1),
      s.failed(1, 'unknown'),
      s.failed(2, 'unknown'),
    ],
  ],
  [
    'a publication that is appended twice',
    ['published-twice'],
    [...begin, publish('e', 1, 1), r.got(1, 'e', 1), r.got(1, 'e', 2)],
  ],
  [
    'an answer with another position',
    ['publication-behind', 'published-twice'],
    [...begin, r.publishes(1), r.got(1, 'e', 1), r.published(1, 'e', 2)],
  ],
  [
    'a publication that was refused',
    ['refused-yet-published'],
    [...begin, r.publishes(1), r.failed(1, 'undelivered'), r.got(1, 'e', 1)],
  ],
  ['a publication without an end', ['unanswered'], [...begin, r.publishes(1), r.got(1, 'e', 1)]],
  [
    'a publication that ends twice',
    ['answered-twice'],
    [...begin, publish('e', 1, 1), r.got(1, 'e', 1), s.failed(1, 'unknown')],
  ],
  [
    'the end of a publication of another',
    ['invented', 'unanswered'],
    [...begin, r.publishes(1), s.failed(1, 'unknown')],
  ],
  [
    'a publication after leaving',
    ['unsubscribed'],
    [...begin, publish('e', 1, 1), r.leaves(), r.got(1, 'e', 1)],
  ],
  [
    'a publication after a refusal',
    ['unsubscribed'],
    [...begin, publish('e', 1, 1), r.refused('kicked'), r.got(1, 'e', 1)],
  ],
  [
    'a publication before the answer to the join',
    ['publication-behind', 'unsubscribed'],
    [c.did('connect'), c.open(), r.opens(), publish('e', 1, 1), r.got(1, 'e', 1)],
  ],
  [
    'a publication without a connection',
    ['got-while-down'],
    [...begin, publish('e', 1, 1), c.down(), r.got(1, 'e', 1)],
  ],
  ['a publication that does not come', ['publication-behind'], [...begin, publish('e', 1, 1)]],
  ['a join without an answer', ['publication-behind'], [c.did('connect'), c.open(), r.opens()]],
  [
    'more recovered than there were',
    ['recovered-count'],
    [...begin, publish('e', 1, 1), r.got(1, 'e', 1), r.recovered(2)],
  ],
  [
    'a gap where there was nothing',
    ['gap-of-nothing', 'publication-behind'],
    [c.did('connect'), c.open(), r.opens(), r.gap('e', 0)],
  ],
  ['a ghost', ['members'], [...two, r.sees('c0', 'c1', 'c2')]],
  ['a member that is not seen', ['members'], [...two, r.sees('c0')]],
]

describe('an auditor accepts of channels', () => {
  test.each(good)('%s', (_, steps) => {
    expect(rulesOf(steps)).toEqual([])
  })
})

describe('an auditor objects of channels to', () => {
  test.each(bad)('%s', (_, rules, steps) => {
    expect(rulesOf(steps)).toEqual(rules)
  })
})
