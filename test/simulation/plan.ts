import type { Kind, Wish } from './message.ts'
import type { Random } from './random.ts'
import { drawChannels } from './draw-channels.ts'
import { drawNodes } from './draw-nodes.ts'
import { drawSetting } from './setting.ts'
import type { Setting } from './setting.ts'

/** A whole run: the same plan gives the same history. */
export interface Plan {
  readonly seed: number
  readonly setting: Setting
  readonly steps: readonly Step[]
}

/** One thing that happens, so many milliseconds after the one before, to that client or around it. */
export interface Step {
  readonly wait: number
  readonly client: number
  readonly action: Action
}

export type Action = Send | Ask | Simple | ChannelAction | Trouble | ServerTrouble

/** One end gives messages to the other. */
export interface Send {
  readonly do: 'send'
  readonly from: 'client' | 'server'
  readonly kind: Exclude<Kind, 'request'>
  readonly count: number
  readonly size: number
  readonly wish: Wish
  readonly volatile?: true
  readonly key?: string
  readonly ttl?: number
  /** Takes it back after so many milliseconds. */
  readonly cancelAfter?: number
}

export interface Ask {
  readonly do: 'ask'
  readonly from: 'client' | 'server'
  readonly size: number
  readonly wish: Wish
  readonly timeout: number
  readonly abortAfter?: number
}

export type ChannelAction =
  | {
      readonly do: 'publish'
      readonly from: 'client' | 'server'
      readonly channel: string
      readonly count: number
    }
  /** The client opens a channel, from the position that it had there before or not. */
  | { readonly do: 'enter'; readonly channel: string; readonly goesOn: boolean }
  | { readonly do: 'exit'; readonly channel: string }
  | { readonly do: 'kick'; readonly channel: string }

/** What an application or its user does, without more. */
export interface Simple {
  readonly do:
    | 'connect'
    | 'disconnect'
    | 'discard'
    | 'reconnect'
    | 'dispose'
    | 'login'
    | 'wake'
    | 'change'
    | 'offline'
    | 'leave'
}

/** What happens to a client, and the path from it. */
export type Trouble =
  | { readonly do: 'cut'; readonly clientNotice?: number; readonly serverNotice?: number }
  | {
      readonly do: 'cut-at'
      readonly direction: 'toServer' | 'toClient'
      /** The next connection with so many frames breaks there, the one after that with so many … */
      readonly frames: readonly number[]
      readonly clientNotice?: number
      readonly serverNotice?: number
      /** It breaks because the server crashes, which is back after so many milliseconds. */
      readonly down?: number
    }
  /** What no path does that keeps to TCP: the nth message with frames from now on is lost, or comes twice. */
  | {
      readonly do: 'mangle'
      readonly direction: 'toServer' | 'toClient'
      readonly frame: number
      readonly how: 'drop' | 'duplicate'
    }
  | { readonly do: 'black-hole'; readonly direction?: 'toServer' | 'toClient'; readonly for: number }
  | { readonly do: 'slow'; readonly latency: number; readonly bytesPerSecond: number; readonly for: number }
  | {
      readonly do: 'sleep'
      readonly style: 'stops' | 'runs'
      readonly for: number
      readonly isNoticed: boolean
    }
  | { readonly do: 'jump'; readonly by: number }
  | { readonly do: 'token'; readonly mode: 'slow' | 'throws'; readonly for: number }

/** What happens to the server, or what it does. */
export type ServerTrouble =
  | { readonly do: 'kill'; readonly down: number; readonly notice?: number }
  | { readonly do: 'restart'; readonly drain: number; readonly down: number }
  | { readonly do: 'unreachable'; readonly for: number }
  | { readonly do: 'authentication'; readonly mode: 'slow' | 'throws' | 'refuses'; readonly for: number }
  | { readonly do: 'peer-close'; readonly code: number }
  | { readonly do: 'renew' }

/** Makes the plan of a seed. */
export function drawPlan(seed: number, random: Random): Plan {
  const setting = drawSetting(random)
  const mood = drawMood(random)
  const steps = Array.from({ length: random.between(20, 120) }, (): Step => ({
    wait: drawWait(random, mood),
    client: random.below(setting.clients.length),
    action: drawAction(random, mood, setting),
  }))
  return drawNodes(drawChannels({ seed, setting, steps }))
}

/** What a run is like: each in its own way, because a mix of everything always is much the same. */
interface Mood {
  /** How busy, and how much trouble there is among it. */
  readonly pace: 'hectic' | 'lively' | 'quiet'
  readonly trouble: number
  readonly serverTrouble: number
  readonly lifecycle: number
  readonly wishes: readonly Wish[]
}

function drawMood(random: Random): Mood {
  return {
    pace: random.pick(['hectic', 'lively', 'quiet']),
    trouble: random.pick([0.05, 0.15, 0.4]),
    serverTrouble: random.pick([0, 0.02, 0.1]),
    lifecycle: random.pick([0, 0.03, 0.1]),
    wishes: random.pick<readonly Wish[]>([
      ['nothing'],
      ['nothing', 'nothing', 'reply', 'throw'],
      ['nothing', 'stall'],
      [
        'nothing',
        'nothing',
        'nothing',
        'nothing',
        'throw',
        'reply',
        'disconnect',
        'reconnect',
        'stall',
        'dispose',
      ],
    ]),
  }
}

function drawWait(random: Random, { pace }: Mood): number {
  if (random.chance(0.2)) return 0
  if (pace === 'hectic') return random.scale(1, 400)
  if (pace === 'lively') return random.scale(1, 10_000)
  return random.chance(0.5) ? random.scale(1, 1_000) : random.scale(10_000, 3_600_000)
}

function drawAction(random: Random, mood: Mood, setting: Setting): Action {
  if (random.chance(mood.serverTrouble)) return drawServerTrouble(random)
  if (random.chance(mood.lifecycle)) return { do: drawLifecycle(random) }
  if (random.chance(mood.trouble)) return drawTrouble(random)
  const from = random.pick(['client', 'server'] as const)
  if (random.chance(0.2)) {
    return {
      do: 'ask',
      from,
      size: drawSize(random, setting),
      wish: random.pick<Wish>([...mood.wishes, 'nothing', 'refuse', 'wait', 'never']),
      timeout: random.pick([random.scale(1, 5_000), 30_000, 120_000]),
      ...(random.chance(0.1) && { abortAfter: random.scale(1, 2_000) }),
    }
  }
  return {
    do: 'send',
    from,
    kind: random.pick(['event', 'event', 'event', 'raw', 'binary']),
    count: random.chance(0.7) ? 1 : random.scale(1, 60),
    size: drawSize(random, setting),
    wish: random.pick(mood.wishes),
    ...(random.chance(0.1) && { volatile: true }),
    ...(random.chance(0.1) && { key: random.pick(['a', 'b']) }),
    ...(random.chance(0.1) && { ttl: random.pick([0, 5, 500, 10_000]) }),
    ...(random.chance(0.05) && { cancelAfter: random.pick([0, 3, 700]) }),
  }
}

function drawSize(random: Random, { server }: Setting): number {
  if (random.chance(0.95)) return random.pick([0, 0, 0, 50, 500])
  return random.chance(0.95) ? random.scale(500, 30_000) : server.maxPayloadBytes
}

function drawLifecycle(random: Random): Simple['do'] {
  return random.pick([
    'connect',
    'disconnect',
    'disconnect',
    'discard',
    'reconnect',
    'reconnect',
    'dispose',
    'login',
    'wake',
    'change',
    'offline',
    'leave',
  ])
}

function drawNotices(random: Random): { readonly clientNotice?: number; readonly serverNotice?: number } {
  return {
    ...(random.chance(0.7) && { clientNotice: random.pick([0, 0, 30, 2_000, 30_000]) }),
    ...(random.chance(0.7) && { serverNotice: random.pick([0, 0, 30, 2_000, 30_000]) }),
  }
}

function drawFrames(random: Random): number[] {
  return Array.from({ length: random.pick([1, 1, 2, 4]) }, () => random.between(1, 12))
}

function drawTrouble(random: Random): Trouble | Simple {
  const direction = random.pick(['toServer', 'toClient'] as const)
  switch (random.below(10)) {
    case 0:
    case 1:
      return { do: 'cut', ...drawNotices(random) }
    case 2:
    case 3:
      return { do: 'cut-at', direction, frames: drawFrames(random), ...drawNotices(random) }
    case 4:
      return { do: 'black-hole', ...(random.chance(0.6) && { direction }), for: random.scale(50, 300_000) }
    case 5:
      return {
        do: 'slow',
        latency: random.scale(50, 5_000),
        bytesPerSecond: random.pick([Infinity, 10_000]),
        for: random.scale(500, 60_000),
      }
    case 6:
      return {
        do: 'sleep',
        style: random.pick(['stops', 'runs']),
        for: random.scale(500, 600_000),
        isNoticed: random.chance(0.5),
      }
    case 7:
      return random.chance(0.5)
        ? { do: 'jump', by: random.pick([-3_600_000, -500, 500, 3_600_000]) }
        : { do: 'token', mode: random.pick(['slow', 'throws']), for: random.scale(100, 90_000) }
    case 8:
      return { do: 'mangle', direction, frame: random.between(1, 9), how: random.pick(['drop', 'duplicate']) }
    default:
      return { do: random.pick(['wake', 'change', 'offline', 'leave']) }
  }
}

function drawServerTrouble(random: Random): ServerTrouble {
  const down = random.scale(10, 60_000)
  switch (random.below(7)) {
    case 0:
    case 1:
      return { do: 'kill', down, ...(random.chance(0.8) && { notice: random.pick([0, 0, 50]) }) }
    case 2:
      return { do: 'restart', drain: random.pick([0, 50, 5_000]), down }
    case 3:
      return { do: 'unreachable', for: down }
    case 4:
      return {
        do: 'authentication',
        mode: random.pick(['slow', 'slow', 'throws', 'refuses']),
        for: random.scale(100, 20_000),
      }
    case 5:
      return { do: 'peer-close', code: random.pick([4410, 4410, 1000, 4403]) }
    default:
      return { do: 'renew' }
  }
}
