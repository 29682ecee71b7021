import { createNetwork, createVirtualClock } from '@holdfast/testing'
import type {
  FrameFate,
  FrameInfo,
  NetworkConditions,
  SimulatedConnection,
  SimulatedNetwork,
  VirtualClock,
} from '@holdfast/testing'
import { createAuditor } from '../audit/auditor.ts'
import type { Auditor } from '../audit/auditor.ts'
import type { HistoryEvent } from '../audit/history.ts'
import { createClientApp } from './client-app.ts'
import type { ClientApp } from './client-app.ts'
import type { Shared } from './journal.ts'
import { createMachine } from './machine.ts'
import type { Lateness, Machine } from './machine.ts'
import type { Action, Step, Trouble } from './plan.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { createServerApp } from './server-app.ts'
import type { ServerApp } from './server-app.ts'
import type { ClientSetting, Setting } from './setting.ts'

/** Something that must never happen, as an engineer sees it who can look into everything. */
export interface Fault {
  readonly at: number
  readonly rule: string
  readonly text: string
}

/** One place for a client: its machine, its path to the server, and the application that is there now. */
export interface Seat {
  readonly setting: ClientSetting
  readonly machine: Machine
  readonly network: SimulatedNetwork
  readonly random: Random
  app: ClientApp
  /** The milliseconds of connection of the applications that were there before. */
  connectedFor: number
  /** When the last dials were made, and when somebody asked for one or hinted at it. */
  readonly dials: number[]
  readonly asks: number[]
  /** At which frames its next connections break. */
  breaks: (CutAt & { readonly left: number[]; connection?: SimulatedConnection }) | undefined
  /** What becomes of which of its next messages with frames. */
  readonly mangles: { readonly mangle: Mangle; left: number }[]
  trouble: Partial<Record<'hole' | 'slow' | 'sleep' | 'token', unknown>>
}

export interface World {
  readonly clock: VirtualClock
  readonly auditor: Auditor
  readonly seats: readonly Seat[]
  readonly server: ServerApp
  readonly faults: readonly Fault[]
  readonly steps: number
  /** What was told, as one number. */
  readonly hash: number
  /** Lets time pass, and looks at everything after each thing that happens. */
  advance(ms: number): Promise<void>
  perform(step: Step): void
  /** Ends all trouble: paths, machines, servers and tokens are as they should be. */
  calm(): void
  /** Ends all applications. */
  end(): Promise<void>
}

type CutAt = Extract<Trouble, { do: 'cut-at' }>
type Mangle = Extract<Trouble, { do: 'mangle' }>

/** Who looks on. */
export interface Watch {
  event(event: HistoryEvent): void
  step(at: number, step: Step): void
  /** A message has arrived, or broken on its way. */
  frame(at: number, by: string, text: string): void
}

const host = 'server'

export function createWorld(seed: number, setting: Setting, watch?: Watch): World {
  const clock = createVirtualClock()
  const auditor = createAuditor()
  const faults: Fault[] = []
  let stream = 10
  const nextRandom = (): Random => createRandom(seed, stream++)
  const world = { steps: 0, hash: 0 }
  let lastId = 0
  let isCalm = false
  /** How many more pings and timers may pass before a look, as long as nobody sends or hears of anything. */
  let quietFor = 0

  const shared: Shared = {
    nextId: () => ++lastId,
    tell(by, told) {
      const event = { at: clock.now(), by, ...told } as HistoryEvent
      world.hash = (Math.imul(world.hash, 31) + Math.round(event.at * 64) + event.type.length + lastId) | 0
      quietFor = 0
      watch?.event(event)
      auditor.record(event)
    },
    fault: (rule, text) => void faults.push({ at: clock.now(), rule, text }),
    grantable: (wish) => (isCalm && wish !== 'throw' ? 'nothing' : wish),
    stall: (ms) => clock.stall(ms),
  }

  // The server, one life after the other

  let lives = 0
  /** `closing` while its application lets go of its clients, `gone` between one process and the next. */
  let state: 'up' | 'unreachable' | 'closing' | 'gone' = 'up'
  let serverMachine: Machine
  let server: ServerApp
  /** Dead and dying servers still have timers. */
  const machines: Machine[] = []

  const startServer = (): void => {
    serverMachine = createMachine(clock, () => 0)
    machines.push(serverMachine)
    server = createServerApp({
      name: `s${lives++}`,
      machine: serverMachine,
      random: nextRandom(),
      setting: setting.server,
      shared,
    })
    become('up')
  }
  const become = (next: typeof state): void => {
    state = next
    for (const seat of seats) seat.listen(next === 'up' || next === 'closing')
  }

  // The clients

  let clients = 0
  const createSeat = (own: ClientSetting): Seat & { listen(isOpen: boolean): void } => {
    const random = nextRandom()
    const machine = createMachine(clock, latenessOf(own, random))
    machines.push(machine)
    const network = createNetwork({ clock, conditions: conditionsOf(own, random), flavor: own.socket })
    let stop: (() => void) | undefined
    const seat: Seat & { listen(isOpen: boolean): void } = {
      setting: own,
      machine,
      network,
      random,
      connectedFor: 0,
      dials: [],
      asks: [],
      breaks: undefined,
      mangles: [],
      trouble: {},
      app: undefined as unknown as ClientApp,
      listen(isOpen: boolean) {
        stop?.()
        stop = isOpen
          ? network.listen(host, (socket, request) => server.hub.accept(socket, request))
          : undefined
      },
    }
    network.setFrameFate((frame) => {
      const fate = isBreaking(seat, frame) ? breakAt(seat, frame) : mangleFate(seat, frame)
      watch?.frame(clock.now(), seat.app.name, describeFrame(frame, fate))
      return fate
    })
    return seat
  }
  const seats = setting.clients.map(createSeat)

  const seatClient = (seat: Seat): void => {
    seat.app = createClientApp({
      name: `c${clients++}`,
      url: `ws://${host}/ws`,
      WebSocket: watchDials(seat, shared, clock),
      machine: seat.machine,
      random: nextRandom(),
      setting: seat.setting,
      shared,
      asked: () => void seat.asks.push(clock.now()),
    })
    seat.app.connect()
  }

  startServer()
  for (const seat of seats) seatClient(seat)

  // Trouble

  const during = (seat: Seat, kind: keyof Seat['trouble'], ms: number, over: () => void): void => {
    clock.clearTimer(seat.trouble[kind])
    seat.trouble[kind] = clock.setTimer(over, ms)
  }
  const heal = (seat: Seat): void => {
    if (!seat.machine.isAsleep) seat.network.heal()
  }
  const wake = (seat: Seat, isNoticed: boolean): void => {
    if (!seat.machine.isAsleep) return
    seat.machine.wake()
    seat.network.heal()
    if (isNoticed) seat.app.signal('wake')
  }
  const breakAt = ({ breaks }: Seat, { connection }: FrameInfo): 'drop' => {
    const { down, clientNotice } = breaks!
    if (down !== undefined && state === 'up') {
      killServer(clientNotice)
      laterForServer(down, startServer)
    } else connection.cut(noticeOf(breaks!))
    return 'drop'
  }
  let serverTrouble: unknown
  const laterForServer = (ms: number, over: () => void): void => {
    clock.clearTimer(serverTrouble)
    serverTrouble = clock.setTimer(over, ms)
  }
  /** Whatever is open is gone with the process. */
  const killServer = (notice: number | undefined): void => {
    server.kill()
    become('gone')
    for (const { network } of seats) network.cut(notice === undefined ? {} : { client: notice })
  }
  const restart = async (drain: number, down: number): Promise<void> => {
    const old = server
    const oldMachine = serverMachine
    become('closing')
    await old.hub.close({ drain })
    oldMachine.halt()
    if (old !== server || state !== 'closing') return
    become('gone')
    laterForServer(down, startServer)
  }

  const perform = ({ client, action }: Step): void => {
    const seat = seats[client]!
    const { app, network, machine } = seat
    if (machine.isAsleep && isOfApplication(action)) return
    switch (action.do) {
      case 'send':
        if (action.from === 'client') app.send(action)
        else if (state !== 'gone') server.send(app.name, action)
        return
      case 'ask':
        if (action.from === 'client') app.ask(action)
        else if (state !== 'gone') server.ask(app.name, action)
        return
      case 'connect':
      case 'reconnect':
        return app[action.do]()
      case 'disconnect':
        return app.disconnect('keep')
      case 'discard':
        return app.disconnect('discard')
      case 'dispose':
        app.dispose()
        seat.connectedFor += app.openFor(0)
        return seatClient(seat)
      case 'login':
        app.login()
        return app.reconnect()
      case 'wake':
      case 'change':
      case 'offline':
        return app.signal(action.do)
      case 'cut':
        return network.cut(noticeOf(action))
      case 'cut-at':
        return void (seat.breaks = { ...action, left: [...action.frames] })
      case 'mangle':
        return void seat.mangles.push({ mangle: action, left: action.frame })
      case 'black-hole':
        network.blackHole(action.direction)
        return during(seat, 'hole', action.for, () => heal(seat))
      case 'slow': {
        const { latency, bytesPerSecond } = action
        network.setConditions({ latency, bytesPerSecond })
        return during(seat, 'slow', action.for, () =>
          network.setConditions(conditionsOf(seat.setting, seat.random)),
        )
      }
      case 'sleep': {
        machine.sleep(action.style)
        network.blackHole()
        return during(seat, 'sleep', action.for, () => wake(seat, action.isNoticed))
      }
      case 'jump':
        return machine.jump(action.by)
      case 'token':
        app.tokenMode = action.mode
        return during(seat, 'token', action.for, () => (seat.app.tokenMode = 'prompt'))
      case 'kill':
        if (state !== 'up') return
        killServer(action.notice)
        return laterForServer(action.down, startServer)
      case 'restart':
        if (state === 'up') void restart(action.drain, action.down)
        return
      case 'unreachable':
        if (state !== 'up') return
        become('unreachable')
        return laterForServer(action.for, () => become('up'))
      case 'authentication':
        if (state !== 'up') return
        server.authentication = action.mode
        return laterForServer(action.for, () => (server.authentication = 'prompt'))
      case 'peer-close':
        return state === 'gone' ? undefined : server.close(app.name, action.code)
      case 'renew':
        return state === 'gone' ? undefined : server.renew(app.name)
    }
  }

  const look = (): void => {
    if (quietFor-- > 0) return
    quietFor = 16
    for (const { app, setting: own } of seats) {
      if (app.isDisposed) continue
      const { queuedMessages, unacknowledgedMessages } = app.client.stats()
      if (queuedMessages > own.maxQueued)
        shared.fault('queue-bound', `${app.name} has ${queuedMessages} messages in its queue`)
      // Answers are written by the same rules, and one may always fly alone.
      const [window] = setting.server.window
      if (unacknowledgedMessages > window + own.maxQueued)
        shared.fault('window', `${app.name} has ${unacknowledgedMessages} unacknowledged messages`)
    }
    const { connected, sessions, connections } = server.hub.stats()
    if (connected > sessions || connected > connections)
      shared.fault('hub-counts', `${connected} connected, ${sessions} sessions, ${connections} connections`)
  }

  return {
    clock,
    auditor,
    seats,
    faults,
    get server() {
      return server
    },
    get steps() {
      return world.steps
    },
    get hash() {
      return world.hash
    },
    advance: (ms) =>
      clock.advance(ms, () => {
        world.steps++
        look()
        return faults.length === 0 && auditor.violations.length === 0
      }),
    perform,
    calm() {
      isCalm = true
      clock.clearTimer(serverTrouble)
      server.authentication = 'prompt'
      for (const seat of seats) {
        for (const timer of Object.values(seat.trouble)) clock.clearTimer(timer)
        seat.breaks = undefined
        // Nobody notices a loss that nothing follows, so it takes a new connection.
        if (seat.mangles.splice(0).length > 0) seat.network.cut()
        seat.network.setConditions(conditionsOf(seat.setting, seat.random))
        seat.app.tokenMode = 'prompt'
        wake(seat, false)
        heal(seat)
      }
      if (state === 'closing') killServer(0)
      if (state === 'gone') startServer()
      else become('up')
    },
    async end() {
      for (const { app } of seats) app.dispose()
      let isClosed = false
      void server.hub.close().then(() => (isClosed = true))
      await clock.advance(60_000)
      if (!isClosed) shared.fault('left-over', `${server.name} does not come to its end`)
      for (const { app, network } of seats)
        for (const { client } of network.connections)
          if (client.readyState < 3) shared.fault('left-over', `${app.name} leaves a connection`)
      const { connections, sessions } = server.hub.stats()
      if (connections + sessions > 0)
        shared.fault(
          'left-over',
          `${connections} connections and ${sessions} sessions of ${server.name} are left`,
        )
      for (const machine of machines)
        if (machine.pending > 0) shared.fault('left-over', `${machine.pending} timers are left`)
    },
  }
}

/** Controls and volatile messages are spared: they have no number, so nothing is promised of them on such a path. */
function mangleFate({ mangles }: Seat, { data, direction }: FrameInfo): FrameFate {
  if (mangles.length === 0) return 'pass'
  const text = typeof data === 'string' ? data : String.fromCharCode(...data.subarray(2, 30))
  if (!/^\[\[?[1-9]/.test(text) || text.includes('[0,')) return 'pass'
  let fate: FrameFate = 'pass'
  for (const entry of mangles)
    if (entry.mangle.direction === direction && --entry.left === 0) fate = entry.mangle.how
  return fate
}

function describeFrame({ connection, direction, data }: FrameInfo, fate: string): string {
  const text = typeof data === 'string' ? data : `${data.length} bytes`
  const arrow = direction === 'toServer' ? '──▶' : '◀──'
  return `${arrow} ${connection.number}${fate === 'pass' ? '' : ` (${fate})`} ${text.slice(0, 100)}`
}

/** Counts the frames of the connection that is to break next. */
function isBreaking({ breaks }: Seat, { connection, direction }: FrameInfo): boolean {
  if (!breaks || breaks.direction !== direction || breaks.left.length === 0) return false
  breaks.connection ??= connection
  if (breaks.connection !== connection || --breaks.left[0]! > 0) return false
  breaks.left.shift()
  delete breaks.connection
  return true
}

/** Whether it takes an application that is awake. */
function isOfApplication(action: Action): boolean {
  switch (action.do) {
    case 'send':
    case 'ask':
      return action.from === 'client'
    case 'connect':
    case 'disconnect':
    case 'discard':
    case 'reconnect':
    case 'dispose':
    case 'login':
    case 'wake':
    case 'change':
    case 'offline':
      return true
    case 'cut':
    case 'cut-at':
    case 'mangle':
    case 'black-hole':
    case 'slow':
    case 'sleep':
    case 'jump':
    case 'token':
    case 'kill':
    case 'restart':
    case 'unreachable':
    case 'authentication':
    case 'peer-close':
    case 'renew':
      return false
  }
}

function noticeOf({
  clientNotice,
  serverNotice,
}: {
  readonly clientNotice?: number
  readonly serverNotice?: number
}): { readonly client?: number; readonly server?: number } {
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
      // Once a second, and now and then once a minute, as in tabs that nobody looks at.
      return () => (random.chance(0.95) ? 1_000 * random.next() : 60_000 * random.next())
  }
}

/** A client dials for itself, one socket at a time, and not too often. */
function watchDials(seat: Seat, shared: Shared, clock: VirtualClock): SimulatedNetwork['WebSocket'] {
  const { network, dials, asks } = seat
  return class extends network.WebSocket {
    constructor(url: string, protocols?: string[]) {
      for (const { client } of network.connections)
        if (client.readyState < 2)
          shared.fault('one-socket', `${seat.app.name} dials beside a socket that lives`)
      dials.push(clock.now())
      for (const list of [dials, asks]) while (list[0]! < clock.now() - 10_000) list.shift()
      if (dials.length > 14 + asks.length)
        shared.fault('dial-rate', `${seat.app.name} has dialed ${dials.length} times in 10 s`)
      super(url, protocols)
    }
  }
}
