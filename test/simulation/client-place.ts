import { createNetwork } from '@holdfast/testing'
import type {
  FrameInfo,
  NetworkConditions,
  Notice,
  SimulatedConnection,
  SimulatedNetwork,
  SimulatedRequest,
  VirtualClock,
} from '@holdfast/testing'
import type { FakeServerSocket } from '@holdfast/testing'
import { createClientApp } from './client-app.ts'
import type { ClientApp } from './client-app.ts'
import { createFrameFaults, describeFrame } from './frame-faults.ts'
import type { FrameFaults } from './frame-faults.ts'
import type { Shared } from './journal.ts'
import { createMachine } from './machine.ts'
import type { Lateness, Machine } from './machine.ts'
import type { Random } from './random.ts'
import type { ClientSetting } from './setting.ts'

/** Where a client is: its machine, its path to the server, and the application that is there now. */
export interface ClientPlace {
  readonly setting: ClientSetting
  readonly machine: Machine
  readonly network: SimulatedNetwork
  readonly frames: FrameFaults
  readonly app: ClientApp
  /** For how many milliseconds clients have been connected here. */
  connectedFor(): number
  /** Disposes of the application, and puts a new one in its place. */
  replace(): void
  /** Whether a server accepts the dials from here. */
  listen(isListening: boolean): void
  blackHole(direction: 'toServer' | 'toClient' | undefined, ms: number): void
  slow(conditions: NetworkConditions, ms: number): void
  sleep(style: 'stops' | 'runs', ms: number, isNoticed: boolean): void
  spoilTokens(mode: ClientApp['tokenMode'], ms: number): void
  /** Ends all trouble. */
  calm(): void
}

export interface ClientPlaceOptions {
  readonly clock: VirtualClock
  readonly setting: ClientSetting
  readonly shared: Shared
  newRandom(): Random
  newName(): string
  accept(socket: FakeServerSocket, request: SimulatedRequest): void
  /** A connection breaks at a frame, because the server crashes, which is back after `down` milliseconds. */
  crashed(notice: number | undefined, down: number): boolean
  /** A frame has arrived, or broken on its way. */
  seen(app: ClientApp, text: string): void
}

const host = 'server'

export function createClientPlace(options: ClientPlaceOptions): ClientPlace {
  const { clock, setting, shared, newRandom, newName, accept, crashed, seen } = options
  const random = newRandom()
  const machine = createMachine(clock, latenessOf(setting, random))
  const network = createNetwork({ clock, conditions: conditionsOf(setting, random), flavor: setting.socket })
  const dialed: number[] = []
  const asked: number[] = []
  const timers = new Map<'hole' | 'slow' | 'sleep' | 'token', unknown>()
  let connectedBefore = 0
  let stopListening: (() => void) | undefined
  let app: ClientApp

  const broken = (
    { down, ...notices }: Parameters<Parameters<typeof createFrameFaults>[0]>[0],
    connection: SimulatedConnection,
  ): void => {
    if (down === undefined || !crashed(notices.clientNotice, down)) connection.cut(noticeOf(notices))
  }
  const frames = createFrameFaults(broken)
  network.setFrameFate((frame: FrameInfo) => {
    const fate = frames.judge(frame)
    seen(app, describeFrame(frame, fate))
    return fate
  })

  const seat = (): void => {
    app = createClientApp({
      name: newName(),
      url: `ws://${host}/ws`,
      WebSocket: watchDials(network, dialed, asked, clock, (rule, text) =>
        shared.fault(rule, `${app.name} ${text}`),
      ),
      machine,
      random: newRandom(),
      setting,
      shared,
      asked: () => void asked.push(clock.now()),
    })
    app.connect()
  }
  const during = (kind: 'hole' | 'slow' | 'sleep' | 'token', ms: number, over: () => void): void => {
    clock.clearTimer(timers.get(kind))
    timers.set(kind, clock.setTimer(over, ms))
  }
  const heal = (): void => {
    if (!machine.isAsleep) network.heal()
  }
  const wake = (isNoticed: boolean): void => {
    if (!machine.isAsleep) return
    machine.wake()
    network.heal()
    if (isNoticed) app.signal('wake')
  }

  return {
    setting,
    machine,
    network,
    frames,
    get app() {
      return app
    },
    connectedFor: () => connectedBefore + app.openFor(machine.clock.now()),
    replace() {
      // The first one comes to an empty place.
      if (app as ClientApp | undefined) {
        app.dispose()
        connectedBefore += app.openFor(0)
      }
      seat()
    },
    listen(isListening) {
      stopListening?.()
      stopListening = isListening ? network.listen(host, accept) : undefined
    },
    blackHole(direction, ms) {
      network.blackHole(direction)
      during('hole', ms, heal)
    },
    slow(conditions, ms) {
      network.setConditions(conditions)
      during('slow', ms, () => network.setConditions(conditionsOf(setting, random)))
    },
    sleep(style, ms, isNoticed) {
      machine.sleep(style)
      network.blackHole()
      during('sleep', ms, () => wake(isNoticed))
    },
    spoilTokens(mode, ms) {
      app.tokenMode = mode
      during('token', ms, () => (app.tokenMode = 'prompt'))
    },
    calm() {
      for (const timer of timers.values()) clock.clearTimer(timer)
      // A loss at the end cannot be noticed, so a new connection is needed.
      if (frames.clear()) network.cut()
      network.setConditions(conditionsOf(setting, random))
      app.tokenMode = 'prompt'
      wake(false)
      heal()
    },
  }
}

/** When the ends of a broken connection are notified, according to the plan. */
export function noticeOf({
  clientNotice,
  serverNotice,
}: {
  readonly clientNotice?: number
  readonly serverNotice?: number
}): Notice {
  return {
    ...(clientNotice !== undefined && { client: clientNotice }),
    ...(serverNotice !== undefined && { server: serverNotice }),
  }
}

function conditionsOf(
  { latency: [min, max], bytesPerSecond }: ClientSetting,
  random: Random,
): NetworkConditions {
  return { latency: () => min + random.next() * (max - min), bytesPerSecond }
}

function latenessOf({ timers }: ClientSetting, random: Random): Lateness {
  switch (timers) {
    case 'exact':
      return () => 0
    case 'early':
      return (delay) => -Math.min(0.9, delay * 0.6)
    case 'late':
      return (delay) => 3 + (delay / 10) * random.next()
    case 'throttled':
      // Once a second, and now and then once a minute, as in hidden tabs.
      return () => (random.chance(0.95) ? 1_000 * random.next() : 60_000 * random.next())
  }
}

/** A client dials for itself, one socket at a time, and not too often. */
function watchDials(
  network: SimulatedNetwork,
  dialed: number[],
  asked: number[],
  clock: VirtualClock,
  fault: (rule: string, text: string) => void,
): SimulatedNetwork['WebSocket'] {
  return class extends network.WebSocket {
    constructor(url: string, protocols?: string[]) {
      for (const { client } of network.connections)
        if (client.readyState < 2) fault('one-socket', 'dials beside a socket that lives')
      const now = clock.now()
      dialed.push(now)
      for (const moments of [dialed, asked]) while (moments[0]! < now - 10_000) moments.shift()
      if (dialed.length > 14 + asked.length) fault('dial-rate', `has dialed ${dialed.length} times in 10 s`)
      super(url, protocols)
    }
  }
}
