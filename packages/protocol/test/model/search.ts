/** Something that can happen in a state, and how. What heals happens sooner or later, if nothing else does. */
export type Step<State> = (label: string, happen: (next: State) => void, heals?: boolean) => void

/** What can happen in a world, from its beginning on. */
export interface Model<State> {
  initial(): State
  /** Tells all that can happen. */
  successors(state: State, step: Step<State>): void
  /** Notes what must not be in any state. */
  check(state: State): void
  /** Whether a state is good to end in. If present, some steps that heal must lead to such a state, from every state. */
  isSettled?(state: State): boolean
  /** Whether the world ends before such steps could happen, so that they are not asked for. */
  isCutOff?(state: State): boolean
  clone(state: State): State
  /** Bytes that two states share only if they are the same in all that matters. Valid until the next call. */
  encode(state: State): Buffer
}

interface Judged {
  readonly violation: string | undefined
}

export interface Search {
  readonly states: number
  readonly isExhausted: boolean
  readonly violation?: string
  /** How it comes to the violation. */
  readonly trace?: readonly string[]
}

/** Walks through every state of a world, breadth first, up to the first violation; its trace is one of the shortest. */
export function search<State extends Judged>(model: Model<State>): Search {
  const keyOf = (state: State): string => model.encode(state).toString('latin1')
  const first = model.initial()
  // Who came from where, to tell the way to a violation.
  const reached = new Map<string, Reached>([[keyOf(first), { index: 0, from: undefined, label: '' }]])
  const healing = createHealing(model, first)
  let front = [first]
  let found: Search | undefined

  const traceTo = (last: Reached | undefined): string[] => {
    const trace: string[] = []
    for (let each = last; each?.from; each = each.from) trace.push(each.label)
    return trace.toReversed()
  }

  while (front.length > 0) {
    const next: State[] = []
    for (const state of front) {
      const from = reached.get(keyOf(state))!
      model.successors(state, (label, happen, heals = false) => {
        if (found) return
        const after = model.clone(state)
        happen(after)
        const key = keyOf(after)
        const known = reached.get(key)
        const to = known ?? { index: reached.size, from, label }
        if (!known) model.check(after)
        const { violation } = after
        if (violation)
          found = { states: reached.size, isExhausted: false, violation, trace: [...traceTo(from), label] }
        healing?.step(from.index, to.index, heals)
        if (known) return
        reached.set(key, to)
        healing?.state(after)
        next.push(after)
      })
      if (found) return found
    }
    front = next
  }
  const stuck = healing?.findStuck()
  if (stuck === undefined) return { states: reached.size, isExhausted: true }
  const trace = traceTo([...reached.values()][stuck])
  return { states: reached.size, isExhausted: true, violation: stuckSymptom, trace }
}

interface Reached {
  readonly index: number
  readonly from: Reached | undefined
  readonly label: string
}

const stuckSymptom = 'STUCK: nothing leads to a good end from here'

/**
 * The same for worlds that do not fit into memory: depth first, and of each state only a fingerprint of 64 bits is
 * kept. That two of 100 million states share one has a chance of one in 3,000; then one is not looked at.
 */
export function searchLarge<State extends Judged>(
  model: Model<State>,
  maxStates: number,
  progress: (states: number) => void,
): Search {
  const seen = createFingerprints()
  const first = model.initial()
  seen.add(model.encode(first))
  const healing = createHealing(model, first)
  const stack: { readonly state: State; readonly index: number; readonly depth: number }[] = [
    { state: first, index: 0, depth: 0 },
  ]
  const trace: string[] = []
  const labels: string[] = ['']
  let violation: string | undefined

  for (let next = stack.pop(); next && seen.size < maxStates; next = violation ? undefined : stack.pop()) {
    const { state, index, depth } = next
    trace.length = depth
    trace[depth] = labels.pop()!
    model.successors(state, (label, happen, heals = false) => {
      if (violation) return
      const after = model.clone(state)
      happen(after)
      const place = seen.add(model.encode(after))
      const isNew = place >= 0
      if (isNew) model.check(after)
      if (after.violation) {
        violation = after.violation
        trace.push(label)
      }
      healing?.step(index, isNew ? place : ~place, heals)
      if (!isNew) return
      healing?.state(after)
      stack.push({ state: after, index: place, depth: depth + 1 })
      labels.push(label)
      if (seen.size % 1_000_000 === 0) progress(seen.size)
    })
  }
  const isExhausted = stack.length === 0
  if (violation) return { states: seen.size, isExhausted: false, violation, trace: trace.slice(1) }
  // The way there is not known: `search` tells it.
  if (isExhausted && healing?.findStuck() !== undefined)
    return { states: seen.size, isExhausted, violation: stuckSymptom }
  return { states: seen.size, isExhausted }
}

/** Which states are good to end in, and which steps lead there, by the numbers of the states. */
function createHealing<State>(model: Model<State>, first: State) {
  const { isSettled } = model
  if (!isSettled) return undefined
  const good: boolean[] = [isSettled(first)]
  const cutOff: boolean[] = [false]
  let steps = new Uint32Array(1 << 16)
  let length = 0

  return {
    state(state: State): void {
      good.push(isSettled(state))
      cutOff.push(model.isCutOff?.(state) ?? false)
    },
    step(from: number, to: number, heals: boolean): void {
      if (!heals || from === to) return
      if (length === steps.length) {
        const longer = new Uint32Array(2 * length)
        longer.set(steps)
        steps = longer
      }
      steps[length++] = from
      steps[length++] = to
    },
    /** The first state from which no steps that heal lead to a good one. */
    findStuck(): number | undefined {
      // What leads to a state: the steps are linked in a list for each.
      const last = new Uint32Array(good.length)
      const before = new Uint32Array(length / 2 + 1)
      for (let step = 0; step < length; step += 2) {
        before[step / 2 + 1] = last[steps[step + 1]!]!
        last[steps[step + 1]!] = step / 2 + 1
      }
      const heals = good.slice()
      const todo = [...good.keys()].filter((index) => good[index])
      for (let state = todo.pop(); state !== undefined; state = todo.pop())
        for (let link = last[state]!; link > 0; link = before[link]!) {
          const from = steps[2 * (link - 1)]!
          if (heals[from]) continue
          heals[from] = true
          todo.push(from)
        }
      const stuck = heals.findIndex((isHealing, index) => !isHealing && !cutOff[index])
      return stuck < 0 ? undefined : stuck
    },
  }
}

/** A set of fingerprints of 64 bits, by open addressing. */
function createFingerprints() {
  let size = 0
  let mask = 2 ** 20 - 1
  // Of each: two halves of the fingerprint, and its number.
  let table = new Uint32Array(3 * (mask + 1))

  /** The number of the fingerprint, or the complement of the number that it has already. */
  const insert = (low: number, high: number, number: number): number => {
    let slot = low & mask
    while (table[3 * slot]! || table[3 * slot + 1]!) {
      if (table[3 * slot] === low && table[3 * slot + 1] === high) return ~table[3 * slot + 2]!
      slot = (slot + 1) & mask
    }
    table[3 * slot] = low
    table[3 * slot + 1] = high
    table[3 * slot + 2] = number
    return number
  }

  return {
    get size() {
      return size
    },
    /** The number of what is new, or the complement of the number that it has already. */
    add(bytes: Uint8Array): number {
      let low = 0x811c9dc5
      let high = 0x9747b28c
      for (const byte of bytes) {
        low = Math.imul(low ^ byte, 0x01000193)
        high = Math.imul(high ^ byte, 0x5bd1e995)
        high ^= high >>> 15
      }
      low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d)
      low = (low ^ (low >>> 12)) >>> 0
      const number = insert(low, high >>> 0 || 1, size)
      if (number < 0) return number
      size++
      if (size * 2 > mask) {
        const old = table
        mask = mask * 2 + 1
        table = new Uint32Array(3 * (mask + 1))
        for (let slot = 0; slot < old.length; slot += 3)
          if (old[slot]! || old[slot + 1]!) insert(old[slot]!, old[slot + 1]!, old[slot + 2]!)
      }
      return number
    },
  }
}
