import type { HistoryEvent } from '../audit/history.ts'
import type { Plan, Step } from './plan.ts'
import { runPlan } from './run.ts'

/** Runs a plan once more, and writes down what happened: a line for each thing, for people. */
export async function tracePlan(plan: Plan): Promise<string> {
  const lines: string[] = []
  let begun: number | undefined
  const line = (at: number, who: string, text: string): void => {
    begun ??= at
    const seconds = ((at - begun) / 1_000).toFixed(3)
    lines.push(`${seconds.padStart(12)}  ${who.padEnd(6)}${text}`)
  }
  const { problems } = await runPlan(plan, {
    event: (event) => line(event.at, event.by, describeEvent(event)),
    step: (at, step) => line(at, '', `> ${describeStep(step)}`),
    frame: (at, by, text) => line(at, by, text),
  })
  const [problem] = problems
  if (problem) line(problem.at, '!', `${problem.rule}: ${problem.text}`)
  return [`setting: ${JSON.stringify(plan.setting)}`, ...lines].join('\n')
}

export function describeStep({ client, action }: Step): string {
  const { do: what, ...details } = action
  const rest = Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return [`${what} (place ${client})`, ...rest].join(', ')
}

function describeEvent(event: HistoryEvent): string {
  const { at: _, by: __, type, ...details } = event
  const rest = Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return `${type} ${rest.join(', ')}`
}
