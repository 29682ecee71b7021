import { describe, expect, it } from 'vitest'
import { SharedFrames } from './shared-frames.ts'

/** The payload of an unmasked text frame: RFC 6455, section 5.2. */
function payloadOf(frame: Buffer): string {
  expect(frame[0]).toBe(0x81)
  const isShort = frame[1]! < 126
  const length = isShort ? frame[1]! : frame.readUInt16BE(2)
  const payload = frame.subarray(isShort ? 2 : 4)
  expect(payload).toHaveLength(length)
  return payload.toString()
}

describe('the frame of a text that goes to many sockets', () => {
  it('is encoded once, from the second time in a row on', () => {
    const frames = new SharedFrames()
    expect(frames.of('to all')).toBeUndefined()
    const frame = frames.of('to all')!
    expect(frames.of('to all')).toBe(frame)
    expect(frames.of('to one')).toBeUndefined()
    expect(frames.of('to all')).toBeUndefined()
  })

  it.each(['', 'x', '€', 'x'.repeat(125), 'x'.repeat(126), '€'.repeat(42), '€'.repeat(16_384)])(
    'contains the text in UTF-8, of any length: %#',
    (text) => {
      const frames = new SharedFrames()
      frames.of(text)
      const { bytes, payloadBytes } = frames.of(text)!
      expect(payloadOf(bytes)).toBe(text)
      expect(payloadBytes).toBe(Buffer.byteLength(text))
    },
  )

  it('is not kept of a long text', () => {
    const frames = new SharedFrames()
    const text = 'x'.repeat(16_385)
    frames.of(text)
    expect(frames.of(text)).toBeUndefined()
  })
})
