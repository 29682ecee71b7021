import { describe, expect, it } from 'vitest'
import { defaultDecodeLimits } from '../../src/frame-codec.ts'
import type { Decoded } from '../../src/frame-codec.ts'
import { corpus } from './corpus.ts'
import { breachOf, bytesBreachOf } from './declared.ts'
import { decode, fuzzDecoders, tightLimits } from './fuzz.ts'

const inputs = Number(process.env['FUZZ_INPUTS'] ?? 20_000)

/** All that a fuzz must have met, or it has not been everywhere. */
const outcomes = [
  ...['holdfast', 'hi', 'ok', 'a', 'p', 'q', 'renew', 'token', 'drain', 'bye', 'channel'].map(
    (name) => `text: the control ${name}`,
  ),
  'text: a frame',
  'text: a pack',
  'text: 4400, not a JSON array',
  'text: 4400, malformed control',
  'text: 4400, malformed frame',
  'text: 4400, too many frames',
  'text: 1007, too deep, or too many keys',
  'bytes: a frame',
  'bytes: 4400, malformed header',
  'bytes: 1007, too deep, or too many keys',
]

describe('the decoders', () => {
  it(
    'neither throw, nor break a type that they declare, nor touch a prototype, whatever a peer sends',
    { timeout: 120_000 },
    () => {
      const met = fuzzDecoders({ inputs }, Date.now() % 2 ** 32).outcomes
      expect(Object.keys(met).toSorted()).toEqual(outcomes.toSorted())
      // A fuzz that only ever met one answer would prove nothing.
      for (const often of ['text: a frame', 'text: 4400, malformed frame', 'bytes: a frame'])
        expect(met[often]! / inputs).toBeGreaterThan(0.02)
    },
  )

  it('are fuzzed with the same inputs for the same seed', () => {
    const first = fuzzDecoders({ inputs: 1_234 }, 7)
    expect(first.inputs).toBe(1_234)
    expect(fuzzDecoders({ inputs: 1_234 }, 7)).toEqual(first)
    expect(fuzzDecoders({ inputs: 1_234 }, 8)).not.toEqual(first)
  })

  it('would be caught if they did', () => {
    const breaches: Decoded[] = [
      { frames: [] },
      {
        frames: [
          [1, 0, 'e', 1],
          [2 ** 53, 0],
        ],
      },
      { frames: [[1, 0, null, 1]] },
      { frames: [[1, 0, 'e', 1, { id: '1' }]] as never },
      { frames: [[1, 0, null, 1, { raw: true }]] },
      { frames: [[1, 0, 'e', 1, undefined]] as never },
      { control: ['a', -1] },
      { control: ['hi', { v: 1 }] as never },
      { control: ['bye', { rx: 1, total: 'x' }] as never },
      { code: 1006, fault: 'x' } as never,
    ]
    for (const decoded of breaches)
      expect(breachOf(decoded, defaultDecodeLimits, 'server', true)).toBeDefined()
    const written = (header: string, ...rest: number[]): Uint8Array =>
      Uint8Array.of(0, header.length, ...Buffer.from(header), ...rest)
    const decoded: Decoded = { frames: [[1, 0, 'e', Uint8Array.of(7)]] }
    expect(bytesBreachOf(decoded, written('[1,0,"e"]', 7))).toBeUndefined()
    for (const message of [
      written('[1,0,"e"]'),
      written('[1,0,"e"]', 8),
      written('[1,0]', 7),
      written('[1,0,"e",1]', 7),
    ])
      expect(bytesBreachOf(decoded, message)).toBeDefined()
  })
})

describe('each message of the corpus', () => {
  it.each(corpus)('is judged as it is written down: $name', ({ message, verdicts, isTight }) => {
    for (const peer of ['server', 'client'] as const) {
      const { decoded, breach } = decode(message, isTight ? tightLimits : defaultDecodeLimits, peer)
      const verdict = 'code' in decoded ? decoded.code : 'frames' in decoded ? 'frames' : 'control'
      expect([peer, verdict, breach]).toEqual([peer, verdicts[peer], undefined])
    }
  })

  it('has a name of its own', () => {
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
  })
})
