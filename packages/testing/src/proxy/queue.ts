import type { ActiveRule } from './active-rule.ts'

/** Bytes that wait, or the end of what came. */
export interface Item {
  readonly what: Buffer | 'end' | 'reset'
  readonly cameAt: number
  /** What holds for it alone. */
  readonly rules: readonly ActiveRule[]
}

/** What came and did not leave yet, in order. */
export interface Queue {
  readonly first: Item | undefined
  /** About how much memory it takes. */
  readonly bytes: number
  push(item: Item): void
  shift(): void
  /** Leaves the first bytes of the first item out. */
  trim(count: number): void
  clear(): void
}

/** About what it costs to hold an item, besides its bytes. */
const itemBytes = 128

interface Node {
  item: Item
  next: Node | undefined
}

/** A list, because arrays that are long are slow to take the first from. */
export function createQueue(): Queue {
  let first: Node | undefined
  let last: Node | undefined
  let bytes = 0

  return {
    get first() {
      return first?.item
    },
    get bytes() {
      return bytes
    },
    push(item) {
      const node = { item, next: undefined }
      if (last) last.next = node
      else first = node
      last = node
      bytes += costOf(item)
    },
    shift() {
      if (!first) return
      bytes -= costOf(first.item)
      first = first.next
      if (!first) last = undefined
    },
    trim(count) {
      if (!first || typeof first.item.what === 'string') return
      first.item = { ...first.item, what: first.item.what.subarray(count) }
      bytes -= count
    },
    clear() {
      first = last = undefined
      bytes = 0
    },
  }
}

function costOf({ what }: Item): number {
  return itemBytes + (typeof what === 'string' ? 0 : what.length)
}
