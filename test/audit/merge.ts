import type { HistoryEvent } from './history.ts'

/**
 * Makes one history of those of several processes, which must have used one steady clock. What has the same moment
 * keeps its order: that of its own history, then that of the histories.
 */
export function mergeHistories(histories: Iterable<Iterable<HistoryEvent>>): HistoryEvent[] {
  const all: HistoryEvent[] = []
  for (const history of histories) for (const event of history) all.push(event)
  return all.sort((a, b) => a.at - b.at)
}

/** The steady clock that all processes of a machine share, in milliseconds. */
export function steadyNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
