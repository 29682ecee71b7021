import { describe, expect, it } from 'vitest'
import { closeHint, isClientControl, isServerControl } from './controls.ts'
import type { IsControl } from './controls.ts'

const notCounts = [-1, 1.5, 2 ** 53, Number.NaN, Infinity, '1', null, undefined, true, {}, [1]]
const notTexts = [1, null, true, {}, ['a']]
const notFlags = [false, null, 0, 1, 'true', {}]

const hi = { v: 1, client: 'c7', n: 1, window: [1_024, 1_048_576], maxPayload: 1_024 }
const resume = { ...hi, session: 's1', key: 'k', rx: 0 }
const ok = {
  session: 's1',
  key: 'k',
  rx: 0,
  identity: null,
  ttl: 120_000,
  ping: 25_000,
  window: [1, 1],
  maxPayload: 1_024,
}
const lost = { why: 'expired', rx: 61, missed: 3 }

/** Checks that each value of a member that must not be is refused. */
function refuses(
  is: IsControl,
  name: string,
  content: object,
  wrong: Record<string, readonly unknown[]>,
): void {
  for (const [member, values] of Object.entries(wrong))
    for (const value of values)
      expect([member, value, is(name, { ...content, [member]: value })]).toEqual([member, value, false])
}

const windows = [
  ...[...notCounts, 0].flatMap((size) => [
    [1, size],
    [size, 1],
  ]),
  [],
  [1],
  [1, 1, 1],
  null,
  'x',
  { 0: 1, 1: 1, length: 2 },
]
const frameSizes = [...notCounts, 0, 1_023]

describe('the greeting', () => {
  it('is taken when it is complete', () => {
    for (const content of [
      hi,
      resume,
      { ...hi, token: '' },
      { ...resume, token: 'secret', more: 1 },
      { ...resume, park: true },
      { ...hi, client: 'x'.repeat(64), n: 2 ** 53 - 1 },
    ])
      expect(isClientControl('hi', content)).toBe(true)
  })

  it('is refused when a member is not what it must be', () => {
    refuses(isClientControl, 'hi', hi, {
      v: notCounts,
      client: [...notTexts, undefined, '', 'x'.repeat(65)],
      n: [...notCounts, 0],
      window: windows,
      maxPayload: frameSizes,
      token: notTexts,
      park: notFlags,
    })
    refuses(isClientControl, 'hi', resume, {
      session: [...notTexts, undefined, '', 'x'.repeat(257)],
      key: [...notTexts, undefined, '', 'x'.repeat(257)],
      rx: notCounts,
    })
    for (const content of [undefined, null, 1, 'x', [], {}, [hi]])
      expect(isClientControl('hi', content)).toBe(false)
  })

  it('is left to who can read it when it is of another version', () => {
    expect(isClientControl('hi', { v: 2 })).toBe(true)
    expect(isClientControl('hi', { v: 0, client: 7 })).toBe(true)
  })

  it('is not for a client to get', () => {
    expect(isServerControl('hi', hi)).toBe(false)
  })
})

describe('the answer to the greeting', () => {
  it('is taken when it is complete', () => {
    for (const content of [
      ok,
      { ...ok, identity: 'u1', ttl: 0, more: 1 },
      { ...ok, lost },
      { ...ok, lost: { why: 'of another version', rx: null, missed: null } },
    ])
      expect(isServerControl('ok', content)).toBe(true)
  })

  it('is refused when a member is not what it must be', () => {
    refuses(isServerControl, 'ok', ok, {
      session: [...notTexts, undefined, '', 'x'.repeat(257)],
      key: [...notTexts, undefined, '', 'x'.repeat(257)],
      rx: notCounts,
      identity: [1, true, {}, undefined],
      ttl: notCounts,
      ping: [...notCounts, 0],
      window: windows,
      maxPayload: frameSizes,
      lost: [null, 1, 'x', [], {}],
    })
    const wrong = {
      why: [...notTexts, undefined],
      rx: notCounts.filter((value) => value !== null),
      missed: notCounts.filter((value) => value !== null),
    }
    for (const [member, values] of Object.entries(wrong))
      for (const value of values)
        expect([member, value, isServerControl('ok', { ...ok, lost: { ...lost, [member]: value } })]).toEqual(
          [member, value, false],
        )
  })

  it('is not for a server to get', () => {
    expect(isClientControl('ok', ok)).toBe(false)
  })
})

describe('the other controls', () => {
  it('hold a cursor where they must', () => {
    for (const is of [isServerControl, isClientControl]) {
      for (const name of ['a', 'p', 'q']) {
        expect([is(name, 0), is(name, 2 ** 53 - 1)]).toEqual([true, true])
        for (const value of notCounts) expect([name, value, is(name, value)]).toEqual([name, value, false])
      }
      expect(is('bye', { rx: 0 })).toBe(true)
      expect(is('bye', { rx: 0, total: 3 })).toBe(true)
      expect(is('bye', { rx: 0, code: 4_000, reason: 'why' })).toBe(true)
      refuses(is, 'bye', { rx: 1 }, { code: ['4000', 1.5, -1, null], reason: [1, null, {}] })
      refuses(is, 'bye', {}, { rx: notCounts })
      refuses(is, 'bye', { rx: 1 }, { total: notCounts.filter((value) => value !== undefined) })
      for (const content of [undefined, null, 1, 'rx', []]) expect(is('bye', content)).toBe(false)
    }
  })

  it('of the server are well formed', () => {
    expect(isServerControl('holdfast', { v: 1 })).toBe(true)
    refuses(isServerControl, 'holdfast', {}, { v: notCounts })
    expect([isServerControl('renew', undefined), isServerControl('renew', 7)]).toEqual([true, true])
    const drain = { after: [0, 5_000], within: 10_000 }
    expect(isServerControl('drain', drain)).toBe(true)
    expect(isServerControl('drain', { ...drain, park: true })).toBe(true)
    refuses(isServerControl, 'drain', drain, {
      after: [[5, 4], [1], [0, 1, 2], [-1, 1], [0, 1.5], ['0', '1'], null, {}, 7],
      within: notCounts,
      park: notFlags,
    })
    for (const name of ['holdfast', 'renew', 'drain']) expect(isClientControl(name, drain)).toBe(false)
  })

  it('of the client are well formed', () => {
    expect([isClientControl('token', ''), isClientControl('token', 'x')]).toEqual([true, true])
    for (const value of [...notTexts, undefined]) expect(isClientControl('token', value)).toBe(false)
    expect(isServerControl('token', 'x')).toBe(false)
  })

  it('of channels may have any content, which the channels of each end check', () => {
    for (const is of [isClientControl, isServerControl])
      for (const content of [{}, null, 5, { join: [['room']], n: 1 }])
        expect(is('channel', content)).toBe(true)
  })

  it('have no other names', () => {
    for (const name of ['', 'A', 'constructor', '__proto__', 'toString', 'hello'])
      for (const is of [isServerControl, isClientControl]) expect(is(name, 0)).toBe(false)
  })
})

describe('the hint in the reason of a close', () => {
  it('is a span of time', () => {
    expect(closeHint('{"after":[0,5000]}')).toEqual([0, 5_000])
    expect(closeHint('{"after":[7,7],"more":1}')).toEqual([7, 7])
  })

  it('is not seen where there is none', () => {
    for (const reason of [
      undefined,
      '',
      'going away',
      '{',
      '{}',
      '{"after":7}',
      '{"after":[5,4]}',
      '{"after":["0","1"]}',
      '[0,1]',
      'null',
    ])
      expect(closeHint(reason)).toBeUndefined()
  })
})
