import { createVirtualClock } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import { createAuditor } from '../audit/auditor.ts'
import type { Auditor } from '../audit/auditor.ts'
import type { HistoryEvent } from '../audit/history.ts'
import { createClientPlace, noticeOf } from './client-place.ts'
import type { ClientPlace } from './client-place.ts'
import type { Shared } from './journal.ts'
import type { Machine } from './machine.ts'
import type { Action, Step } from './plan.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import type { ServerApp } from './server-app.ts'
import { createServerCluster } from './server-cluster.ts'
import { createServerPlace } from './server-place.ts'
import type { ServerPlaceOptions } from './server-place.ts'
import type { Setting } from './setting.ts'
import { createSharedSessions } from './shared-sessions.ts'

/** Something that must never happen, as an engineer sees it who can look into everything. */
export interface Fault {
  readonly at: number
  readonly rule: string
  readonly text: string
}

export interface World {
  readonly clock: VirtualClock
  readonly auditor: Auditor
  readonly places: readonly ClientPlace[]
  readonly servers: readonly ServerApp[]
  readonly faults: readonly Fault[]
  readonly steps: number
  /** Lets time pass, and looks at everything after each thing that happens. */
  advance(ms: number): Promise<void>
  perform(step: Step): void
  /** Ends all trouble: paths, machines, servers and tokens are as they should be. */
  calm(): void
  /** Ends all applications. */
  end(): Promise<void>
}

/** Who looks on. */
export interface Watch {
  event(event: HistoryEvent): void
  step(at: number, step: Step): void
  /** A message has arrived, or broken on its way. */
  frame(at: number, by: string, text: string): void
}

export function createWorld(seed: number, setting: Setting, watch?: Watch): World {
  const clock = createVirtualClock()
  const auditor = createAuditor()
  const faults: Fault[] = []
  const machines: Machine[] = []
  const places: ClientPlace[] = []
  let stream = 10
  const newRandom = (): Random => createRandom(seed, stream++)
  let steps = 0
  let lastId = 0
  const epochs: string[] = []
  let clients = 0
  let lives = 0
  let isCalm = false
  /** How many more pings and timers may pass before a look, as long as no messages or events occur. */
  let quietFor = 0

  const shared: Shared = {
    nextId: () => ++lastId,
    nameEpoch(epoch) {
      if (!epochs.includes(epoch)) epochs.push(epoch)
      return `e${epochs.indexOf(epoch)}`
    },
    tell(by, told) {
      const event = { at: clock.now(), by, ...told } as HistoryEvent
      quietFor = 0
      watch?.event(event)
      auditor.record(event)
    },
    fault: (rule, text) => void faults.push({ at: clock.now(), rule, text }),
    grantable: (wish) => (isCalm && wish !== 'throw' ? 'nothing' : wish),
    stall: (ms) => clock.stall(ms),
  }

  for (const own of setting.clients) {
    const place = createClientPlace({
      clock,
      setting: own,
      shared,
      newRandom,
      newName: () => `c${clients++}`,
      accept: (socket, request) => server.accept(socket, request),
      crashed: (notice, down) => server.kill(notice, down),
      seen: (app, text) => watch?.frame(clock.now(), app.name, text),
    })
    places.push(place)
    machines.push(place.machine)
  }
  const { nodes } = setting.server
  const serverOptions: ServerPlaceOptions = {
    clock,
    setting: setting.server,
    shared,
    newRandom,
    newName: () => `s${lives++}`,
    ...(nodes !== undefined && { sessions: createSharedSessions(clock, newRandom()) }),
    installed: (machine) => void machines.push(machine),
    listening(isListening) {
      for (const place of places) place.listen(isListening)
    },
    broken(notice) {
      for (const { network } of places) network.cut(notice)
    },
  }
  const server =
    nodes === undefined
      ? createServerPlace(serverOptions)
      : createServerCluster(nodes, newRandom(), serverOptions)
  for (const place of places) place.replace()

  const perform = ({ client, action }: Step): void => {
    const place = places[client]!
    const { app, network, machine, frames } = place
    if (machine.isAsleep && isOfApplication(action)) return
    switch (action.do) {
      case 'send':
        if (action.from === 'client') app.send(action)
        else server.appOf(app.name)?.send(app.name, action)
        return
      case 'ask':
        if (action.from === 'client') app.ask(action)
        else server.appOf(app.name)?.ask(app.name, action)
        return
      case 'enter':
        if (!app.isDisposed) app.channels.enter(action.channel, action.goesOn)
        return
      case 'exit':
        if (!app.isDisposed) app.channels.exit(action.channel)
        return
      case 'publish':
        if (action.from === 'client') app.channels.publish(action.channel, action.count)
        else server.appOf(app.name)?.channels.publish(action.channel, action.count)
        return
      case 'kick':
        return server.appOf(app.name)?.channels.kick(app.name, action.channel)
      case 'connect':
      case 'reconnect':
        return app[action.do]()
      case 'disconnect':
        return app.disconnect('keep')
      case 'discard':
        return app.disconnect('discard')
      case 'dispose':
        return place.replace()
      case 'login':
        app.login()
        return app.reconnect()
      case 'wake':
      case 'change':
      case 'offline':
      case 'leave':
        return app.signal(action.do)
      case 'cut':
        return network.cut(noticeOf(action))
      case 'cut-at':
        return frames.breakAt(action)
      case 'mangle':
        return frames.mangle(action)
      case 'black-hole':
        return place.blackHole(action.direction, action.for)
      case 'slow':
        return place.slow(action, action.for)
      case 'sleep':
        return place.sleep(action.style, action.for, action.isNoticed)
      case 'jump':
        return machine.jump(action.by)
      case 'token':
        return place.spoilTokens(action.mode, action.for)
      case 'kill':
        return void server.kill(action.notice, action.down)
      case 'restart':
        return server.restart(action.drain, action.down)
      case 'unreachable':
        return server.hide(action.for)
      case 'authentication':
        return server.authenticate(action.mode, action.for)
      case 'peer-close':
        return server.appOf(app.name)?.close(app.name, action.code)
      case 'renew':
        return server.appOf(app.name)?.renew(app.name)
    }
  }

  const look = (): void => {
    if (quietFor-- > 0) return
    quietFor = 16
    for (const { app, setting: own } of places) {
      if (app.isDisposed) continue
      const { queuedMessages, unacknowledgedMessages } = app.client.stats()
      if (queuedMessages > own.maxQueued)
        shared.fault('queue-bound', `${app.name} has ${queuedMessages} messages in its queue`)
      // Answers are written by the same rules, and one may always fly alone.
      const [window] = setting.server.window
      if (unacknowledgedMessages > window + own.maxQueued)
        shared.fault('window', `${app.name} has ${unacknowledgedMessages} unacknowledged messages`)
    }
    for (const { hub } of server.apps) {
      const { connected, sessions, connections } = hub.stats()
      if (connected > sessions || connected > connections)
        shared.fault('hub-counts', `${connected} connected, ${sessions} sessions, ${connections} connections`)
    }
  }

  /** What must not be there any more when all applications have ended. */
  const lookForRemains = (): void => {
    for (const { name, hub } of server.apps) {
      const { connections, sessions } = hub.stats()
      if (connections + sessions > 0)
        shared.fault('left-over', `${connections} connections and ${sessions} sessions of ${name} are left`)
    }
    for (const { app, network } of places)
      for (const { client } of network.connections)
        if (client.readyState < 3) shared.fault('left-over', `${app.name} leaves a connection`)
    for (const { pending } of machines)
      if (pending > 0) shared.fault('left-over', `${pending} timers are left`)
  }

  return {
    clock,
    auditor,
    places,
    faults,
    get servers() {
      return server.apps
    },
    get steps() {
      return steps
    },
    advance: (ms) =>
      clock.advance(ms, () => {
        steps++
        look()
        return faults.length === 0 && auditor.violations.length === 0
      }),
    perform,
    calm() {
      isCalm = true
      for (const place of places) place.calm()
      server.calm()
    },
    async end() {
      for (const { app } of places) app.dispose()
      const open = new Set(server.apps)
      for (const app of open) void app.hub.close().then(() => open.delete(app))
      await clock.advance(60_000)
      for (const { name } of open) shared.fault('left-over', `${name} does not come to its end`)
      lookForRemains()
    },
  }
}

/** Whether it takes an application that is awake. */
function isOfApplication(action: Action): boolean {
  switch (action.do) {
    case 'send':
    case 'ask':
    case 'publish':
      return action.from === 'client'
    case 'enter':
    case 'exit':
    case 'connect':
    case 'disconnect':
    case 'discard':
    case 'reconnect':
    case 'dispose':
    case 'login':
    case 'wake':
    case 'change':
    case 'offline':
    case 'leave':
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
    case 'kick':
      return false
  }
}
