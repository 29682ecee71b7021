// Runs plans in a thread of its own, for the pool.
import { parentPort } from 'node:worker_threads'
import { boundaryPlans, calmPlan, countFrames } from './boundaries.ts'
import { drawPlan } from './plan.ts'
import type { Plan } from './plan.ts'
import { createRandom } from './random.ts'
import { runPlan } from './run.ts'
import type { Problem, Result } from './run.ts'

export type Job =
  | { readonly kind: 'seeds'; readonly from: number; readonly count: number }
  | { readonly kind: 'boundaries'; readonly seed: number }

/** What came of a job. */
export interface Report {
  readonly runs: number
  readonly steps: number
  readonly minutes: number
  readonly opens: number
  readonly resumes: number
  readonly sent: number
  readonly failures: readonly Failure[]
}

export interface Failure {
  readonly plan: Plan
  readonly problems: readonly Problem[]
}

/** The plan of a seed, as everywhere. */
export function planOf(seed: number): Plan {
  return drawPlan(seed, createRandom(seed, 0))
}

async function* plansOf(job: Job): AsyncGenerator<Plan> {
  if (job.kind === 'boundaries') return yield* boundaryPlans(job.seed, await countFrames(calmPlan(job.seed)))
  for (let seed = job.from; seed < job.from + job.count; seed++) yield planOf(seed)
}

/** No rejection may be unhandled. */
let unheard: unknown
process.on('unhandledRejection', (error) => (unheard = error))

async function run(job: Job): Promise<Report> {
  // Many errors are made here, and their stacks are looked at only when a run is written down.
  Error.stackTraceLimit = 0
  const sums = { runs: 0, steps: 0, minutes: 0, opens: 0, resumes: 0, sent: 0 }
  const failures: Failure[] = []
  for await (const plan of plansOf(job)) {
    unheard = undefined
    const { problems, steps, minutes, summary } = await judge(plan)
    sums.runs++
    sums.steps += steps
    sums.minutes += minutes
    sums.opens += summary?.opens ?? 0
    sums.resumes += summary?.resumes ?? 0
    sums.sent += Object.values(summary?.sent ?? {}).reduce((sum, count) => sum + count, 0)
    if (problems.length > 0) failures.push({ plan, problems })
  }
  return { ...sums, failures }
}

/** Runs a plan; what is thrown or rejected unheard is a problem like others. */
export async function judge(
  plan: Plan,
): Promise<Pick<Result, 'problems' | 'steps' | 'minutes'> & Partial<Result>> {
  try {
    const result = await runPlan(plan)
    if (unheard === undefined) return result
    return { ...result, problems: [...result.problems, asProblem('unhandled-rejection', unheard)] }
  } catch (error) {
    return { problems: [asProblem('thrown', error)], steps: 0, minutes: 0 }
  }
}

function asProblem(rule: string, error: unknown): Problem {
  return { rule, at: 0, text: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

// oxlint-disable unicorn/require-post-message-target-origin -- a port of a thread, which has no origin
parentPort?.on('message', (job: Job) => {
  void run(job).then((report) => parentPort!.postMessage(report))
})
