import type { FakeServerSocket, SimulatedRequest, VirtualClock } from '@holdfast/testing'
import type { Shared } from './journal.ts'
import { createMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'
import { createServerApp } from './server-app.ts'
import type { ServerApp } from './server-app.ts'
import type { ServerSetting } from './setting.ts'
import type { SharedBroker, SharedSessions } from './shared-sessions.ts'

/** Where the server is: one process after the other. */
export interface ServerPlace {
  /** Those that run, or ran last. */
  readonly apps: readonly ServerApp[]
  /** One that has had a session of that client, if it runs. */
  appOf(client: string): ServerApp | undefined
  accept(socket: FakeServerSocket, request: SimulatedRequest): void
  /**
   * Kills the process; connections are notified after that time, or never. A new one starts after `down` milliseconds. False
   * when there is none to be killed, or it is about to end anyway.
   */
  kill(notice: number | undefined, down: number): boolean
  restart(drain: number, down: number): void
  /** Refuses dials; existing connections stay open. */
  hide(ms: number): void
  authenticate(mode: ServerApp['authentication'], ms: number): void
  /** Ends all trouble. */
  calm(): void
}

export interface ServerPlaceOptions {
  readonly clock: VirtualClock
  readonly setting: ServerSetting
  readonly shared: Shared
  /** What it shares with other servers. */
  readonly sessions?: SharedSessions
  newRandom(): Random
  newName(): string
  /** Every machine is looked at in the end. */
  installed(machine: Machine): void
  /** Whether dials are accepted from now on. */
  listening(isListening: boolean): void
  /** Whatever is open breaks. */
  broken(notice: { readonly client?: number }): void
}

export function createServerPlace(options: ServerPlaceOptions): ServerPlace {
  const { clock, setting, shared, sessions, newRandom, newName, installed, listening, broken } = options
  /** `closing` while its application lets go of its clients, `gone` between one process and the next. */
  let state: 'up' | 'hidden' | 'closing' | 'gone' = 'gone'
  let machine: Machine
  let app: ServerApp
  let broker: SharedBroker | undefined
  let timer: unknown

  const become = (next: typeof state): void => {
    state = next
    listening(next === 'up' || next === 'closing')
  }
  const start = (): void => {
    machine = createMachine(clock, () => 0)
    installed(machine)
    broker = sessions?.join()
    app = createServerApp({
      name: newName(),
      machine,
      random: newRandom(),
      setting,
      shared,
      ...(broker && { broker: broker.broker }),
    })
    become('up')
  }
  const later = (ms: number, over: () => void): void => {
    clock.clearTimer(timer)
    timer = clock.setTimer(over, ms)
  }
  const end = (notice: number | undefined): void => {
    app.kill()
    broker?.kill()
    become('gone')
    broken(notice === undefined ? {} : { client: notice })
  }
  const close = async (drain: number, down: number): Promise<void> => {
    const old = { app, machine }
    become('closing')
    await old.app.hub.close({ drain })
    old.machine.halt()
    if (old.app !== app || state !== 'closing') return
    become('gone')
    later(down, start)
  }

  start()
  return {
    get apps() {
      return [app]
    },
    appOf: () => (state === 'gone' ? undefined : app),
    accept: (socket, request) => app.hub.accept(socket, request),
    kill(notice, down) {
      if (state !== 'up') return false
      end(notice)
      later(down, start)
      return true
    },
    restart(drain, down) {
      if (state === 'up') void close(drain, down)
    },
    hide(ms) {
      if (state !== 'up') return
      become('hidden')
      later(ms, () => become('up'))
    },
    authenticate(mode, ms) {
      if (state !== 'up') return
      app.authentication = mode
      later(ms, () => (app.authentication = 'prompt'))
    },
    calm() {
      clock.clearTimer(timer)
      app.authentication = 'prompt'
      if (state === 'closing') end(0)
      if (state === 'gone') start()
      else become('up')
    },
  }
}
