import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuditor } from '../audit/auditor.ts'
import { writeJournal } from '../audit/journal.ts'
import { mergeHistories } from '../audit/merge.ts'
import type { Summary } from '../audit/summary.ts'
import type { Violation } from '../audit/violation.ts'
import type { Report } from './scenario.ts'

/** What is to be said of a run. */
export interface Verdict {
  readonly violations: readonly Violation[]
  readonly faults: readonly string[]
  readonly summary: Summary
  /** Where the history of a run is that failed. */
  readonly file: string | undefined
}

/** How late a busy process may note what it has seen, in milliseconds. */
const moment = 2_000

export function judge({ histories, faults, restAt = Infinity }: Report): Verdict {
  const history = mergeHistories(histories)
  const auditor = createAuditor({ moment })
  let isAtRest = false
  for (const event of history) {
    if (event.at > restAt && !isAtRest) {
      isAtRest = true
      auditor.rest()
    }
    auditor.record(event)
  }
  const violations = auditor.finish()
  let file: string | undefined
  if (violations.length + faults.length > 0) {
    file = join(mkdtempSync(join(tmpdir(), 'holdfast-chaos-')), 'history.jsonl')
    writeJournal(file, history)
  }
  return { violations, faults, summary: auditor.summary(), file }
}

/** The verdict as text for a person. */
export function describeVerdict(name: string, { figures }: Report, verdict: Verdict): string {
  const { violations, faults, summary, file } = verdict
  const rows = { ...figures, ...summary }
  const lines = Object.entries(rows).map(([key, value]) => `  ${key.padEnd(24)} ${describe(value)}`)
  const wrong = [
    ...faults.map((fault) => `  FAULT ${fault}`),
    ...violations
      .slice(0, 10)
      .map(({ rule, at, message }) => `  VIOLATION ${rule} at ${at.toFixed(3)}: ${message}`),
  ]
  const end = file === undefined ? [`  nothing wrong`] : [...wrong, `  the history is in ${file}`]
  return [name, ...lines, ...end].join('\n')
}

function describe(value: string | number | Readonly<Record<string, number>>): string {
  if (typeof value !== 'object') return typeof value === 'number' ? value.toLocaleString('en') : value
  const parts = Object.entries(value).map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
  return parts.join(', ') || '-'
}
