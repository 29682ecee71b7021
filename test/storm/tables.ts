import type { Scenario } from './scenarios.ts'
import type { Storm } from './server.ts'
import type { Totals } from './tally.ts'

/** A row and what came of it. */
export interface Row {
  readonly scenario: Scenario
  readonly totals: Totals
}

export const seconds = (ms: number): string => (ms < Infinity ? (ms / 1_000).toFixed(1) : 'never')
const count = (value: number): string => value.toLocaleString('en')

/** A number with its share of the clients. */
export function share(value: number, { clients }: Pick<Storm, 'clients'>): string {
  return `${count(value)} (${((100 * value) / clients).toFixed(value < clients / 100 ? 2 : 1)} %)`
}

/** The table of all rows, in Markdown. */
export function stormTable(rows: readonly Row[], storm: Storm): string {
  return markdown(
    ['policy', 'turned away', 'peak', 'peak, once back', 'attempts', '50 %', '99 %', 'all', 'not back'],
    rows.map(({ scenario, totals }) => [
      scenario.name,
      scenario.turnedAway,
      share(totals.peak, storm),
      share(totals.peakAfter, storm),
      `${count(totals.attempts)} (${(totals.attempts / storm.clients).toFixed(1)} each)`,
      seconds(totals.half),
      seconds(totals.most),
      seconds(totals.all),
      count(totals.never),
    ]),
  )
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
