import type { Unsubscribe } from '@holdfast/protocol'
import { storeOf } from './client-store.ts'
import type { StoreClient, StoreSource } from './client-store.ts'
import type { ClientParts } from './parts.ts'

/** The seconds until the next attempt of a client to connect, as a store. */
export interface Countdown {
  /** In whole seconds, rounded up; undefined unless the client waits for an attempt. */
  readonly state: number | undefined
  /** Calls the listener after every change of `state`: once a second while the client waits. */
  subscribe(listener: () => unknown): Unsubscribe
}

const stores = /* @__PURE__ */ new WeakMap<ClientParts, Countdown>()

/**
 * Returns the seconds until the next attempt of a client to connect.
 *
 * A timer runs only while the client waits for an attempt and the store has listeners. Every call with one client
 * returns the same store.
 *
 * @throws {HoldfastError} `misuse` for what is not a client
 * @example
 * import { countdown } from 'holdfast'
 *
 * const seconds = countdown(client)
 * seconds.subscribe(() => console.log(seconds.state ? `next attempt in ${seconds.state} s` : 'no attempt is due'))
 */
export function countdown(client: StoreClient): Countdown {
  return storeOf(stores, client, sourceOf)
}

function sourceOf({ ports: { clock } }: ClientParts, client: StoreClient): StoreSource<Countdown['state']> {
  const rest = (): number => client.state.retryAt! - clock.wall()
  // The attempt that is due starts within the last second, not after it.
  const read = (): number | undefined =>
    client.state.retryAt === undefined ? undefined : Math.max(1, Math.ceil(rest() / 1_000))

  return {
    read,
    watch(changed) {
      let timer: unknown
      const tick = (): void => {
        clock.clearTimer(timer)
        const seconds = read() ?? 0
        if (seconds > 1) timer = clock.setTimer(tick, Math.max(1, rest() - (seconds - 1) * 1_000))
        changed()
      }
      const off = client.subscribe(tick)
      tick()
      return () => {
        off()
        clock.clearTimer(timer)
      }
    },
  }
}
