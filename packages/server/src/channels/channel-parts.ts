import type { Checks, Clock } from '@holdfast/protocol'
import type { Counters } from '../counters.ts'
import type { Limits } from '../limits.ts'
import type { ReportTrouble, Warn } from '../trouble.ts'
import type { BrokerLink } from './broker-link.ts'
import type { Feeds } from './feeds.ts'
import type { KindPolicy } from './kinds.ts'
import type { Presences } from './presences.ts'
import type { SlowSubscribers } from './slow-subscribers.ts'
import type { Turn } from './turn.ts'

/** What the channels of all sessions share. */
export interface ChannelParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly kinds: ReadonlyMap<string, KindPolicy>
  /** The rules of a kind, also of one that the application has not set. */
  kindOf(kind: string): KindPolicy
  /** The checks of the publications of a kind, if the contract has schemas for them. */
  checksOf(kind: string): Checks | undefined
  readonly link: BrokerLink
  readonly feeds: Feeds
  readonly presences: Presences
  readonly turn: Turn
  readonly slow: SlowSubscribers
  readonly counters: Counters
  readonly counts: { subscriptions: number }
  readonly reportTrouble: ReportTrouble
  readonly warn: Warn
}
