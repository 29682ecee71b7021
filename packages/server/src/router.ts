import { createHandlers, createRouter } from '@holdfast/protocol'
import type { Checks, Handlers, InvalidData, Router } from '@holdfast/protocol'
import type { ClientReports } from './client-reports.ts'
import type { Lifecycle } from './lifecycle.ts'
import { createListeners } from './listeners.ts'
import type { Peer } from './peer.ts'
import type { Policy } from './policy.ts'
import { createUnhandledLog } from './unhandled.ts'

/** The listeners and the handlers of a hub, for the messages of all its clients. */
export interface HubRouter {
  readonly router: Router<[peer: Peer]>
  readonly handlers: Handlers
}

/** `incoming` are the checks of what comes in, if the contract has schemas. */
export function createHubRouter(
  incoming: Checks | undefined,
  { ports: { warn } }: Policy,
  { report }: ClientReports,
  { announce, counters }: Lifecycle,
): HubRouter {
  const logUnhandled = createUnhandledLog(warn)
  const invalid = (message: InvalidData, peer: Peer): void => {
    counters.invalid++
    announce('invalid', { peer, ...message })
  }
  return {
    router: createRouter<[peer: Peer]>({
      listeners: createListeners(report),
      incoming,
      invalid,
      unhandled(message, peer) {
        counters.unhandled++
        announce('unhandled', { peer, ...message })
        logUnhandled(message.name)
      },
    }),
    handlers: createHandlers(incoming, invalid),
  }
}
