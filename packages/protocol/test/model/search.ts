import { cloneState, createModel, keyOf } from './model.ts'
import type { Breach, State, World } from './model.ts'

export interface Search {
  readonly states: number
  /** How long the longest of the shortest ways to a state is. */
  readonly depth: number
  readonly isExhausted: boolean
  readonly violation?: string
  /** How it comes to the violation: one of the shortest ways. */
  readonly trace?: readonly string[]
}

/** Walks through every state of a world, breadth first, up to the first violation. */
export function search(world: World, breach?: Breach, maxStates: number = Infinity): Search {
  const model = createModel(world, breach)
  const first = model.initial()
  // Who came from where, to tell the way to a violation.
  const parents = new Map<string, readonly [parent: string, label: string] | undefined>([
    [keyOf(first), undefined],
  ])
  let front = [first]
  let depth = 0
  let found: { readonly violation: string; readonly trace: string[] } | undefined

  const traceTo = (key: string, last: string): string[] => {
    const trace = [last]
    for (let step = parents.get(key); step; step = parents.get(step[0])) trace.push(step[1])
    return trace.reverse()
  }

  while (front.length > 0 && parents.size < maxStates) {
    const next: State[] = []
    for (const state of front) {
      const key = keyOf(state)
      model.successors(state, (label, happen) => {
        if (found) return
        const after = cloneState(state)
        happen(after)
        model.check(after)
        if (after.violation) found = { violation: after.violation, trace: traceTo(key, label) }
        const reached = keyOf(after)
        if (parents.has(reached)) return
        parents.set(reached, [key, label])
        next.push(after)
      })
      if (found) return { states: parents.size, depth, isExhausted: false, ...found }
    }
    front = next
    depth++
  }
  return { states: parents.size, depth, isExhausted: front.length === 0 }
}
