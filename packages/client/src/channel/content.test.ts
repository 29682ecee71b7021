import { describe, expect, it } from 'vitest'
import { isPlace, isPosition, readContent } from './content.ts'

const at = ['e', 1, 'x']

describe('the content of a control of channels', () => {
  it.each([
    [
      { joined: 'a', n: 1, at, missed: 2 },
      { kind: 'joined', name: 'a', n: 1, at, missed: 2 },
    ],
    [
      { joined: 'a', n: 1, at, gap: 2 },
      { kind: 'gap', name: 'a', n: 1, at, missed: 2 },
    ],
    [
      { joined: 'a', n: 1, at, gap: null },
      { kind: 'gap', name: 'a', n: 1, at, missed: undefined },
    ],
    [
      { gap: 'a', at, missed: null },
      { kind: 'gap', name: 'a', n: undefined, at, missed: undefined },
    ],
    [
      { refused: 'a', n: 1, why: 'w' },
      { kind: 'refused', name: 'a', n: 1, why: 'w', after: undefined },
    ],
    [
      { refused: 'a', why: 'w' },
      { kind: 'refused', name: 'a', n: undefined, why: 'w', after: undefined },
    ],
    [
      { refused: 'a', n: 1, why: 'w', after: [1, 2] },
      { kind: 'refused', name: 'a', n: 1, why: 'w', after: [1, 2] },
    ],
    [
      {
        here: 'a',
        v: 1,
        all: [
          ['k', 'i', 1],
          ['l', null],
        ],
      },
      {
        kind: 'here',
        name: 'a',
        version: 1,
        all: [
          ['k', 'i', 1],
          ['l', null],
        ],
        hasMore: false,
        set: [],
        gone: [],
      },
    ],
    [
      { here: 'a', v: 1, all: [], more: true },
      { kind: 'here', name: 'a', version: 1, all: [], hasMore: true, set: [], gone: [] },
    ],
    [
      { here: 'a', v: 1, set: [['k', null]], gone: ['l'] },
      {
        kind: 'here',
        name: 'a',
        version: 1,
        all: undefined,
        hasMore: false,
        set: [['k', null]],
        gone: ['l'],
      },
    ],
    [
      { here: 'a', v: 1 },
      { kind: 'here', name: 'a', version: 1, all: undefined, hasMore: false, set: [], gone: [] },
    ],
    [{ news: 1 }, { kind: 'other' }],
  ])('%o is read', (content, message) => {
    expect(readContent(content)).toEqual(message)
  })

  it.each([
    null,
    'text',
    { joined: 1, n: 1, at, missed: 0 },
    { joined: 'a', at, missed: 0 },
    { joined: 'a', n: 1, at: [], missed: 0 },
    { joined: 'a', n: 1, at, missed: -1 },
    { joined: 'a', n: 1, at, gap: 'x' },
    { gap: 1, at, missed: 0 },
    { gap: 'a', missed: 0 },
    { gap: 'a', at },
    { refused: 1, why: 'w' },
    { refused: 'a' },
    { refused: 'a', why: 'w', after: 1 },
    { refused: 'a', n: 'x', why: 'w' },
    { here: 1, v: 1, all: [] },
    { here: 'a', all: [] },
    { here: 'a', v: 1, all: 'x' },
    { here: 'a', v: 1, all: [1] },
    { here: 'a', v: 1, all: [[1, null]] },
    { here: 'a', v: 1, all: [['k', 1]] },
    { here: 'a', v: 1, set: 1 },
    { here: 'a', v: 1, gone: 1 },
    { here: 'a', v: 1, gone: [1] },
  ])('%o is malformed', (content) => {
    expect(readContent(content)).toBeUndefined()
  })

  it('has positions with an epoch, an offset and an id', () => {
    expect(isPosition(['e', 0, ''])).toBe(true)
    for (const value of [
      undefined,
      ['e', 0],
      ['', 0, ''],
      [1, 0, ''],
      ['e', 0.5, ''],
      ['e'.repeat(65), 0, ''],
    ])
      expect(isPosition(value)).toBe(false)
    expect(isPlace([1, 'x'])).toBe(true)
    for (const value of [null, [1], [1, 'x'.repeat(65)]]) expect(isPlace(value)).toBe(false)
  })
})
