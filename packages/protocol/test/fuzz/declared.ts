import type { Decoded, DecodeLimits } from '../../src/frame-codec.ts'

type Check = (value: unknown) => boolean

const isCount: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 2 ** 53 - 1 && value % 1 === 0
const isString: Check = (value) => typeof value === 'string'
const isTrue: Check = (value) => value === true
const isNull: Check = (value) => value === null
const isShort =
  (length: number): Check =>
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= length
const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value))
const optional = (check: Check): Check => either(check, (value) => value === undefined)
const record =
  (members: Record<string, Check>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([key, check]) =>
      check(Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined),
    )
const atLeast =
  (least: number): Check =>
  (value) =>
    isCount(value) && (value as number) >= least
const pair =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length === 2 && value.every(check)
const span: Check = (value) => pair(isCount)(value) && (value as number[])[0]! <= (value as number[])[1]!

const lettersOfProducers = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const meta = record({
  id: optional(isCount),
  re: optional(isCount),
  off: optional(isCount),
  raw: optional(isTrue),
  absent: optional(isTrue),
  error: optional(isString),
  message: optional(isString),
  producer: optional(
    (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      typeof value[0] === 'string' &&
      value[0].length <= 64 &&
      value[0] !== '' &&
      value[0].split('').every((letter) => lettersOfProducers.includes(letter)) &&
      atLeast(1)(value[1]),
  ),
})

const hi: Check = either(
  (value) => record({ v: isCount })(value) && (value as { v: number }).v !== 1,
  (value) => {
    const common = {
      v: isCount,
      client: isShort(64),
      n: atLeast(1),
      window: pair(atLeast(1)),
      maxPayload: atLeast(1_024),
      token: optional(isString),
    }
    const resume = { session: isShort(256), key: isShort(256), rx: isCount }
    const none = (member: unknown): boolean => member === undefined
    return (
      record({ ...common, ...resume })(value) ||
      record({ ...common, session: none, key: none, rx: none })(value)
    )
  },
)

const ok = record({
  session: isShort(256),
  key: isShort(256),
  rx: isCount,
  identity: either(isString, isNull),
  ttl: isCount,
  ping: atLeast(1),
  window: pair(atLeast(1)),
  maxPayload: atLeast(1_024),
  lost: optional(record({ why: isString, rx: either(isCount, isNull), missed: either(isCount, isNull) })),
  producers: optional(record({ epoch: isShort(64), ttl: isCount })),
})

const shared: Record<string, Check> = {
  a: isCount,
  p: isCount,
  q: isCount,
  bye: record({ rx: isCount, total: optional(isCount) }),
  // The channels check it.
  channel: () => true,
}
const controls: Record<'server' | 'client', Record<string, Check>> = {
  server: {
    ...shared,
    holdfast: record({ v: isCount }),
    ok,
    renew: () => true,
    drain: record({ after: span, within: isCount }),
  },
  client: { ...shared, hi, token: isString },
}

/**
 * What a decoded message breaks of the types that `frame.ts` declares and the limits it was decoded with, or undefined.
 * Written a second time on purpose, and without the short cuts of the decoder.
 */
export function breachOf(
  decoded: Decoded,
  limits: DecodeLimits,
  peer: 'server' | 'client',
  isText: boolean,
): string | undefined {
  if ('fault' in decoded) {
    if (decoded.code !== 4400 && decoded.code !== 1007) return `close code ${String(decoded.code)}`
    return decoded.fault ? undefined : 'a fault without words'
  }
  if ('control' in decoded) {
    const [name, content] = decoded.control as readonly [string, unknown]
    if (!isText) return 'a control in a binary message'
    if (!Object.hasOwn(controls[peer], name)) return `a control that the ${peer} may not send: ${name}`
    return controls[peer][name]!(content) ? undefined : `a malformed control: ${name}`
  }
  const { frames } = decoded
  if (frames.length === 0 || frames.length > limits.maxFrames) return 'too few or too many frames'
  if (!isText && frames.length !== 1) return 'a binary message of many frames'
  let members = 0
  for (const frame of frames) {
    const breach = frameBreach(frame, isText, limits.maxDepth)
    if (breach) return breach
    members += sizeOf(frame[4]) + (isText ? sizeOf(frame[3]) : 0)
  }
  return members > limits.maxKeys ? 'too many keys and elements' : undefined
}

/**
 * What a decoded binary message breaks of what its bytes say, or undefined. Its header is read a second time, by the letter.
 */
export function bytesBreachOf(decoded: Decoded, message: Uint8Array): string | undefined {
  if (!('frames' in decoded)) return undefined
  const data = decoded.frames[0]![3] as Uint8Array
  const length = message[0]! * 256 + message[1]!
  if (2 + length + data.length !== message.length) return 'a header of another length'
  if (data.some((byte, at) => byte !== message[2 + length + at])) return 'bytes that are others'
  const header: unknown = JSON.parse(new TextDecoder().decode(message.subarray(2, 2 + length)))
  if (!Array.isArray(header) || header.length < 3) return 'a header without a name'
  return header.length > 3 && header[3] !== null ? 'data in a header' : undefined
}

function frameBreach(frame: readonly unknown[], isText: boolean, maxDepth: number): string | undefined {
  const [seq, ack, name, data] = frame
  if (!Array.isArray(frame) || frame.length < 2 || frame.length > 5) return 'no frame'
  if (Array.from(frame).includes(undefined)) return 'a hole in a frame'
  if (!isCount(seq) || !isCount(ack)) return 'numbers that are none'
  if (
    frame.length > 2 &&
    !either(isNull, (value) => typeof value === 'string' && value.length <= 1_024)(name)
  )
    return 'a name that is none'
  if (!isText && !(data instanceof Uint8Array)) return 'a binary message without bytes'
  if (depthOf(isText ? data : undefined) > maxDepth || depthOf(frame[4]) > maxDepth) return 'too deep'
  if (frame.length < 5) return name === null ? 'neither name nor meta' : undefined
  const given = frame[4] as Record<string, unknown>
  if (Array.isArray(given) || !meta(given)) return 'malformed meta'
  const kinds = ['id', 're', 'off', 'raw'].filter((kind) => Object.hasOwn(given, kind))
  if (kinds.length > 1) return 'meta of two kinds'
  if (kinds[0] === 'id' && name === null) return 'a request without a name'
  if (kinds[0] && kinds[0] !== 'id' && name !== null) return 'an answer with a name'
  if (Object.hasOwn(given, 'producer') && !(name === null ? kinds[0] === 'raw' : kinds.length === 0))
    return 'a producer of what cannot be in one'
  if (kinds[0] === 'raw' && isText && typeof data !== 'string') return 'raw text that is none'
  return undefined
}

function depthOf(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, member) => sum + 1 + sizeOf(member), 0)
}
