import { describe, expect, it } from 'vitest'
import { defaultDecodeLimits } from '../../src/frame-codec.ts'
import type { Decoded } from '../../src/frame-codec.ts'
import { breachOf } from './declared.ts'
import { fuzz } from './fuzz.ts'

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 3)

describe('the decoders', () => {
  it(
    'neither throw, nor break a type that they declare, nor touch a prototype, whatever a peer sends',
    { timeout: seconds * 1_000 + 20_000 },
    () => {
      const { runs, frames, controls, refused } = fuzz(seconds * 1_000, Date.now() % 2 ** 32)
      // A fuzz that only ever met one answer would prove nothing.
      for (const part of [frames, controls, refused[4400]!]) expect(part / runs).toBeGreaterThan(0.05)
      expect(refused[1007]).toBeGreaterThan(0)
    },
  )

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
      { code: 1006, fault: 'x' } as never,
    ]
    for (const decoded of breaches)
      expect(breachOf(decoded, defaultDecodeLimits, 'server', true)).toBeDefined()
  })
})
