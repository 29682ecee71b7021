import { checkNames } from '@holdfast/protocol'
import { createDeferredEvents } from './deferred-events.ts'
import type { DeferredEvents } from './deferred-events.ts'
import type { HubLifecycle, HubStats } from './hub.ts'
import { createListeners } from './listeners.ts'
import type { Listener, Unsubscribe } from '@holdfast/protocol'
import type { Peer } from './peer.ts'

/** The events of sessions and connections, for the application and for the parts of the hub. */
export interface Lifecycle extends DeferredEvents {
  readonly counters: Counters
  /** @throws {HoldfastError} `misuse` for another kind */
  watch(kind: keyof HubLifecycle, listener: Listener): Unsubscribe
  onPeer(listener: Listener): Unsubscribe
  announce<Kind extends keyof HubLifecycle>(kind: Kind, value: HubLifecycle[Kind]): void
  /** A session is confirmed. */
  announcePeer(peer: Peer): void
}

/** The counters; the other numbers of `stats()` are current sizes. */
export type Counters = {
  -readonly [Name in CounterName]: HubStats[Name]
}

type CounterName =
  | 'refused'
  | 'opened'
  | 'resumed'
  | 'receivedMessages'
  | 'droppedMessages'
  | 'deliveredMessages'
  | 'invalid'
  | 'unhandled'

export const kinds = 'open, down, closed, invalid, unhandled, refused'

/** `report` receives the exceptions of listeners. */
export function createLifecycle(report: (error: unknown) => void): Lifecycle {
  const { defer, during } = createDeferredEvents()
  const watchers = createListeners(report)
  const joined = createListeners(report)

  return {
    counters: {
      refused: 0,
      opened: 0,
      resumed: 0,
      receivedMessages: 0,
      droppedMessages: 0,
      deliveredMessages: 0,
      invalid: 0,
      unhandled: 0,
    },
    defer,
    during,
    watch(kind, listener) {
      checkNames([kind], kinds)
      return watchers.on(kind, listener)
    },
    onPeer: (listener) => joined.on('peer', listener),
    announce: (kind, value) => defer(() => watchers.emit(kind, value)),
    announcePeer: (peer) => defer(() => joined.emit('peer', peer)),
  }
}
