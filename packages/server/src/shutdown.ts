import type { Connections } from './connections.ts'
import type { Greeting } from './greeting.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Policy } from './policy.ts'
import type { Registry } from './registry.ts'
import type { SessionRecord } from './session-record.ts'
import type { Moves } from './moves/moves.ts'
import type { Sessions } from './sessions.ts'
import type { HubStage } from './stage.ts'

/** Ends a hub: first with that many milliseconds for its clients to finish; 0 does not wait. Called again, it only shortens that. */
export type Shutdown = (drain: number) => Promise<void>

interface ShutdownParts {
  readonly policy: Policy
  readonly stage: HubStage
  readonly lifecycle: Lifecycle
  readonly registry: Registry
  readonly greeting: Greeting
  readonly sessions: Sessions
  readonly connections: Connections
  readonly moves: Moves | undefined
}

export function createShutdown(parts: ShutdownParts): Shutdown {
  const { policy, stage, lifecycle, registry, greeting, sessions, connections, moves } = parts
  const { clock } = policy.ports
  let timer: unknown
  let whenClosed: Promise<void> | undefined

  /** Where it can, another hub goes on with the session. */
  const close = (record: SessionRecord): void => {
    if (stage.isParking && record.stage === 'confirmed') record.depart(1012, stage.hint)
    else record.close('drained', 1012, stage.hint)
  }

  const finish = (): void => {
    if (stage.current === 'closed') return
    stage.close()
    clock.clearTimer(timer)
    lifecycle.during(() => [...registry.sessions.values()].forEach(close))
  }

  const drainFor = (within: number): void => {
    timer = clock.setTimer(finish, within)
    lifecycle.watch('closed', () => {
      if (registry.sessions.size === 0) finish()
    })
    for (const record of [...registry.sessions.values()])
      if (record.stage !== 'confirmed' || !record.line) close(record)
      else if (stage.isParking && record.canPark) record.askToPark(stage.after, within)
      else {
        // Messages that were sent before are not new.
        record.messages.flushAll()
        record.line?.control(['drain', { after: stage.after, within }])
      }
  }

  const begin = async (drain: number): Promise<void> => {
    const endsAt = clock.now() + drain
    stage.drain(registry.sessions.size)
    greeting.close(1012, stage.hint)
    sessions.close(1012, stage.hint)
    if (moves?.link.isLasting) await stage.decide(moves.link.isReachable())
    if (drain > 0 && registry.sessions.size > 0) drainFor(drain)
    else finish()
    await connections.gone()
    await moves?.settled(Math.max(0, endsAt - clock.now()))
    registry.clear()
  }

  return (drain) => {
    if (whenClosed && drain === 0) finish()
    // A listener of an end that calls it again makes the second call.
    return lifecycle.during(() => (whenClosed ??= begin(drain)))
  }
}
