import type { DelayRange } from '@holdfast/protocol'
import type { Teardown } from './teardown.ts'
import type { Greeting } from './greeting.ts'
import type { Outbound } from './outbound.ts'
import type { Policy } from './options.ts'
import type { Registry } from './registry.ts'

/** The end of a hub. */
export interface Shutdown {
  /** `draining` while clients finish, `closed` once they are told to go. */
  readonly stage: 'open' | 'draining' | 'closed'
  /** When to dial again, for the reason of a close. */
  hint(): string
  /** Begins to drain for that many milliseconds; 0 does not wait. Calling it again only shortens that. */
  close(drain: number): Promise<void>
  /** A session has ended; it may have been the last. */
  sessionEnded(): void
}

export interface ShutdownPorts {
  readonly policy: Policy
  readonly registry: Registry
  /** Runs a step, which the application hears of when it is over. */
  during<T>(step: () => T): T
  /** Resolves when there are no sockets. */
  gone(): Promise<void>
  readonly greeting: Greeting
  readonly teardown: Teardown
  readonly outbound: Outbound
}

/** How long the window is in which clients dial again, per client and at the limits, in milliseconds. */
const redialShare = 10
const shortestRedial = 1_000
const longestRedial = 30_000

export function createShutdown(ports: ShutdownPorts): Shutdown {
  const { policy, registry, greeting, teardown, outbound, during } = ports
  const { clock } = policy.ports
  let stage: Shutdown['stage'] = 'open'
  let after: DelayRange = [0, shortestRedial]
  let timer: unknown
  let whenClosed: Promise<void> | undefined

  const hint = (): string => JSON.stringify({ after })

  const finish = (): void => {
    if (stage === 'closed') return
    stage = 'closed'
    clock.clearTimer(timer)
    during(() => {
      for (const record of [...registry.sessions.values()]) teardown.part(record, 'drained', 1012, hint())
    })
  }

  const drainFor = (within: number): void => {
    timer = clock.setTimer(finish, within)
    for (const record of [...registry.sessions.values()])
      if (record.stage === 'confirmed' && record.line) {
        // What was sent before is not new.
        record.outbox?.flush()
        record.line?.control(['drain', { after, within }])
      } else teardown.part(record, 'drained', 1012, hint())
  }

  const begin = async (drain: number): Promise<void> => {
    stage = 'draining'
    outbound.stop()
    after = [0, Math.min(longestRedial, Math.max(shortestRedial, redialShare * registry.sessions.size))]
    greeting.close(1012, hint())
    if (drain > 0 && registry.sessions.size > 0) drainFor(drain)
    else finish()
    await ports.gone()
    registry.clear()
  }

  return {
    get stage() {
      return stage
    },
    hint,
    close(drain) {
      if (whenClosed && drain === 0) finish()
      // Who calls it again when told of an end, calls it for the second time.
      return during(() => (whenClosed ??= begin(drain)))
    },
    sessionEnded() {
      if (stage === 'draining' && registry.sessions.size === 0) finish()
    },
  }
}
