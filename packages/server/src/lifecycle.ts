import { checkNames } from '@holdfast/protocol'
import { createCounters } from './counters.ts'
import type { Counters } from './counters.ts'
import { createDeferredEvents } from './deferred-events.ts'
import type { DeferredEvents } from './deferred-events.ts'
import type { HubLifecycle } from './hub.ts'
import { createListeners } from './listeners.ts'
import type { Listener, Unsubscribe } from '@holdfast/protocol'
import type { Peer, PeerArrival } from './peer.ts'

/** The events of sessions and connections, for the application and for the parts of the hub. */
export interface Lifecycle extends DeferredEvents {
  readonly counters: Counters
  /** @throws {HoldfastError} `misuse` for another kind */
  watch(kind: keyof HubLifecycle, listener: Listener): Unsubscribe
  onPeer(listener: Listener): Unsubscribe
  announce<Kind extends keyof HubLifecycle>(kind: Kind, value: HubLifecycle[Kind]): void
  /** A session is confirmed, or has come from another hub. */
  announcePeer(peer: Peer, arrival: PeerArrival): void
}

export const kinds = 'open, down, closed, invalid, unhandled, refused, rtt'

/** `report` receives the exceptions of listeners. */
export function createLifecycle(report: (error: unknown) => void): Lifecycle {
  const { defer, during } = createDeferredEvents()
  const watchers = createListeners(report)
  const joined = createListeners(report)

  return {
    counters: createCounters(),
    defer,
    during,
    watch(kind, listener) {
      checkNames([kind], kinds)
      return watchers.on(kind, listener)
    },
    onPeer: (listener) => joined.on('peer', listener),
    announce: (kind, value) => defer(() => watchers.emit(kind, value)),
    announcePeer: (peer, arrival) => defer(() => joined.emit('peer', peer, { arrival })),
  }
}
