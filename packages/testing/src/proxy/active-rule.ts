import type { Frame } from './frame-reader.ts'
import type { Direction, OnPath, Rule } from './rule.ts'

/** A rule that was added, and applies until it is removed. */
export interface ActiveRule {
  readonly rule: Rule
  readonly madeAt: number
  /** The number of earlier connections. */
  readonly dialsBefore: number
  takenBack: boolean
}

/** The properties of a connection that rules need. */
export interface Dial {
  readonly number: number
  readonly openedAt: number
}

/** From a moment on, until before another moment. */
export interface Span {
  readonly from: number
  readonly until: number
}

export function isAbout({ rule, dialsBefore }: ActiveRule, { number }: Dial): boolean {
  const { connections = 'all' } = rule
  switch (connections) {
    case 'all':
      return true
    case 'open':
      return number <= dialsBefore
    case 'new':
      return number > dialsBefore
    default:
      return number >= connections.from && number <= (connections.to ?? Infinity)
  }
}

/** Returns when a rule without frames applies to a connection. */
export function spanOf({ rule, madeAt, dialsBefore }: ActiveRule, { number, openedAt }: Dial): Span {
  if (rule.action === 'accept-late') {
    const isNew = number > dialsBefore
    return { from: openedAt, until: isNew ? openedAt + rule.delay : openedAt }
  }
  // Whether to accept a connection is decided when it is opened, so this time cannot count from then.
  const start = rule.action === 'refuse' ? madeAt : Math.max(madeAt, openedAt)
  const from = start + (rule.after ?? 0)
  return { from, until: from + (('for' in rule ? rule.for : undefined) ?? Infinity) }
}

export function isDuring({ from, until }: Span, now: number): boolean {
  return from <= now && now < until
}

/** Returns whether a rule that selects the connection affects bytes that arrive now: of a frame, or others. */
export function concerns(
  active: ActiveRule,
  dial: Dial,
  direction: Direction,
  frame: Frame | undefined,
  now: number,
): boolean {
  const { rule } = active
  if (rule.action === 'refuse' || rule.action === 'accept-late') return false
  const { direction: only = 'both', frames }: OnPath = rule
  if (only !== 'both' && only !== direction) return false
  if (frames) {
    const { from, to = Infinity, control = false } = frames
    return frame !== undefined && frame.control === control && frame.number >= from && frame.number <= to
  }
  switch (rule.action) {
    // These apply to the path, not to its data.
    case 'cut':
    case 'reset':
    case 'black-hole':
      return false
    case 'drop':
    case 'duplicate':
      return frame !== undefined && !frame.control && isDuring(spanOf(active, dial), now)
    case 'delay':
    case 'throttle':
      return isDuring(spanOf(active, dial), now)
  }
}

/** Returns until when, at least, a direction of a connection forwards nothing. Undefined if it forwards. */
export function heldUntil(
  rules: Iterable<ActiveRule>,
  dial: Dial,
  direction: Direction,
  now: number,
): number | undefined {
  for (const active of rules) {
    const { rule } = active
    if (rule.action === 'black-hole') {
      if (rule.frames || (rule.direction ?? direction) === opposite(direction)) continue
    } else if (rule.action !== 'accept-late') continue
    const span = spanOf(active, dial)
    if (isDuring(span, now)) return span.until
  }
  return undefined
}

export function opposite(direction: Direction): Direction {
  return direction === 'toServer' ? 'toClient' : 'toServer'
}
