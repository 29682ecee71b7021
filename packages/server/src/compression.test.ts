import { describe, expect, it } from 'vitest'
import { compressionFor, resolveCompression } from './compression.ts'
import type { CompressionOptions } from './compression.ts'

describe('the options of compression', () => {
  it('are off by default, and keep no memory between messages unless that is wanted', () => {
    expect(resolveCompression(undefined)).toBeUndefined()
    expect(resolveCompression(false)).toBeUndefined()
    expect(resolveCompression(true)).toMatchObject({
      windowBits: 12,
      bounded: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 12,
        clientMaxWindowBits: 12,
        threshold: 1_024,
      },
    })
    const { bounded } = resolveCompression({ contextTakeover: true, threshold: 0, windowBits: 15 })!
    expect(bounded).toMatchObject({ threshold: 0, serverMaxWindowBits: 15 })
    // `ws` refuses clients that ask for the other if it is false.
    expect([bounded.serverNoContextTakeover, bounded.clientNoContextTakeover]).toEqual([undefined, undefined])
  })

  it.each([
    [{ windowBits: 8 }, /windowBits must be an integer from 9 to 15, not 8/],
    [{ memLevel: 10 }, /memLevel/],
    [{ level: 0 }, /level/],
    [{ threshold: -1 }, /threshold/],
    [{ threshold: 1.5 }, /threshold/],
    [{ concurrencyLimit: 0 }, /concurrencyLimit/],
    [{ serverMaxWindowBits: 10 }, /serverMaxWindowBits/],
  ])('refuse what is wrong: %o', (options, text) => {
    expect(() => resolveCompression(options as CompressionOptions)).toThrow(text)
  })
})

describe('the offer of a client', () => {
  it.each([
    [undefined, 'none'],
    ['', 'none'],
    ['x-webkit-deflate-frame', 'none'],
    // Chrome, Node and ws
    ['permessage-deflate; client_max_window_bits', 'bounded'],
    // Firefox
    ['permessage-deflate', 'unbounded'],
    ['permessage-deflate; client_max_window_bits=15', 'bounded'],
    ['permessage-deflate; client_max_window_bits="12"', 'bounded'],
    ['permessage-deflate; client_max_window_bits=11', 'unbounded'],
    ['permessage-deflate; server_max_window_bits=12', 'unbounded'],
    ['permessage-deflate; server_max_window_bits=11', 'none'],
    ['permessage-deflate; server_max_window_bits=10; client_max_window_bits', 'none'],
    ['permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits', 'bounded'],
  ])('%o is %s', (offer, kind) => {
    expect(compressionFor(offer, { windowBits: 12 })).toBe(kind)
  })
})
