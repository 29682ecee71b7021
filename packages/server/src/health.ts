/** What `hub.health()` returns. */
export interface HubHealth {
  /** `draining` after `hub.close({ drain })`, while clients finish; `closed` permanently. */
  readonly stage: 'open' | 'draining' | 'closed'
  /** Whether a new client would be let in: the hub is open, and has fewer connections than `maxConnections`. */
  readonly isAccepting: boolean
  /** Whether the broker has answered; `unused` if the hub has no channels. */
  readonly broker: 'reachable' | 'unreachable' | 'unused'
}
