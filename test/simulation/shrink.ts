import type { Plan, Step } from './plan.ts'

/** Whether a plan still fails in the way in question. */
export type Fails = (plan: Plan) => Promise<boolean>

/**
 * Makes a failing plan as short as it can within a number of runs: leaves out steps, in ever smaller pieces, then makes
 * what is left simpler.
 */
export async function shrinkPlan(plan: Plan, fails: Fails, maxRuns: number): Promise<Plan> {
  let best = plan
  let runsLeft = maxRuns
  const attempt = async (candidate: Plan): Promise<boolean> => {
    if (runsLeft-- <= 0 || !(await fails(candidate))) return false
    best = candidate
    return true
  }
  /** Leaves out pieces of that size wherever it can. */
  const leaveOut = async (size: number): Promise<void> => {
    let from = 0
    while (from < best.steps.length)
      if (!(await attempt({ ...best, steps: without(best.steps, from, size) }))) from += size
  }

  let before: number
  do {
    before = best.steps.length
    for (let size = before >> 1; size > 0; size >>= 1) await leaveOut(size)
  } while (best.steps.length < before)
  for (let index = 0; index < best.steps.length; index++)
    for (const simplify of simplifications) {
      const simpler = simplify(best.steps[index]!)
      if (simpler) await attempt({ ...best, steps: best.steps.with(index, simpler) })
    }
  return best
}

/** The steps but some, whose time passes all the same. */
function without(steps: readonly Step[], from: number, count: number): Step[] {
  const waited = steps.slice(from, from + count).reduce((sum, { wait }) => sum + wait, 0)
  const after = steps.slice(from + count)
  const [next, ...rest] = after
  return [...steps.slice(0, from), ...(next ? [{ ...next, wait: next.wait + waited }, ...rest] : [])]
}

/** Ways to make a step simpler, where it can be. */
const simplifications: readonly ((step: Step) => Step | undefined)[] = [
  ({ action, ...step }) =>
    action.do === 'send' && action.count > 1 ? { ...step, action: { ...action, count: 1 } } : undefined,
  ({ action, ...step }) =>
    'size' in action && action.size > 0 ? { ...step, action: { ...action, size: 0 } } : undefined,
  ({ action, ...step }) =>
    'wish' in action && action.wish !== 'nothing'
      ? { ...step, action: { ...action, wish: 'nothing' } }
      : undefined,
  ({ wait, ...step }) => (wait > 1_000 ? { ...step, wait: 1_000 } : undefined),
  ({ wait, ...step }) => (wait > 0 ? { ...step, wait: 0 } : undefined),
]
