// Wounds for messages that were well formed: those of text stay text, those of bytes may become anything.
import { pick, placeIn } from './random.ts'
import type { Random } from './random.ts'

type Bytes = Uint8Array<ArrayBuffer>
type TextMutation = (random: Random, text: string, other: string) => string
type ByteMutation = (random: Random, bytes: Bytes, other: Bytes) => Bytes

/** What is longer than this grows no more, so that mutations of mutations end. */
const longest = 20_000

/** Mostly one, because most messages with three wounds are dead. */
const wounds = [1, 1, 1, 1, 2, 2, 3]

/** The text with one to three wounds; what is spliced into it is of another one of those. */
export function mutateText(random: Random, text: string, others: readonly string[]): string {
  let mutated = text
  for (let times = pick(random, wounds); times > 0; times--)
    mutated = pick(random, textMutations)(random, mutated, pick(random, others)).slice(0, longest)
  return mutated
}

/** The bytes with one to three wounds; what is spliced into them is of another one of those. */
export function mutateBytes(random: Random, bytes: Bytes, others: readonly Bytes[]): Bytes {
  let mutated = bytes
  for (let times = pick(random, wounds); times > 0; times--)
    mutated = pick(random, byteMutations)(random, mutated, pick(random, others)).slice(0, longest)
  return mutated
}

/** The message with another length of its header in front: a little off, all, none, or that of no message. */
export function mutateHeaderLength(random: Random, message: Bytes): Bytes {
  if (message.length < 2) return message
  const told = message[0]! * 256 + message[1]!
  const rest = message.length - 2
  const length = pick(random, [told - 1, told + 1, rest, rest + 1, rest - 1, 0, 1, 0xffff, told << 8])
  const mutated = message.slice()
  mutated[0] = length >> 8
  mutated[1] = length
  return mutated
}

const limits = [
  '0',
  '-0',
  '-1',
  '0.5',
  '1e0',
  '1e308',
  '1e309',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740992',
  '18446744073709551616',
  '0.1e1',
  '01',
  '0x1',
  'NaN',
]
const odd = [
  '\\ud800',
  '\\udc00\\ud800',
  '\ud800',
  '\udfff',
  '\ufeff',
  '\u0000',
  '\\u0000',
  '\u2028',
  '"__proto__":',
  '"id":1,',
  '"re":1,',
  'null',
  '[]',
  ',',
  '"',
  '\\',
]
const values = /-?\d+(?:\.\d+)?(?:e\d+)?|"(?:[^"\\]|\\.)*"|true|false|null/g

const textMutations: readonly TextMutation[] = [
  // Splice.
  (random, text, other) =>
    text.slice(0, placeIn(random, text.length)) + other.slice(placeIn(random, other.length)),
  (random, text, other) => {
    const at = placeIn(random, text.length)
    return text.slice(0, at) + other + text.slice(at)
  },
  // Flip a bit of a character.
  (random, text) => {
    if (text === '') return text
    const at = random(text.length)
    return (
      text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << random(8))) + text.slice(at + 1)
    )
  },
  // Duplicate.
  (random, text) => {
    const [from, to] = rangeOf(random, text.length)
    return text.slice(0, to) + text.slice(from, to).repeat(1 + random(3)) + text.slice(to)
  },
  // Truncate, or take something out.
  (random, text) => text.slice(0, placeIn(random, text.length)),
  (random, text) => {
    const [from, to] = rangeOf(random, text.length)
    return text.slice(0, from) + text.slice(to)
  },
  // Something odd in between.
  (random, text) => {
    const at = placeIn(random, text.length)
    return text.slice(0, at) + pick(random, odd) + text.slice(at)
  },
  // A value by another one: a number at a limit, or a value of the other message.
  (random, text) => replaceValue(random, text, () => pick(random, limits)),
  (random, text, other) => replaceValue(random, text, () => pick(random, other.match(values) ?? ['{}'])),
  (random, text) => replaceValue(random, text, () => pick(random, limits)),
  (random, text, other) => replaceValue(random, text, () => other),
  // Packs.
  (_, text, other) => `[${text},${other}]`,
  (random, text) =>
    `[${Array(2 + random(4))
      .fill(text)
      .join(',')}]`,
  (random, text, other) => (text.endsWith(']') ? `${text.slice(0, -1)},${other}]` : `[${text}]`),
  // Nesting.
  (random, text) => replaceValue(random, text, (value) => nest(random, value)),
  (random, text) => nest(random, text),
]

const byteMutations: readonly ByteMutation[] = [
  (random, bytes, other) =>
    join(bytes.subarray(0, placeIn(random, bytes.length)), other.subarray(placeIn(random, other.length))),
  (random, bytes, other) => {
    const at = placeIn(random, bytes.length)
    return join(bytes.subarray(0, at), other, bytes.subarray(at))
  },
  (random, bytes) => {
    const mutated = bytes.slice()
    if (bytes.length > 0) mutated[random(bytes.length)]! ^= 1 << random(8)
    return mutated
  },
  (random, bytes) => {
    const mutated = bytes.slice()
    if (bytes.length > 0) mutated[random(bytes.length)] = pick(random, [0, 10, 13, 32, 127, 128, 255])
    return mutated
  },
  (random, bytes) => {
    const [from, to] = rangeOf(random, bytes.length)
    return join(bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to))
  },
  (random, bytes) => bytes.slice(0, placeIn(random, bytes.length)),
  (random, bytes) => {
    const [from, to] = rangeOf(random, bytes.length)
    return join(bytes.subarray(0, from), bytes.subarray(to))
  },
  (random, bytes) => {
    const at = placeIn(random, bytes.length)
    return join(bytes.subarray(0, at), pick(random, notUtf8), bytes.subarray(at))
  },
]

/** A lone continuation, an overlong slash, a surrogate, a code point that there is none, a beginning without its end. */
const notUtf8: readonly Bytes[] = [
  Uint8Array.of(0x80),
  Uint8Array.of(0xc0, 0xaf),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  Uint8Array.of(0xe2, 0x82),
  Uint8Array.of(0xff),
]

function nest(random: Random, text: string): string {
  const depth = pick(random, [1, 2, 3, 62, 63, 64, 65, random(10) === 0 ? 5_000 : 66])
  return random(2) === 0
    ? '['.repeat(depth) + text + ']'.repeat(depth)
    : '{"x":'.repeat(depth) + text + '}'.repeat(depth)
}

function replaceValue(random: Random, text: string, replace: (value: string) => string): string {
  const found = [...text.matchAll(values)]
  if (found.length === 0) return text
  const { 0: value, index } = pick(random, found)
  return text.slice(0, index) + replace(value) + text.slice(index + value.length)
}

function rangeOf(random: Random, length: number): readonly [from: number, to: number] {
  const from = placeIn(random, length)
  return [from, Math.min(length, from + 1 + random(8))]
}

function join(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
