import { launch } from './child.ts'
import { median, quantile } from './figures.ts'

/** Lets a script play each role in a fresh process, in turns (A B A B …), and collects the number that each tells. */
export async function compare<Role extends string>(
  script: string,
  roles: readonly Role[],
  rounds: number,
  ...args: readonly string[]
): Promise<Record<Role, number[]>> {
  const samples = Object.fromEntries(roles.map((role) => [role, [] as number[]])) as Record<Role, number[]>
  for (let round = 0; round < rounds; round++)
    // Every other round the other way round, so that a varying load favours none of them.
    for (const role of round % 2 ? roles.toReversed() : roles) {
      await using child = await launch<number>(script, role, ...args)
      samples[role].push(child.first)
    }
  return samples
}

/** Medians, and their ratio with the quartiles of the ratios of the single rounds. */
export function ratio(ours: readonly number[], base: readonly number[]): string[] {
  const each = ours.map((value, round) => value / base[round]!)
  const spread = `${quantile(each, 0.25).toFixed(2)} to ${quantile(each, 0.75).toFixed(2)}`
  return [
    median(base).toFixed(2),
    median(ours).toFixed(2),
    (median(ours) / median(base)).toFixed(2),
    median(each).toFixed(2),
    spread,
  ]
}

export const ratioHead = ['raw, µs', 'holdfast, µs', 'ratio of medians', 'median of ratios', 'quartiles']
