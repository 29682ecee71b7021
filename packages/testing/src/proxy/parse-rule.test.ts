import { isHoldfastError } from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRule, readRule } from './parse-rule.ts'
import type { NumberRange, Rule } from './rule.ts'

describe('a rule of the language', () => {
  it.each<[string, Rule]>([
    ['connection 2: refuse', { connections: { from: 2, to: 2 }, action: 'refuse' }],
    ['connections: accept late 3s', { connections: 'all', action: 'accept-late', delay: 3_000 }],
    ['toServer frame 3: drop', { direction: 'toServer', frames: { from: 3, to: 3 }, action: 'drop' }],
    [
      'toClient frame 5: duplicate',
      { direction: 'toClient', frames: { from: 5, to: 5 }, action: 'duplicate' },
    ],
    [
      'toClient frames from 4: delay 200ms',
      { direction: 'toClient', frames: { from: 4 }, action: 'delay', delay: 200 },
    ],
    ['both after 2s: black-hole', { direction: 'both', after: 2_000, action: 'black-hole' }],
    [
      'both after 2s for 5s: black-hole',
      { direction: 'both', after: 2_000, for: 5_000, action: 'black-hole' },
    ],
    ['frame 7: reset', { frames: { from: 7, to: 7 }, action: 'reset' }],
    ['both: throttle 10kB/s', { direction: 'both', action: 'throttle', bytesPerSecond: 10_000 }],
    ['both: throttle 1.5MB/s', { direction: 'both', action: 'throttle', bytesPerSecond: 1_500_000 }],
    ['toClient: delay 1.5min', { direction: 'toClient', action: 'delay', delay: 90_000 }],
    [
      '  connections from 2 to 4 toServer control frames from 1 to 2 :drop ',
      {
        connections: { from: 2, to: 4 },
        direction: 'toServer',
        frames: { from: 1, to: 2, control: true },
        action: 'drop',
      },
    ],
    ['frames: drop', { frames: { from: 1 }, action: 'drop' }],
    ['open connections: cut', { connections: 'open', action: 'cut' }],
    ['new connections for 3s: refuse', { connections: 'new', for: 3_000, action: 'refuse' }],
  ])('%s', (text, rule) => {
    expect(parseRule(text)).toEqual(rule)
  })

  it('a rule parses to what it was printed from, with any parts', () => {
    fc.assert(
      fc.property(rules(), (rule) => {
        expect(parseRule(write(rule))).toEqual(rule)
      }),
    )
  })
})

describe('what is not a rule is refused, with a mark under the word that does not fit', () => {
  it.each([
    ['', '', 'it begins with where it applies, such as "toServer" or "both"'],
    [': cut', ':', 'it begins with where it applies, such as "toServer" or "both"'],
    ['toserver: cut', 'toserver', 'it begins with where it applies, such as "toServer" or "both"'],
    [
      'toServer',
      '',
      '"frame 3", "frames from 3", "control frame 1", "after 2s", "for 2s" or a colon is expected',
    ],
    ['both for 2s after 1s: drop', 'after', 'a colon is expected'],
    ['frame 3 toServer: drop', 'toServer', '"after 2s", "for 2s" or a colon is expected'],
    ['frame: drop', ':', 'a number of 1 or more is expected'],
    ['frame 0: drop', '0', 'a number of 1 or more is expected'],
    ['frames from 4 to 3: drop', 'frames', 'frames are numbered from 1, in whole numbers'],
    ['control: drop', ':', '"frame" or "frames" is expected'],
    ['open: cut', ':', '"connections" is expected'],
    ['connection two: cut', 'two', 'a number of 1 or more is expected'],
    ['connections from 4 to 3: cut', 'connections', 'connections are numbered from 1, in whole numbers'],
    ['both after 2: cut', '2', 'a duration such as 200ms, 2.5s or 1min is expected'],
    ['both after 30min for 1000min: refuse', 'both', '"refuse" takes none'],
    ['both: delay', '', 'a duration such as 200ms, 2.5s or 1min is expected'],
    ['both: delay 60000min', '60000min', 'it takes from 0 ms to 24 days'],
    ['both after 60000min: cut', 'after', 'it takes from 0 ms to 24 days'],
    ['both: throttle 10kb/s', '10kb/s', 'a rate such as 500B/s, 10kB/s or 1MB/s is expected'],
    ['both: throttle 0B/s', '0B/s', 'a rate is more than nothing'],
    [
      'both: explode',
      'explode',
      'cut, reset, black-hole, delay, throttle, drop, duplicate, refuse or accept late is expected',
    ],
    ['connections: accept 3s', '3s', '"late" is expected'],
    ['both: cut now', 'now', 'nothing more is expected'],
    ['both: cut: reset', ':', 'nothing more is expected'],
    ['toServer frame 3 after 2s: drop', 'after', 'a rule has frames or a time, not both'],
    ['toServer after 2s: cut', 'toServer', '"cut" ends both directions, unless it waits for a frame of one'],
    ['both for 2s: reset', 'for', '"reset" takes none'],
    ['connection 1 frame 3: refuse', 'frame', '"refuse" takes none'],
    ['open connections: refuse', 'open', 'those that are open have been accepted'],
  ])('%s', (text, word, why) => {
    const { code, message } = thrown(() => parseRule(text))
    expect(code).toBe('misuse')
    const [head, , rule, mark] = message.split('\n')
    expect(head).toBe(`A rule does not fit at ${word ? `"${word}"` : 'its end'}: ${why}.`)
    expect(rule).toBe(`  ${text}`)
    expect(mark!.trim()).toBe('^'.repeat(word.length || 1))
    expect(rule!.slice(mark!.indexOf('^'))).toMatch(word ? new RegExp(`^${word}(?!\\w)`) : /^$/)
  })

  it('any text that is not a rule is rejected with a mark', () => {
    const words = 'connection connections open new from to both toServer frame frames control 1 2s : cut drop'
    const texts = fc.array(fc.constantFrom(...words.split(' '))).map((each) => each.join(' '))
    fc.assert(
      fc.property(fc.oneof(texts, fc.string()), (text) => {
        try {
          parseRule(text)
        } catch (error) {
          expect(isHoldfastError(error) && error.code).toBe('misuse')
        }
      }),
    )
  })

  it('an object that is not a rule is rejected', () => {
    expect(() => readRule({ action: 'delay', delay: -1 })).toThrow(
      'at its amount: it takes from 0 ms to 24 days',
    )
    expect(() => readRule({ action: 'explode' } as never)).toThrow('at its action: there is no such action')
    expect(() => readRule({ action: 'drop', frames: { from: 1.5 } })).toThrow('at its frames')
    expect(readRule({ action: 'drop' })).toEqual({ action: 'drop' })
  })
})

function thrown(run: () => unknown): { readonly code?: string; readonly message: string } {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

function rules(): fc.Arbitrary<Rule> {
  const numbers = fc
    .tuple(fc.integer({ min: 1, max: 1e9 }), fc.option(fc.nat(1_000), { nil: undefined }))
    .map(([from, more]): NumberRange => (more === undefined ? { from } : { from, to: from + more }))
  const ms = fc.integer({ min: 1, max: 2_000_000_000 })
  const on = { connections: fc.oneof(fc.constantFrom('all' as const, 'new' as const), numbers) }
  const requiredKeys = ['action', 'connections'] as const
  const framed = {
    ...on,
    action: fc.constantFrom('cut', 'reset', 'black-hole', 'drop', 'duplicate'),
    direction: fc.constantFrom('toServer', 'toClient', 'both'),
    frames: fc
      .tuple(numbers, fc.boolean())
      .map(([range, control]) => ({ ...range, ...(control && { control }) })),
  }
  const timed = { ...on, action: fc.constantFrom('black-hole', 'drop', 'refuse'), after: ms, for: ms }
  return fc
    .oneof(
      fc.record(framed, { requiredKeys: [...requiredKeys] }),
      fc.record(timed, { requiredKeys: [...requiredKeys] }),
    )
    .filter((rule) => 'frames' in rule || (rule.action !== 'cut' && rule.action !== 'reset'))
}

function write(rule: Rule): string {
  const {
    connections,
    direction,
    frames,
    after,
    for: during,
    action,
  } = rule as Required<Rule> & {
    direction?: string
    frames?: NumberRange & { control?: boolean }
    after?: number
    for?: number
  }
  const range = ({ from, to }: NumberRange): string => ` from ${from}${to === undefined ? '' : ` to ${to}`}`
  const words = [
    typeof connections === 'object'
      ? `connections${range(connections)}`
      : connections === 'all'
        ? 'connections'
        : 'new connections',
    direction,
    frames && `${frames.control ? 'control ' : ''}frames${range(frames)}`,
    after && `after ${after}ms`,
    during && `for ${during}ms`,
  ]
  return `${words.filter(Boolean).join(' ')}: ${action}`
}
