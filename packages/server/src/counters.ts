import type { HubStats } from './hub-stats.ts'
import { noLimitHits } from './limits.ts'

/** The counters of a hub; the other numbers of `stats()` are current sizes. */
export type Counters = { -readonly [Name in CounterName]: HubStats[Name] } & {
  readonly rtt: { count: number; sum: number }
  readonly ended: Record<string, number>
  readonly refusals: Record<number, number>
  readonly limitHits: Record<string, number>
  readonly channelRefusals: Record<string, number>
}

type CounterName =
  | 'refused'
  | 'opened'
  | 'resumed'
  | 'arrived'
  | 'disconnected'
  | 'receivedMessages'
  | 'receivedBytes'
  | 'droppedMessages'
  | 'sentMessages'
  | 'sentBytes'
  | 'deliveredMessages'
  | 'published'
  | 'publicationsSent'
  | 'recoveries'
  | 'gaps'
  | 'brokerFailures'
  | 'invalid'
  | 'unhandled'

export function createCounters(): Counters {
  return {
    refused: 0,
    refusals: {},
    limitHits: noLimitHits(),
    opened: 0,
    resumed: 0,
    arrived: 0,
    disconnected: 0,
    ended: {
      left: 0,
      drained: 0,
      identity: 0,
      overflow: 0,
      expired: 0,
      unknown: 0,
      protocol: 0,
      closed: 0,
      moved: 0,
    },
    receivedMessages: 0,
    receivedBytes: 0,
    droppedMessages: 0,
    sentMessages: 0,
    sentBytes: 0,
    deliveredMessages: 0,
    published: 0,
    publicationsSent: 0,
    recoveries: 0,
    gaps: 0,
    channelRefusals: { forbidden: 0, 'too-many': 0, 'too-large': 0, unavailable: 0, other: 0 },
    brokerFailures: 0,
    invalid: 0,
    unhandled: 0,
    rtt: { count: 0, sum: 0 },
  }
}

/** Adds one to the counter of a reason. */
export function countOne(counts: Record<string | number, number>, reason: string | number): void {
  counts[reason] = (counts[reason] ?? 0) + 1
}
