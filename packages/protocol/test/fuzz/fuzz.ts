// Throws what no peer should send at both decoders. `npm run fuzz` runs it, with the upgrade path.
import { isClientControl, isServerControl } from '../../src/controls.ts'
import { decodeBinary, decodeText, defaultDecodeLimits } from '../../src/frame-codec.ts'
import type { Decoded, DecodeLimits } from '../../src/frame-codec.ts'
import { corpus } from './corpus.ts'
import { breachOf, bytesBreachOf } from './declared.ts'
import { makeBytes, makeText } from './generate.ts'
import { mutateBytes, mutateHeaderLength, mutateText } from './mutate.ts'
import { createRandom, pick } from './random.ts'
import type { Random } from './random.ts'
import { createSpan } from './span.ts'
import type { Span } from './span.ts'

type Bytes = Uint8Array<ArrayBuffer>

// A mark of the byte order is no JSON.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const decodeUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

export interface FuzzResult {
  readonly inputs: number
  /** How many inputs had which outcome: a fuzz that always meets the same one proves little. */
  readonly outcomes: Readonly<Record<string, number>>
}

/** Limits that small messages reach. */
export const tightLimits: DecodeLimits = { maxFrames: 3, maxDepth: 3, maxKeys: 12 }

const texts = corpus.flatMap(({ message }) => (typeof message === 'string' ? [message] : []))
const binaries = corpus.flatMap(({ message }) => (typeof message === 'string' ? [] : [message]))
const headers = binaries.map((message) =>
  new TextDecoder().decode(message.subarray(2, 2 + message[0]! * 256 + message[1]!)),
)
/** How many inputs pass between two looks at the prototypes. */
const batch = 200

/** @throws with the seed and the input that broke a promise of the decoders */
export function fuzzDecoders(span: Span, seed: number): FuzzResult {
  const random = createRandom(seed)
  const goesOn = createSpan(span)
  const prototypes = snapshotPrototypes()
  const outcomes: Record<string, number> = {}
  let inputs = 0
  while (goesOn(inputs)) {
    const end = 'inputs' in span ? Math.min(inputs + batch, span.inputs) : inputs + batch
    for (; inputs < end; inputs++) {
      const outcome = decodeOne(random, (what) => `${what} (seed ${seed}, input ${inputs})`)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    if (snapshotPrototypes() !== prototypes) throw new Error(`a prototype was polluted (seed ${seed})`)
  }
  return { inputs, outcomes }
}

/** Decodes one message, and gives a word for what came of it. */
export function decode(
  message: string | Bytes,
  limits: DecodeLimits,
  peer: 'server' | 'client',
): { readonly decoded: Decoded; readonly breach: string | undefined } {
  const isText = typeof message === 'string'
  const isControl = peer === 'server' ? isServerControl : isClientControl
  const decoded = isText ? decodeText(message, limits, isControl) : decodeBinary(message, limits, decodeUtf8)
  const breach =
    breachOf(decoded, limits, peer, isText) ?? (isText ? undefined : bytesBreachOf(decoded, message))
  return { decoded, breach }
}

function decodeOne(random: Random, describe: (what: string) => string): string {
  const isText = random(4) > 0
  const message = isText ? textFrom(random) : bytesFrom(random)
  const limits = random(3) > 0 ? defaultDecodeLimits : tightLimits
  const peer = random(2) > 0 ? 'server' : 'client'
  const shown = (): string =>
    `${peer}, ${Object.values(limits).join('/')}: ${typeof message === 'string' ? JSON.stringify(message) : `bytes ${message.join(' ')}`}`
  let result
  try {
    result = decode(message, limits, peer)
  } catch (error) {
    throw new Error(describe(`the decoder threw at ${shown()}`), { cause: error })
  }
  const { decoded, breach } = result
  if (breach) throw new Error(describe(`${breach} of ${shown()}`))
  return `${isText ? 'text' : 'bytes'}: ${outcomeOf(decoded)}`
}

function textFrom(random: Random): string {
  return random(2) > 0 ? mutateText(random, pick(random, texts), texts) : makeText(random)
}

function bytesFrom(random: Random): Bytes {
  const kind = random(4)
  if (kind === 0) return makeBytes(random)
  if (kind === 1) return mutateHeaderLength(random, pick(random, binaries))
  if (kind === 2) return mutateBytes(random, pick(random, binaries), binaries)
  return inHeader(mutateText(random, pick(random, random(3) > 0 ? headers : texts), texts))
}

const encoder = new TextEncoder()

function inHeader(text: string): Bytes {
  const header = encoder.encode(text)
  const message = new Uint8Array(header.length + 4)
  message[0] = header.length >> 8
  message[1] = header.length
  message.set(header, 2)
  return message
}

function outcomeOf(decoded: Decoded): string {
  if ('frames' in decoded) return decoded.frames.length > 1 ? 'a pack' : 'a frame'
  return 'control' in decoded ? `the control ${decoded.control[0]}` : `${decoded.code}, ${decoded.fault}`
}

function snapshotPrototypes(): string {
  return [
    Object.prototype,
    Array.prototype,
    Function.prototype,
    String.prototype,
    Number.prototype,
    Uint8Array.prototype,
  ]
    .map((prototype) => Reflect.ownKeys(prototype).map(String).join())
    .join(';')
}
