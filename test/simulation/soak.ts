// The simulation, for the given number of seeds: `npm run soak -- --seeds 100000`. A failure is made short, and
// written down for people. `--seed 42` writes down that one run, whatever comes of it.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runJobs, seedJobs } from './pool.ts'
import { shrinkPlan } from './shrink.ts'
import { tracePlan } from './trace.ts'
import { judge, planOf } from './worker.ts'
import type { Failure, Job } from './worker.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    from: { type: 'string', default: '1' },
    /** How many settings are run with a break at every frame. */
    boundaries: { type: 'string', default: '0' },
    threads: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
    seed: { type: 'string' },
    /** How many runs the shortening of a failure may take. */
    shrink: { type: 'string', default: '2000' },
  },
})

if (values.seed === undefined) process.exitCode = await soak()
else console.log(await tracePlan(planOf(Number(values.seed))))

async function soak(): Promise<number> {
  const begun = performance.now()
  const sums = { runs: 0, steps: 0, minutes: 0, opens: 0, resumes: 0, sent: 0 }
  let failure: Failure | undefined
  let toldAt = begun

  const tell = (): void => {
    const seconds = (performance.now() - begun) / 1_000
    const perSecond = (count: number): string => Math.round(count / seconds).toLocaleString('en')
    console.log(
      `${sums.runs.toLocaleString('en')} runs in ${seconds.toFixed(1)} s: ${perSecond(sums.runs)} seeds a second, ` +
        `${perSecond(60 * sums.minutes)} connection-minutes a minute, ${perSecond(sums.steps)} steps a second; ` +
        `${sums.sent.toLocaleString('en')} messages, ` +
        `${(sums.opens + sums.resumes).toLocaleString('en')} connections, ` +
        `${sums.resumes.toLocaleString('en')} of them resumed`,
    )
  }

  await runJobs(jobs(), Number(values.threads), ({ failures, ...report }) => {
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += report[key]
    failure ??= failures[0]
    if (performance.now() - toldAt > 10_000) {
      toldAt = performance.now()
      tell()
    }
    return !failure
  })
  tell()
  if (!failure) return 0
  await describeFailure(failure)
  return 1
}

function* jobs(): Generator<Job> {
  for (let index = 0; index < Number(values.boundaries); index++)
    yield { kind: 'boundaries', seed: Number(values.from) + index }
  yield* seedJobs(Number(values.from), Number(values.seeds))
}

async function describeFailure({ plan, problems }: Failure): Promise<void> {
  const [problem] = problems
  const { rule } = problem!
  console.log(`\nseed ${plan.seed} fails with ${plan.steps.length} steps: ${rule}: ${problem!.text}`)
  if (Number(values.shrink) === 0) return
  const fails = async (candidate: typeof plan): Promise<boolean> =>
    (await judge(candidate)).problems[0]?.rule === rule
  const shortest = await shrinkPlan(plan, fails, Number(values.shrink))
  console.log(`made shorter: ${shortest.steps.length} steps\n`)
  console.log(await tracePlan(shortest))
}
