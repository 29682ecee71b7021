import type { Plan } from './plan.ts'
import { createWorld } from './world.ts'
import type { Watch, World } from './world.ts'

/** What came of a plan. */
export interface Result {
  /** What must never happen, and did; none is what a run is for. */
  readonly problems: readonly Problem[]
  /** How many things happened. */
  readonly steps: number
  /** How long clients were connected, in minutes of the virtual clock, all together. */
  readonly minutes: number
  readonly summary: ReturnType<World['auditor']['summary']>
}

export interface Problem {
  readonly rule: string
  readonly at: number
  readonly text: string
}

/**
 * Within how many milliseconds after the end of all trouble every client is connected: 38 s until it notices that an idle
 * connection is dead, or 30 s for an attempt that is under way, 30 s of backoff, and some round trips.
 */
const recoveryLimit = 100_000
/** The same where timers are up to a minute late, each of them. */
const throttledRecoveryLimit = 300_000
/** Within how many milliseconds after that every subscriber of a channel has all of it: a join may be asked to wait for 10 s. */
const channelLimit = 150_000
/** Within how many half minutes more all that was sent has its outcome: at a window of 1, each takes a round trip. */
const settleRounds = 60

/** Runs a plan to its end, or to its first problem. */
export async function runPlan(plan: Plan, watch?: Watch): Promise<Result> {
  const world = createWorld(plan.seed, plan.setting, watch)
  const { auditor, faults, places } = world
  const fault = (rule: string, text: string): void => {
    if (!hasProblem()) late.push({ rule, at: world.clock.now(), text })
  }
  const late: Problem[] = []
  const hasProblem = (): boolean => auditor.violations.length + faults.length + late.length > 0

  for (const step of plan.steps) {
    await world.advance(step.wait)
    if (hasProblem()) break
    watch?.step(world.clock.now(), step)
    world.perform(step)
  }

  if (!hasProblem()) {
    await world.advance(0)
    world.calm()
    for (const { app } of places) if (!app.isDisposed) app.connect()
    const isThrottled = places.some(({ setting }) => setting.timers === 'throttled')
    await world.advance(isThrottled ? throttledRecoveryLimit : recoveryLimit)
    // Messages in flight may have stopped a client permanently once more.
    const closed = places.filter(({ app }) => app.client.state.status === 'closed' && !app.isDisposed)
    for (const { app } of closed) app.connect()
    if (closed.length > 0) await world.advance(throttledRecoveryLimit)
    for (const { app } of places)
      if (!app.isDisposed && app.client.state.status !== 'open')
        fault('liveness', `${app.name} is ${app.client.state.status} long after the end of all trouble`)
  }
  for (let round = 0; round < settleRounds && !hasProblem() && openMessages(world) > 0; round++)
    await world.advance(30_000)
  if (!hasProblem() && openMessages(world) > 0)
    fault('liveness', `${openMessages(world)} messages still have no outcome`)
  if (!hasProblem() && places.some(({ app }) => app.channels.areUsed)) {
    await world.advance(channelLimit)
    if (!hasProblem()) auditor.rest()
  }
  const minutes = places.reduce((sum, place) => sum + place.connectedFor(), 0) / 60_000
  if (!hasProblem()) {
    await world.end()
    auditor.finish()
  }

  const violations = auditor.violations.map(({ rule, at, message }) => ({ rule, at, text: message }))
  return {
    problems: [...violations, ...faults, ...late],
    steps: world.steps,
    minutes,
    summary: auditor.summary(),
  }
}

function openMessages({ places, servers }: World): number {
  const bufferedMessages = servers.reduce((sum, { hub }) => sum + hub.stats().bufferedMessages, 0)
  return places.reduce((sum, { app }) => {
    const { queuedMessages, unacknowledgedMessages } = app.client.stats()
    return sum + queuedMessages + unacknowledgedMessages
  }, bufferedMessages)
}
