import type { ActiveRule } from './active-rule.ts'

/** Queued bytes, or the end of the data. */
export interface Item {
  readonly what: Buffer | 'end' | 'reset'
  readonly cameAt: number
  /** The rules that apply to this item alone. */
  readonly rules: readonly ActiveRule[]
}

/** The data that arrived and was not forwarded yet, in order. */
export interface Queue {
  readonly first: Item | undefined
  /** The approximate memory use. */
  readonly bytes: number
  push(item: Item): void
  shift(): void
  /** Removes the first bytes of the first item. */
  trim(count: number): void
  clear(): void
}

/** The approximate cost of an item, besides its bytes. */
const itemBytes = 128

interface Node {
  item: Item
  next: Node | undefined
}

/** A linked list, because removing the first element of a long array is slow. */
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
