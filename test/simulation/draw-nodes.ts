import type { Plan, Step } from './plan.ts'
import { createRandom } from './random.ts'

/** Lets several servers share the sessions, in some plans without channels, and replaces them often. The rest of the plan stays as it is. */
export function drawNodes(plan: Plan): Plan {
  const { seed, setting, steps } = plan
  const random = createRandom(seed, 4)
  if (setting.server.channels || random.chance(0.5)) return plan
  const restart = (): Step => ({
    wait: 0,
    client: 0,
    action: {
      do: 'restart',
      drain: random.pick([0, 3_000, 10_000]),
      down: random.pick([0, 100, 3_000]),
    },
  })
  return {
    seed,
    setting: { ...setting, server: { ...setting.server, nodes: random.pick([2, 2, 3]) } },
    steps: steps.flatMap((step) => (random.chance(0.1) ? [step, restart()] : [step])),
  }
}
