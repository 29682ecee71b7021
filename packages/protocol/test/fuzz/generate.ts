// Messages from nothing, so that a decoder meets also what nobody thought of.
import { encodeBinary, encodeBody, encodeControl, encodeFrame } from '../../src/frame-codec.ts'
import type { BinaryBody } from '../../src/frame-codec.ts'
import { pick } from './random.ts'
import type { Random } from './random.ts'

const encoder = new TextEncoder()
const encodeText = (text: string): Uint8Array => encoder.encode(text)

const names = ['e', '', '__proto__', 'constructor', 'a\ud800', '"', 'x'.repeat(1_025), 'é€😀']
const numbers = [0, 1, 2, 7, 41, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -1, 1.5, 1e308, -0]
const keys = [
  'id',
  're',
  'off',
  'raw',
  'error',
  'message',
  'absent',
  'producer',
  '__proto__',
  'constructor',
  'prototype',
  'x',
]
const scalars = [...names, ...numbers, null, true, false]

function makeValue(random: Random, depth: number): unknown {
  const kind = random(depth > 0 ? 5 : 3)
  if (kind < 3) return pick(random, scalars)
  const length = random(4)
  if (kind === 3) return Array.from({ length }, () => makeValue(random, depth - 1))
  return Object.fromEntries(Array.from({ length }, () => [pick(random, keys), makeValue(random, depth - 1)]))
}

function makeMeta(random: Random): object {
  return pick(random, [
    () => ({ id: pick(random, numbers) }),
    () => ({ re: pick(random, numbers) }),
    () => ({ re: 1, error: pick(random, scalars), message: pick(random, scalars) }),
    () => ({ off: pick(random, numbers) }),
    () => ({ raw: pick(random, [true, false, 1]) }),
    () => ({ id: 1, absent: true }),
    () => ({ producer: [pick(random, ['a', 'a b', ...scalars]), pick(random, numbers)] }),
    () => ({ [pick(random, keys)]: true, producer: ['a', 1] }),
    () => makeValue(random, 2) as object,
  ])()
}

function makeFrame(random: Random): unknown[] {
  const name = random(3) > 0 ? pick(random, names) : null
  const frame = [pick(random, numbers), pick(random, numbers), name, makeValue(random, 4), makeMeta(random)]
  return frame.slice(0, 2 + random(4))
}

const window = [1_024, 1_048_576]
const greeting = { v: 1, client: 'c7', n: 1, window, maxPayload: 1_024 }
const accepted = { session: 's', key: 'k', rx: 0, identity: null, ttl: 1, ping: 1, window, maxPayload: 4_096 }
const controls: readonly (readonly unknown[])[] = [
  ['holdfast', { v: 1 }],
  ['hi', greeting],
  ['hi', { ...greeting, token: 't', session: 's', key: 'k', rx: 3, park: true }],
  ['ok', accepted],
  ['ok', { ...accepted, identity: 'u', lost: { why: 'expired', rx: 1, missed: null } }],
  ['ok', { ...accepted, producers: { epoch: 'e', ttl: 3 } }],
  ['a', 1],
  ['p', 2],
  ['q', 3],
  ['renew'],
  ['token', 't'],
  ['drain', { after: [0, 1], within: 2 }],
  ['drain', { after: [0, 1], within: 2, park: true }],
  ['bye', { rx: 1 }],
  ['channel', { join: [['room:1', ['e', 1, 'id'], { presence: true, data: { a: [1] } }]], n: 1 }],
  ['channel', { here: 'room:1', v: 1, set: [['key', null, 1]], gone: ['key'] }],
  ['bye', { rx: 1, total: 3 }],
]

/** A value with one place, somewhere in it, that is another. */
function mutate(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random(4) === 0) return makeValue(random, 3)
  if (Array.isArray(value)) {
    const copy = [...(value as unknown[])]
    const at = random(copy.length + 1)
    const how = random(4)
    if (how === 0) copy.splice(at, 1)
    else if (how === 1) copy.splice(at, 0, makeValue(random, 2))
    else copy[at] = mutate(random, copy[at])
    return copy
  }
  const entries: [string, unknown][] = Object.entries(value)
  const at = random(entries.length + 1)
  if (at === entries.length) entries.push([pick(random, keys), makeValue(random, 2)])
  else if (random(3) === 0) entries.splice(at, 1)
  else entries[at] = [entries[at]![0], mutate(random, entries[at]![1])]
  // By assignment, `__proto__` would not become a key.
  return Object.fromEntries(entries)
}

const tokens = [
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '"',
  '\\',
  '\\ud800',
  ' ',
  '-',
  '1e999',
  '0',
  'null',
  '"id"',
  '\u0000',
  '€',
]

function garble(random: Random, text: string): string {
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(text.length + 1)
    text = text.slice(0, at) + (random(3) > 0 ? pick(random, tokens) : '') + text.slice(at + random(3))
  }
  return text
}

/** A text message: well formed, nearly so, or nothing of the kind. */
export function makeText(random: Random): string {
  switch (random(7)) {
    case 0:
      return JSON.stringify(mutate(random, pick(random, controls)))
    case 1:
      return encodeControl(pick(random, controls) as never)
    case 2:
      return JSON.stringify(Array.from({ length: 1 + random(5) }, () => makeFrame(random)))
    case 3:
      return JSON.stringify(mutate(random, makeFrame(random)))
    case 4:
      return garble(random, JSON.stringify(random(2) > 0 ? pick(random, controls) : [makeFrame(random)]))
    case 5:
      return String.fromCharCode(...Array.from({ length: random(30) }, () => random(0x1_0000)))
    default:
      return encodeFrame(
        random(100),
        random(100),
        encodeBody(pick(random, ['e', '__proto__']), makeValue(random, 5)) as string,
      )
  }
}

/** The same in bytes. */
export function makeBytes(random: Random): Uint8Array<ArrayBuffer> {
  const content = Uint8Array.from({ length: random(10) }, () => random(256))
  const header = pick(random, [
    () => JSON.stringify([1, 0, 'e']),
    () => JSON.stringify([0, 0, null, null, { raw: true }]),
    () => JSON.stringify(makeFrame(random).toSpliced(3, 1, null)),
    () => JSON.stringify(makeFrame(random)),
    () => garble(random, '[1,0,"e",null,{"id":1}]'),
    () => makeText(random).slice(0, 1_000),
  ])()
  const kind = random(5)
  if (kind === 0) return content
  const body: BinaryBody = { head: ',"e"', bytes: content }
  if (kind === 1) return encodeBinary(random(100), random(100), body, encodeText)
  const head = encodeText(header)
  const message = new Uint8Array([head.length >> 8, head.length & 255, ...head, ...content])
  if (kind === 2) message[random(message.length)] = random(256)
  if (kind === 3) return message.slice(0, random(message.length + 1))
  return message
}
