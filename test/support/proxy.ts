import { startFaultProxy } from '@holdfast/testing/proxy'
import type { Direction } from '@holdfast/testing/proxy'

export type { Direction }

/** A TCP proxy in front of a server, in which everything can go wrong that goes wrong on a path. */
export interface Proxy extends AsyncDisposable {
  readonly url: string
  /** How many connections were accepted. */
  readonly dials: number
  /** Ends every connection as a closing peer does (FIN), without a WebSocket close. */
  cut(): void
  /** Ends every connection with RST. */
  reset(): void
  /** Forwards nothing, neither data nor the end of a connection, without notifying either end. */
  freeze(direction?: Direction | 'both'): void
  /** Forwards what has been held up, and all that follows. */
  heal(): void
  /** Refuses connections from now on. Existing connections stay open. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Resolves with the next connection that is made. */
  dialed(): Promise<void>
}

/** The proxy that users have, in front of a port, as our tests call it. */
export async function startProxy(target: number): Promise<Proxy> {
  const proxy = await startFaultProxy({ target })
  return {
    url: proxy.url,
    get dials() {
      return proxy.dials
    },
    cut: proxy.cut,
    reset: proxy.reset,
    freeze: (direction) => void proxy.blackHole(direction === 'both' ? undefined : direction),
    heal: proxy.heal,
    refuse: async () => proxy.refuse(),
    accept: proxy.accept,
    dialed: () => proxy.dialed(),
    [Symbol.asyncDispose]: proxy.close,
  }
}
