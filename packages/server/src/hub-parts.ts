import type { HubChannels } from './channels/hub-channels.ts'
import type { Buffers } from './buffers.ts'
import type { ClientReports } from './client-reports.ts'
import type { Deadlines } from './deadlines.ts'
import type { Endpoints } from './endpoints.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Moves } from './moves/moves.ts'
import type { Policy } from './policy.ts'
import type { Outbound } from './outbound.ts'
import type { Producers } from './producers.ts'
import type { Refusals } from './refusals.ts'
import type { Registry } from './registry.ts'
import type { Renewals } from './renewals.ts'
import type { SharedBroadcasts } from './shared-broadcasts/shared-broadcasts.ts'
import type { HubStage } from './stage.ts'

/** The parts that the sessions of a hub share. */
export interface HubParts {
  readonly policy: Policy
  readonly lifecycle: Lifecycle
  readonly stage: HubStage
  readonly refusals: Refusals
  readonly registry: Registry
  readonly buffers: Buffers
  readonly producers: Producers
  readonly renewals: Renewals
  readonly outbound: Outbound
  readonly endpoints: Endpoints
  readonly channels: HubChannels
  readonly reports: ClientReports
  /** Undefined if each session stays on its hub. */
  readonly moves: Moves | undefined
  /** Undefined if each session stays on its hub: then its broadcasts are for its own sessions. */
  readonly sharedBroadcasts: SharedBroadcasts | undefined
  /** Sessions on their connections, each of which pings its client once per interval: with one timer for all of them. */
  readonly heartbeats: Deadlines<{ beat(): void }>
  /** The teardowns that wait for the client's `bye`. */
  readonly goodbyes: Deadlines<{ finish(): void }>
}
