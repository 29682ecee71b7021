import type { SharedBuffers } from './broadcast-log.ts'
import type { SharedMessage } from './encoded.ts'
import type { Registry } from './registry.ts'
import type { SessionRecord } from './session-record.ts'

/** The messages that wait for clients, in all sessions. */
export interface Buffers extends SharedBuffers {
  readonly messages: number
  /** Their approximate memory use. */
  readonly bytes: number
  /** A message waits for one session. */
  add(bytes: number, shared: SharedMessage | undefined): void
  remove(bytes: number, shared: SharedMessage | undefined): void
  /** Ends sessions when the limit is exceeded. */
  relieve(): void
}

/**
 * The memory of a queued message per session, without its content: its record, and its places in the lists. Measured
 * by test/bench/hub-memory.ts.
 */
const messageBytes = 160
/** How much is freed at once, relative to the limit, so that candidates are rarely searched. */
const portion = 1 / 8
/** The part of the total that one identity or address may have before only its sessions end. */
const fairPart = 1 / 4

/** Up to `max` bytes may wait in total. */
export function createBuffers(max: number, registry: Registry): Buffers {
  let messages = 0
  let bytes = 0
  /** Candidates are searched again above this. */
  let threshold = max

  const hold = (content: number, shared: SharedMessage | undefined): void => {
    bytes += messageBytes
    if (!shared || shared.holders++ === 0) bytes += content
  }
  const release = (content: number, shared: SharedMessage | undefined): void => {
    bytes -= messageBytes
    if (!shared || --shared.holders === 0) bytes -= content
    if (bytes <= max) threshold = max
  }

  return {
    get messages() {
      return messages
    },
    get bytes() {
      return bytes
    },
    add(content, shared) {
      messages++
      hold(content, shared)
    },
    remove(content, shared) {
      messages--
      release(content, shared)
    },
    hold,
    release,
    wait(count) {
      messages += count
    },
    relieve() {
      if (bytes <= threshold) return
      const enough = max * (1 - portion)
      for (const record of candidates(registry, bytes)) {
        if (bytes <= enough) break
        if (record.stage !== 'ended') record.overflow('maxBufferedTotalBytes')
      }
      // The rest belongs to sessions that are about to end.
      threshold = Math.max(max, bytes + max * portion)
    },
  }
}

/**
 * Returns the sessions with queued messages, in the order in which they end: first those without a connection, in the
 * order in which they lost it, then those with the most queued data. Sessions of a client above its fair part come
 * before all others. `total` is what all messages take, those of the log of broadcasts included.
 */
function candidates({ sessions, away }: Registry, total: number): readonly SessionRecord[] {
  const missing = new Set(away())
  const connected = [...sessions.values()].filter((record) => !missing.has(record))
  connected.sort((a, b) => costOf(b) - costOf(a))
  const all = [...missing, ...connected].filter(({ messages }) => messages.count > 0)

  const costs = new Map<string, number>()
  let whole = 0
  for (const record of all) {
    const name = nameOf(record)
    whole += costOf(record)
    if (name) costs.set(name, (costs.get(name) ?? 0) + costOf(record))
  }
  const ofGreedy = all.filter((record) => {
    const name = nameOf(record)
    const cost = name ? costs.get(name)! : 0
    if (!name || cost <= Math.max(whole, total) * fairPart) return false
    costs.set(name, cost - costOf(record))
    return true
  })
  return [...ofGreedy, ...all]
}

/** Returns the identity or address of the session, if it is known. */
function nameOf({ identity, address }: SessionRecord): string | undefined {
  if (identity !== null) return `identity ${identity}`
  return address === '' ? undefined : `address ${address}`
}

/** Without the broadcasts that it has missed, which it shares with others. */
function costOf({ messages: { count, bytes, missed } }: SessionRecord): number {
  const own = count * messageBytes + bytes
  return missed ? own - missed.count * messageBytes - missed.bytes : own
}
