import { misuse } from '@holdfast/protocol'
import { faultOf } from './rule.ts'
import type { NumberRange, Rule, RulePart } from './rule.ts'
import { wordsOf } from './words.ts'
import type { Word, Words } from './words.ts'

type Units = Readonly<Record<string, number>>

const durations: Units = { ms: 1, s: 1_000, min: 60_000 }
const rates: Units = { 'B/s': 1, 'kB/s': 1_000, 'MB/s': 1_000_000 }
const actions = 'cut, reset, black-hole, delay, throttle, drop, duplicate, refuse or accept late is expected'

/**
 * Parses a rule in text form: `WHERE [WHEN]: WHAT`, as in `connection 2 toServer frame 3: drop`.
 *
 * @throws `misuse` for an invalid rule; the message points at the word at fault.
 */
export function parseRule(text: string): Rule {
  const words = wordsOf(text)
  const places = new Map<RulePart, Word>()
  const parts: { [part: string]: unknown } = {}
  const part = (name: RulePart, read: (words: Words) => unknown): void => {
    const { next } = words
    const value = read(words)
    if (value === undefined) return
    places.set(name, next)
    parts[name] = value
  }

  part('connections', readConnections)
  part('direction', readDirection)
  part('frames', readFrames)
  part('after', (all) => (all.skip('after') ? readDuration(all) : undefined))
  part('for', (all) => (all.skip('for') ? readDuration(all) : undefined))
  if (places.size === 0)
    words.fail(words.next, 'it begins with where it applies, such as "toServer" or "both"')
  if (words.next.text !== ':') words.fail(words.next, `${following(places)} is expected`)
  words.take()
  part('action', readAction)
  places.set('amount', words.next)
  Object.assign(parts, readAmount(parts['action'] as Rule['action'], words))
  if (words.next.text !== '') words.fail(words.next, 'nothing more is expected')

  const rule = parts as unknown as Rule
  const fault = faultOf(rule)
  if (fault) words.fail(places.get(fault.part)!, fault.why)
  return rule
}

/** @throws `misuse` for an invalid rule. */
export function readRule(rule: Rule | string): Rule {
  if (typeof rule === 'string') return parseRule(rule)
  const fault = faultOf(rule)
  if (fault) throw misuse(`A rule does not fit at its ${fault.part}: ${fault.why}. ${JSON.stringify(rule)}`)
  return rule
}

function readConnections(words: Words): unknown {
  for (const which of ['open', 'new']) {
    if (!words.skip(which)) continue
    if (!words.skip('connections')) words.fail(words.next, '"connections" is expected')
    return which
  }
  return readNumbered('connection', words)
}

function readDirection(words: Words): unknown {
  return ['toServer', 'toClient', 'both'].find(words.skip)
}

function readFrames(words: Words): unknown {
  const control = words.skip('control')
  const frames = readNumbered('frame', words)
  if (control && !frames) words.fail(words.next, '"frame" or "frames" is expected')
  if (!frames) return undefined
  return { ...(frames === 'all' ? { from: 1 } : frames), ...(control && { control }) }
}

/** `noun 2`, `nouns`, `nouns from 2` or `nouns from 2 to 4`. */
function readNumbered(noun: string, words: Words): NumberRange | 'all' | undefined {
  if (words.skip(noun)) {
    const number = readNumber(words)
    return { from: number, to: number }
  }
  if (!words.skip(`${noun}s`)) return undefined
  if (!words.skip('from')) return 'all'
  const from = readNumber(words)
  return words.skip('to') ? { from, to: readNumber(words) } : { from }
}

function readNumber(words: Words): number {
  const word = words.take()
  if (!/^[1-9]\d{0,14}$/.test(word.text)) words.fail(word, 'a number of 1 or more is expected')
  return Number(word.text)
}

function readDuration(words: Words): number {
  return readQuantity(words, durations, 'a duration such as 200ms, 2.5s or 1min is expected')
}

function readQuantity(words: Words, units: Units, expected: string): number {
  const word = words.take()
  const [, value, unit = ''] = /^(\d+(?:\.\d+)?)(\D+)$/.exec(word.text) ?? []
  if (value === undefined || !Object.hasOwn(units, unit)) words.fail(word, expected)
  return Number(value) * units[unit]!
}

function readAction(words: Words): Rule['action'] {
  const word = words.take()
  switch (word.text) {
    case 'cut':
    case 'reset':
    case 'black-hole':
    case 'delay':
    case 'throttle':
    case 'drop':
    case 'duplicate':
    case 'refuse':
      return word.text
    case 'accept':
      if (!words.skip('late')) words.fail(words.next, '"late" is expected')
      return 'accept-late'
    default:
      return words.fail(word, actions)
  }
}

function readAmount(action: Rule['action'], words: Words): object {
  if (action === 'delay' || action === 'accept-late') return { delay: readDuration(words) }
  if (action !== 'throttle') return {}
  return { bytesPerSecond: readQuantity(words, rates, 'a rate such as 500B/s, 10kB/s or 1MB/s is expected') }
}

/** The parts that may follow those that were read. */
function following(places: ReadonlyMap<RulePart, Word>): string {
  const examples: readonly (readonly [RulePart, string])[] = [
    ['connections', '"connection 2", "connections"'],
    ['direction', '"toServer", "toClient", "both"'],
    ['frames', '"frame 3", "frames from 3", "control frame 1"'],
    ['after', '"after 2s"'],
    ['for', '"for 2s"'],
  ]
  const read = examples.map(([part]) => places.has(part)).lastIndexOf(true)
  const next = examples.slice(read + 1).map(([, example]) => example)
  return next.length > 0 ? `${next.join(', ')} or a colon` : 'a colon'
}
