import { longestTimer } from '@holdfast/protocol'

/** The direction of bytes. */
export type Direction = 'toServer' | 'toClient'

/** A range of numbers, counted from 1, both ends included. Without `to` it has no end. */
export interface NumberRange {
  readonly from: number
  readonly to?: number
}

/**
 * Frames of one connection and direction, by number.
 *
 * Only data frames count, from 1, and a fragmented message counts once: so the third frame is the third message. With
 * `control`, ping, pong and close frames are counted instead.
 */
export interface FrameRange extends NumberRange {
  readonly control?: boolean
}

/** The connections that a rule selects. */
export interface OnConnections {
  /**
   * By number, from 1; or those that are `open` when the rule is added; or those that are accepted later, the `new`
   * ones.
   *
   * @default 'all'
   */
  readonly connections?: 'all' | 'open' | 'new' | NumberRange
}

/** The part of a connection that a rule selects. A rule has frames or a time, not both. */
export interface OnPath extends OnConnections {
  /** @default 'both' */
  readonly direction?: Direction | 'both'
  /** Without it, the rule applies to all bytes, including those of the handshake. */
  readonly frames?: FrameRange
  /**
   * How long after the connection was opened, or after the rule was added if that is later, in milliseconds. @default
   * 0
   */
  readonly after?: number
  /** For how long, in milliseconds. @default forever */
  readonly for?: number
}

/** Ends connections: `cut` with FIN and without a WebSocket close, `reset` with RST. Both ends are notified. */
export interface EndRule extends OnConnections {
  readonly action: 'cut' | 'reset'
  /** The direction whose frames are counted. Only together with `frames`. */
  readonly direction?: Direction | 'both'
  /**
   * The rule ends the connection in place of the first of these frames. Earlier data has been forwarded; a `reset`
   * may discard the part that the receiver has not read yet, as every RST does.
   */
  readonly frames?: FrameRange
  /** As in {@link OnPath.after}. */
  readonly after?: number
}

/**
 * Forwards nothing, not even the end of a connection, without notifying either end. Begins with the first of
 * `frames`, if given.
 */
export interface BlackHoleRule extends OnPath {
  readonly action: 'black-hole'
}

/** All data arrives that much later, in milliseconds, and in order. */
export interface DelayRule extends OnPath {
  readonly action: 'delay'
  readonly delay: number
}

/** Limits the bytes per second, for each connection and direction. */
export interface ThrottleRule extends OnPath {
  readonly action: 'throttle'
  readonly bytesPerSecond: number
}

/** Drops or duplicates frames. Without `frames`, all data frames. */
export interface FrameRule extends OnPath {
  readonly action: 'drop' | 'duplicate'
}

/** New connections get RST as soon as they are accepted. */
export interface RefuseRule extends OnConnections {
  readonly action: 'refuse'
  /** How long after the rule was added, in milliseconds. @default 0 */
  readonly after?: number
  /** For how long, in milliseconds. @default forever */
  readonly for?: number
}

/** Accepts new connections, but forwards no byte for that many milliseconds, not even of the handshake. */
export interface AcceptLateRule extends OnConnections {
  readonly action: 'accept-late'
  readonly delay: number
}

/** A fault: what goes wrong, where and when. In text form, `toServer frame 3: drop`. */
export type Rule =
  | EndRule
  | BlackHoleRule
  | DelayRule
  | ThrottleRule
  | FrameRule
  | RefuseRule
  | AcceptLateRule

/** An invalid part of a rule, and why. */
export interface Fault {
  readonly part: RulePart
  readonly why: string
}

export type RulePart = 'connections' | 'direction' | 'frames' | 'after' | 'for' | 'action' | 'amount'

/** All parts of all rules. */
interface Loose extends OnPath {
  readonly action: Rule['action']
  readonly delay?: number
  readonly bytesPerSecond?: number
}

const parts: Readonly<Record<Rule['action'], readonly RulePart[]>> = {
  cut: ['direction', 'frames', 'after'],
  reset: ['direction', 'frames', 'after'],
  'black-hole': ['direction', 'frames', 'after', 'for'],
  delay: ['direction', 'frames', 'after', 'for'],
  throttle: ['direction', 'frames', 'after', 'for'],
  drop: ['direction', 'frames', 'after', 'for'],
  duplicate: ['direction', 'frames', 'after', 'for'],
  refuse: ['after', 'for'],
  'accept-late': [],
}

/** Returns the first invalid part of a rule, or undefined. */
export function faultOf(rule: Rule): Fault | undefined {
  const { action, connections, direction, frames, delay, bytesPerSecond, ...time } = rule as Loose
  if (!Object.hasOwn(parts, action)) return { part: 'action', why: 'there is no such action' }
  for (const part of ['direction', 'frames', 'after', 'for'] as const) {
    if ((rule as Loose)[part] !== undefined && !parts[action].includes(part))
      return { part, why: `"${action}" takes none` }
  }
  if (frames) {
    if (!isRange(frames)) return { part: 'frames', why: 'frames are numbered from 1, in whole numbers' }
    for (const part of ['after', 'for'] as const) {
      if (time[part] !== undefined) return { part, why: 'a rule has frames or a time, not both' }
    }
  } else if ((action === 'cut' || action === 'reset') && direction !== undefined && direction !== 'both') {
    return { part: 'direction', why: `"${action}" ends both directions, unless it waits for a frame of one` }
  }
  if (connections === 'open' && (action === 'refuse' || action === 'accept-late'))
    return { part: 'connections', why: 'those that are open have been accepted' }
  if (typeof connections === 'object' && !isRange(connections))
    return { part: 'connections', why: 'connections are numbered from 1, in whole numbers' }
  if (action === 'throttle' && !isAmount(bytesPerSecond, Number.MAX_SAFE_INTEGER))
    return { part: 'amount', why: 'a rate is more than nothing' }
  if ((action === 'delay' || action === 'accept-late') && !isDuration(delay))
    return { part: 'amount', why: tooLong }
  for (const part of ['after', 'for'] as const) {
    if (time[part] !== undefined && !isDuration(time[part])) return { part, why: tooLong }
  }
  return undefined
}

const tooLong = 'it takes from 0 ms to 24 days'

function isDuration(ms: number | undefined): boolean {
  return ms === 0 || isAmount(ms, longestTimer)
}

function isAmount(value: number | undefined, most: number): boolean {
  return value !== undefined && value > 0 && value <= most
}

function isRange({ from, to = from }: NumberRange): boolean {
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 1 && to >= from
}
