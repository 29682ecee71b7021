import type { SharedMessage } from './encoded.ts'
import type { Registry } from './registry.ts'
import type { SessionRecord } from './session-record.ts'

/** What waits for clients, in all sessions. */
export interface Buffers {
  readonly messages: number
  /** What that takes in memory, about. */
  readonly bytes: number
  add(bytes: number, shared: SharedMessage | undefined): void
  remove(bytes: number, shared: SharedMessage | undefined): void
  /** Ends sessions when there is more than there may be. */
  relieve(): void
}

/**
 * What a message takes that waits for one session, without what is in it: the record of it, and its places in the lists.
 * Measured by test/bench/hub-memory.ts.
 */
const messageBytes = 160
/** How much is made free at once, as a part of the whole, so that it is seldom looked for who is to go. */
const portion = 1 / 8
/** Which part of the whole one identity or address may have before all others are spared. */
const fairPart = 1 / 4

/** Up to `max` bytes may wait in all. */
export function createBuffers(max: number, registry: Registry): Buffers {
  let messages = 0
  let bytes = 0
  /** More is looked at when there is more than this. */
  let threshold = max

  return {
    get messages() {
      return messages
    },
    get bytes() {
      return bytes
    },
    add(content, shared) {
      messages++
      bytes += messageBytes
      if (!shared || shared.holders++ === 0) bytes += content
    },
    remove(content, shared) {
      messages--
      bytes -= messageBytes
      if (!shared || --shared.holders === 0) bytes -= content
      if (bytes <= max) threshold = max
    },
    relieve() {
      if (bytes <= threshold) return
      const enough = max * (1 - portion)
      for (const record of candidates(registry)) {
        if (bytes <= enough) break
        if (record.stage !== 'ended') record.overflow()
      }
      // What is left cannot be helped now: it belongs to sessions that are about to end.
      threshold = Math.max(max, bytes + max * portion)
    },
  }
}

/**
 * The sessions for which something waits, in the order in which they are to go: those that are away, for the longest time
 * first, then those for which most waits. But before all others go as many of a client as it has above its fair part.
 */
function candidates({ sessions, away }: Registry): readonly SessionRecord[] {
  const missing = new Set(away())
  const connected = [...sessions.values()].filter((record) => !missing.has(record))
  connected.sort((a, b) => costOf(b) - costOf(a))
  const all = [...missing, ...connected].filter(({ messages }) => messages > 0)

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
    if (!name || cost <= whole * fairPart) return false
    costs.set(name, cost - costOf(record))
    return true
  })
  return [...ofGreedy, ...all]
}

/** Who has the session, if anything is known of that. */
function nameOf({ identity, address }: SessionRecord): string | undefined {
  if (identity !== null) return `identity ${identity}`
  return address === '' ? undefined : `address ${address}`
}

function costOf({ messages, bytes }: SessionRecord): number {
  return messages * messageBytes + bytes
}
