import { given, misuse, namesOf } from '@holdfast/protocol'
import type { PerMessageDeflateOptions } from 'ws'

/**
 * How the hub compresses messages, with clients that support it: all browsers do, and the `ws` of Node.
 *
 * The defaults bound the memory of a connection, not the size of what is sent: test/bench/compression.ts measures both.
 */
export interface CompressionOptions {
  /**
   * Smaller messages are sent uncompressed, in bytes. Has no effect with `contextTakeover`.
   *
   * @default 1_024
   */
  readonly threshold?: number
  /**
   * How many messages of the process are compressed or decompressed at the same time; others wait. The first hub or
   * `ws` server of a process that compresses sets it for all.
   *
   * @default 10
   */
  readonly concurrencyLimit?: number
  /**
   * How much time the server spends to make a message smaller, from 1 to 9.
   *
   * @default 3
   */
  readonly level?: number
  /**
   * The memory of a compressor, from 1 to 9: 2 to the power of this plus 9, in bytes, and what Node adds to it.
   *
   * @default 5
   */
  readonly memLevel?: number
  /**
   * How far back a compressor looks for repetitions: 2 to the power of this, in bytes, from 9 to 15. Costs four times
   * as much memory as that to compress messages of a connection, and once to decompress them. Some browsers, such as
   * Firefox, do not limit what they send to it: to decompress their messages costs 32 KiB.
   *
   * @default 12
   */
  readonly windowBits?: number
  /**
   * Whether a compressor remembers earlier messages, which makes small messages that resemble each other much
   * smaller, costs time, and lets an observer learn more about secrets in them.
   *
   * @default false
   */
  readonly contextTakeover?: boolean
}

const defaults = {
  threshold: 1_024,
  concurrencyLimit: 10,
  level: 3,
  memLevel: 5,
  windowBits: 12,
  contextTakeover: false,
}
/** What zlib reserves for its output at first, in bytes. More is added in steps of that size. */
const chunkSize = 4_096
const ranges = {
  threshold: [0, Infinity],
  concurrencyLimit: [1, Infinity],
  level: [1, 9],
  memLevel: [1, 9],
  windowBits: [9, 15],
} as const

/** The option of `ws` by how much a client has in common with the hub. */
export interface Compression {
  /** For a client that keeps to the window of the hub. */
  readonly bounded: PerMessageDeflateOptions
  /** For a client that chooses its own window for what it sends. */
  readonly unbounded: PerMessageDeflateOptions
  readonly windowBits: number
}

/** @throws {HoldfastError} `misuse` */
export function resolveCompression(
  options: boolean | CompressionOptions | undefined,
): Compression | undefined {
  if (!options) return undefined
  const wanted = { ...defaults, ...(options === true ? {} : given(options, namesOf(defaults))) }
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = wanted[name as keyof typeof ranges]
    const isInteger = Number.isSafeInteger(value) || value === most
    if (!isInteger || value < least || value > most)
      throw misuse(`${name} must be an integer from ${least} to ${most}, not ${String(value)}`)
  }
  const { threshold, concurrencyLimit, level, memLevel, windowBits, contextTakeover } = wanted
  const unbounded: PerMessageDeflateOptions = {
    threshold,
    concurrencyLimit,
    serverNoContextTakeover: !contextTakeover || undefined,
    clientNoContextTakeover: !contextTakeover || undefined,
    serverMaxWindowBits: windowBits,
    zlibDeflateOptions: { level, memLevel, chunkSize },
    zlibInflateOptions: { chunkSize },
  }
  return { unbounded, bounded: { ...unbounded, clientMaxWindowBits: windowBits }, windowBits }
}

/**
 * Returns how messages of a client are compressed, by the `Sec-WebSocket-Extensions` of its request: `ws` refuses clients
 * whose offers do not fit its option.
 *
 * @see RFC 7692, section 7.1
 */
export function compressionFor(
  offers: string | undefined,
  { windowBits }: Pick<Compression, 'windowBits'>,
): 'bounded' | 'unbounded' | 'none' {
  const wide = (offers ?? '')
    .split(',')
    .filter((offer) => /^\s*permessage-deflate\b/i.test(offer))
    .filter((offer) => bitsOf(offer, 'server', 15) >= windowBits)
  if (wide.length === 0) return 'none'
  return wide.some((offer) => bitsOf(offer, 'client', 0) >= windowBits) ? 'bounded' : 'unbounded'
}

/** The window that an offer allows; `otherwise` if it does not mention it. */
function bitsOf(offer: string, end: 'client' | 'server', otherwise: number): number {
  const match = new RegExp(`${end}_max_window_bits(?:\\s*=\\s*"?(\\d+))?`, 'i').exec(offer)
  return match ? Number(match[1] ?? 15) : otherwise
}
