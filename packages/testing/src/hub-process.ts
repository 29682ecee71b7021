import type { Clock, Contract, SchemaContract } from '@holdfast/protocol'
import type { Hub, HubOptions } from '@holdfast/server'
import type { ServerProcess } from './backend.ts'
import { countingClock } from './counting-clock.ts'

export interface HubProcessOptions<C extends Contract, Data> {
  readonly createHub: (options: HubOptions<Data>) => Hub<C, Data>
  readonly hubOptions: HubOptions<Data> | undefined
  readonly contract: SchemaContract | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly report: (error: unknown) => void
}

/** A hub that can be killed: its timers are then cleared, and it can set none. */
export function launchHub<C extends Contract, Data>({
  createHub,
  hubOptions,
  contract,
  clock,
  random,
  report,
}: HubProcessOptions<C, Data>): ServerProcess & { readonly hub: Hub<C, Data> } {
  const [counted, timers] = countingClock(clock)
  let isKilled = false
  const processClock: Clock = {
    ...counted,
    setTimer: (callback, delay) => (isKilled ? undefined : counted.setTimer(callback, delay)),
  }

  const hub = createHub({
    ...(contract && { contract }),
    ...hubOptions,
    ports: {
      clock: processClock,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
      report,
      ...hubOptions?.ports,
    },
  })

  return {
    hub,
    accept: (socket, request) => hub.accept(socket, request),
    close: () => hub.close(),
    kill() {
      isKilled = true
      for (const timer of timers) counted.clearTimer(timer)
    },
  }
}
