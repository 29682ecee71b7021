import { concerns, heldUntil } from './active-rule.ts'
import type { ActiveRule, Dial } from './active-rule.ts'
import { createFrameReader } from './frame-reader.ts'
import type { Frame, Piece } from './frame-reader.ts'
import { createQueue } from './queue.ts'
import type { Item } from './queue.ts'
import type { Direction, Rule } from './rule.ts'

/** The destination of the bytes. */
export interface Sink {
  /** Whether it accepts no more data now. */
  readonly isFull: boolean
  write(bytes: Buffer): void
  end(): void
  reset(): void
}

/** One direction of a connection: its queued data, and the rules that apply to it. */
export interface Lane {
  readonly frames: number
  readonly bytes: number
  /** Whether it holds so much that no more data should arrive. */
  readonly isFull: boolean
  take(chunk: Buffer, now: number): void
  /** The end that sends the data has ended. */
  finish(how: 'end' | 'reset', now: number): void
  /**
   * Forwards the data that may leave now, and returns when to call again; Infinity if only a change makes that
   * necessary.
   */
  release(now: number): number
}

export interface LaneOptions {
  readonly direction: Direction
  readonly dial: Dial
  /** The active rules that select this connection. */
  readonly rules: () => Iterable<ActiveRule>
  readonly sink: Sink
  /** A rule ends the connection in place of a frame. */
  readonly onEnd: (how: 'cut' | 'reset') => void
}

/** The decision about a frame, made when it begins and valid for all of it. */
interface Fate {
  readonly frame: Frame
  readonly rules: readonly ActiveRule[]
  readonly isDropped: boolean
  /** The bytes so far of a frame that is to be duplicated. */
  readonly copy: Buffer[] | undefined
}

const maxHeldBytes = 1_048_576
/** The interval of throttled forwarding, in milliseconds: each step forwards the data of one interval at once. */
const throttleStep = 20
const maxLateness = 5 * throttleStep

export function createLane({ direction, dial, rules, sink, onEnd }: LaneOptions): Lane {
  const reader = createFrameReader(direction)
  const queue = createQueue()
  let bytes = 0
  let frames = 0
  /** The decision about the current message, between whose fragments control frames may come. */
  let messageFate: Fate | undefined
  let controlFate: Fate | undefined
  /** When throttled forwarding may continue. */
  let freeAt = 0

  const push = (what: Item['what'], cameAt: number, under: readonly ActiveRule[]): void =>
    queue.push({ what, cameAt, rules: under })

  const rulesFor = (frame: Frame | undefined, now: number): ActiveRule[] =>
    [...rules()].filter((active) => concerns(active, dial, direction, frame, now))

  const decide = (frame: Frame, now: number): Fate => {
    const found = rulesFor(frame, now)
    const has = (action: Rule['action']): boolean => found.some(({ rule }) => rule.action === action)
    const isDropped = has('drop')
    return { frame, rules: found, isDropped, copy: has('duplicate') && !isDropped ? [] : undefined }
  }

  const fateOf = (frame: Frame, now: number): Fate => {
    if (frame.control) {
      if (controlFate?.frame !== frame) controlFate = decide(frame, now)
      return controlFate
    }
    if (messageFate?.frame !== frame) {
      messageFate = decide(frame, now)
      frames++
    }
    return messageFate
  }

  const takePiece = ({ bytes: piece, frame, last: isLast }: Piece, now: number): void => {
    if (!frame) return push(piece, now, rulesFor(undefined, now))
    const { rules: under, isDropped, copy } = fateOf(frame, now)
    // Other rules may wait for a dropped frame.
    if (!isDropped) push(piece, now, under)
    else if (under.length > 1) push(piece.subarray(0, 0), now, under)
    if (!copy) return
    copy.push(piece)
    if (isLast) for (const each of copy) push(each, now, under)
  }

  const handOn = ({ what }: Item, rate: number, now: number): void => {
    if (what === 'end') sink.end()
    else if (what === 'reset') sink.reset()
    else {
      const slice = what.subarray(0, Math.max(1, Math.floor((rate * throttleStep) / 1_000)))
      if (slice.length > 0) sink.write(slice)
      // Makes up for late timers, but not for time without data.
      if (rate < Infinity) freeAt = Math.max(freeAt, now - maxLateness) + (slice.length / rate) * 1_000
      if (slice.length < what.length) return queue.trim(slice.length)
    }
    queue.shift()
  }

  /** The black holes that begin with the next frame. */
  const holesAhead = (): ActiveRule[] =>
    (queue.first?.rules ?? []).filter(({ rule, takenBack }) => rule.action === 'black-hole' && !takenBack)

  /** Returns until when a black hole forwards nothing. Undefined if there is none. */
  const blackUntil = (now: number): number | undefined =>
    holesAhead().length > 0 ? Infinity : heldUntil(rules(), dial, direction, now)

  return {
    get frames() {
      return frames
    },
    get bytes() {
      return bytes
    },
    get isFull() {
      return queue.bytes >= maxHeldBytes
    },
    take(chunk, now) {
      bytes += chunk.length
      for (const piece of reader.read(chunk)) takePiece(piece, now)
    },
    finish(how, now) {
      const under = rulesFor(undefined, now)
      if (how === 'reset' && blackUntil(now) !== undefined) {
        under.push(...holesAhead())
        // A host that has given up does not send its unreceived data again.
        queue.clear()
      }
      push(how, now, under)
    },
    release(now) {
      for (let item = queue.first; item && !sink.isFull; item = queue.first) {
        const black = blackUntil(now)
        if (black !== undefined) return black
        let due = item.cameAt
        let rate = Infinity
        let end: 'cut' | 'reset' | undefined
        for (const { rule, takenBack } of item.rules) {
          if (takenBack) continue
          if (rule.action === 'cut' || rule.action === 'reset') end = rule.action
          if (rule.action === 'delay') due += rule.delay
          if (rule.action === 'throttle') rate = Math.min(rate, rule.bytesPerSecond)
        }
        if (due > now) return due
        if (end) {
          onEnd(end)
          return Infinity
        }
        if (rate < Infinity && freeAt > now) return freeAt
        handOn(item, rate, now)
      }
      return Infinity
    },
  }
}
