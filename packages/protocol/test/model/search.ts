import { createModel } from './model.ts'
import { cloneState, encodeState } from './state.ts'
import type { State } from './state.ts'
import type { Breach, World } from './world.ts'

export interface Search {
  readonly states: number
  readonly isExhausted: boolean
  readonly violation?: string
  /** How it comes to the violation. */
  readonly trace?: readonly string[]
}

/** Walks through every state of a world, breadth first, up to the first violation; its trace is one of the shortest. */
export function search(world: World, breach?: Breach): Search {
  const model = createModel(world, breach)
  const keyOf = (state: State): string => encodeState(state).toString('latin1')
  const first = model.initial()
  // Who came from where, to tell the way to a violation.
  const parents = new Map<string, readonly [parent: string, label: string] | undefined>([
    [keyOf(first), undefined],
  ])
  let front = [first]
  let found: Search | undefined

  const traceTo = (key: string, last: string): string[] => {
    const trace = [last]
    for (let step = parents.get(key); step; step = parents.get(step[0])) trace.push(step[1])
    return trace.toReversed()
  }

  while (front.length > 0) {
    const next: State[] = []
    for (const state of front) {
      const key = keyOf(state)
      model.successors(state, (label, happen) => {
        if (found) return
        const after = cloneState(state)
        happen(after)
        const reached = keyOf(after)
        const isNew = !parents.has(reached)
        if (isNew) model.check(after)
        const { violation } = after
        if (violation)
          found = { states: parents.size, isExhausted: false, violation, trace: traceTo(key, label) }
        if (!isNew) return
        parents.set(reached, [key, label])
        next.push(after)
      })
      if (found) return found
    }
    front = next
  }
  return { states: parents.size, isExhausted: true }
}

/**
 * The same for worlds that do not fit into memory: depth first, and of each state only a fingerprint of 64 bits is
 * kept. That two of 100 million states share one has a chance of one in 3,000; then one is not looked at.
 */
export function searchLarge(world: World, maxStates: number, progress: (states: number) => void): Search {
  const model = createModel(world)
  const seen = createFingerprints()
  const first = model.initial()
  seen.add(encodeState(first))
  const stack: { readonly state: State; readonly depth: number }[] = [{ state: first, depth: 0 }]
  const trace: string[] = []
  const labels: string[] = ['']
  let violation: string | undefined

  for (let next = stack.pop(); next && seen.size < maxStates; next = violation ? undefined : stack.pop()) {
    const { state, depth } = next
    trace.length = depth
    trace[depth] = labels.pop()!
    model.successors(state, (label, happen) => {
      if (violation) return
      const after = cloneState(state)
      happen(after)
      const isNew = seen.add(encodeState(after))
      if (isNew) model.check(after)
      if (after.violation) {
        violation = after.violation
        trace.push(label)
      }
      if (!isNew) return
      stack.push({ state: after, depth: depth + 1 })
      labels.push(label)
      if (seen.size % 1_000_000 === 0) progress(seen.size)
    })
  }
  const isExhausted = stack.length === 0
  if (violation) return { states: seen.size, isExhausted: false, violation, trace: trace.slice(1) }
  return { states: seen.size, isExhausted }
}

/** A set of fingerprints of 64 bits, by open addressing. */
function createFingerprints() {
  let size = 0
  let mask = 2 ** 20 - 1
  let table = new Uint32Array(2 * (mask + 1))

  const insert = (low: number, high: number): boolean => {
    let slot = low & mask
    while (table[2 * slot]! || table[2 * slot + 1]!) {
      if (table[2 * slot] === low && table[2 * slot + 1] === high) return false
      slot = (slot + 1) & mask
    }
    table[2 * slot] = low
    table[2 * slot + 1] = high
    return true
  }

  return {
    get size() {
      return size
    },
    /** Whether it is new. */
    add(bytes: Uint8Array): boolean {
      let low = 0x811c9dc5
      let high = 0x9747b28c
      for (const byte of bytes) {
        low = Math.imul(low ^ byte, 0x01000193)
        high = Math.imul(high ^ byte, 0x5bd1e995)
        high ^= high >>> 15
      }
      low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d)
      low = (low ^ (low >>> 12)) >>> 0
      if (!insert(low, high >>> 0 || 1)) return false
      size++
      if (size * 2 > mask) {
        const old = table
        mask = mask * 2 + 1
        table = new Uint32Array(2 * (mask + 1))
        for (let slot = 0; slot < old.length; slot += 2)
          if (old[slot]! || old[slot + 1]!) insert(old[slot]!, old[slot + 1]!)
      }
      return true
    },
  }
}
