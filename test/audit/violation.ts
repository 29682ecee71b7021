import type { HistoryEvent } from './history.ts'
import type { RuleName } from './rules.ts'

/** A promise that was broken. */
export interface Violation {
  readonly rule: RuleName
  /** When it was broken, or at the latest, by the clock of the history. */
  readonly at: number
  /** For people. */
  readonly message: string
  /** What it is about, as far as there are events of it. */
  readonly events: readonly HistoryEvent[]
}

/** What the concerns of an auditor have in common. */
export interface Audit {
  /** The moment of the latest event. */
  readonly now: number
  violate(rule: RuleName, message: string, ...events: readonly (HistoryEvent | undefined)[]): void
  /** Calls back once this moment is over: for what belongs to one moment, and is noted in any order. */
  afterwards(check: () => void): void
  /** How long a moment is. */
  readonly moment: number
}

/** A first violation causes others: more of them do not help. */
const maxViolations = 1_000

export interface Violations extends Audit {
  readonly list: readonly Violation[]
  /** How many there were, those above the bound included. */
  readonly count: number
  /** Moves on to the moment of the next event, and checks what is over by then. */
  advance(to: number): void
}

export function createViolations(moment: number): Violations {
  const list: Violation[] = []
  // Every check waits equally long, so that they come up in turn.
  let checks: { readonly due: number; readonly check: () => void }[] = []
  let head = 0
  let count = 0
  let now = -Infinity

  return {
    list,
    moment,
    get count() {
      return count
    },
    get now() {
      return now
    },
    violate(rule, message, ...events) {
      count++
      if (list.length < maxViolations)
        list.push({ rule, at: now, message, events: events.filter((event) => event !== undefined) })
    },
    afterwards: (check) => void checks.push({ due: now + moment, check }),
    advance(to) {
      for (let next = checks[head]; next && next.due < to; next = checks[head]) {
        head++
        next.check()
      }
      if (head > 1_024 && head * 2 > checks.length) {
        checks = checks.slice(head)
        head = 0
      }
      if (to > now && to !== Infinity) now = to
    },
  }
}
