import { runPolicy } from './model.ts'
import { defaultTuning, ours, stretched } from './policies.ts'
import type { Policy, Tuning } from './policies.ts'
import type { Storm } from './server.ts'
import type { Totals } from './tally.ts'

/** The peaks that are not to be passed: that of the whole storm, and that which the server meets when it is back. */
export type Peaks = Pick<Totals, 'peak' | 'peakAfter'>

/** Chance alone moves a peak by that much. */
const tolerance = 1.02

const fits = (totals: Peaks, { peak, peakAfter }: Peaks): boolean =>
  totals.peak <= peak * tolerance && totals.peakAfter <= peakAfter * tolerance

/** The shortest windows of ours with which a storm stays within the peaks. */
export function tuneOurs(storm: Storm, peaks: Peaks): Tuning {
  const tuning = (factor: number, maxDelay: number): Tuning => ({
    first: defaultTuning.first * factor,
    baseDelay: defaultTuning.baseDelay * factor,
    maxDelay,
  })
  const run = (candidate: Tuning): Totals => runPolicy(storm, ours(candidate), 'refuse')
  const { maxDelay } = defaultTuning
  const factor = least(0.02, 50, (tried) => run(tuning(tried, maxDelay)).peak <= peaks.peak * tolerance)
  const cap = least(100, 600_000, (tried) => fits(run(tuning(factor, tried)), peaks))
  return tuning(factor, cap)
}

/** The factor for all delays of ours with which the highest peak is as given, regardless of the other one. */
export function stretchOurs(storm: Storm, { peak }: Peaks): number {
  return least(
    0.1,
    30,
    (factor) => runPolicy(storm, stretched(ours(), factor), 'refuse').peak <= peak * tolerance,
  )
}

/** How far the delays of another policy have to be stretched for the same, or undefined if no stretching helps. */
export function stretchPeer(storm: Storm, peer: Policy, peaks: Peaks): number | undefined {
  const isWithin = (factor: number): boolean =>
    fits(runPolicy(storm, stretched(peer, factor), 'refuse'), peaks)
  const factor = least(0.1, 30, isWithin)
  return isWithin(factor) ? factor : undefined
}

/** The least number with that quality, to 1 %, if all greater ones have it; the greatest one if none has it. */
function least(from: number, to: number, has: (tried: number) => boolean): number {
  if (has(from)) return from
  let [low, high] = [from, to]
  while (high / low > 1.01) {
    const middle = Math.sqrt(low * high)
    if (has(middle)) high = middle
    else low = middle
  }
  return high
}
