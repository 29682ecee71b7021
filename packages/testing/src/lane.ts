import type { Clock } from '@holdfast/protocol'

/** The conditions of a path in one direction. */
export interface LaneConditions {
  /**
   * The one-way latency, in milliseconds; a function is called for each message. Messages never overtake each other.
   *
   * @default 5
   */
  readonly latency?: number | (() => number)
  /**
   * The bytes that the path carries per second, above 0. Data sent faster waits, and counts towards `bufferedAmount`.
   *
   * @default Infinity
   */
  readonly bytesPerSecond?: number
}

/** One direction of a connection: in order, and reliable until it is stopped. */
export interface Lane {
  /** Calls back when that many bytes have arrived, after everything that was transmitted before. */
  transmit(bytes: number, arrive: () => void): void
  /** The number of messages in transit that are not held back. */
  readonly inFlight: number
  /** The number of bytes that have not entered the path yet. */
  backlog(): number
  /** Holds back everything in transit and everything that follows. */
  hold(): void
  /** Delivers everything that was held back, in order. */
  release(): void
  /** Loses everything in transit or held back. Later transmissions arrive, unless they are stopped too. */
  stop(): void
}

export function createLane(clock: Clock, { latency = 5, bytesPerSecond = Infinity }: LaneConditions): Lane {
  const bytesPerMs = bytesPerSecond / 1_000
  /** When the last byte enters the path, and when the last message arrives. */
  let busyUntil = 0
  let arrivesAt = 0
  /**
   * The messages in transit or held back. Each timer delivers the first of them, so none overtakes another on an
   * inexact clock.
   */
  let queue: (() => void)[] = []
  let life = 0
  let isHeld = false
  let owed = 0

  const arrival = (delay: number): void => {
    const setIn = life
    clock.setTimer(() => {
      if (setIn !== life) return
      if (isHeld) owed++
      else queue.shift()!()
    }, delay)
  }

  return {
    transmit(bytes, arrive) {
      const now = clock.now()
      busyUntil = Math.max(now, busyUntil) + bytes / bytesPerMs
      arrivesAt = Math.max(arrivesAt, busyUntil + (typeof latency === 'function' ? latency() : latency))
      queue.push(arrive)
      arrival(arrivesAt - now)
    },
    get inFlight() {
      return isHeld ? 0 : queue.length
    },
    backlog() {
      const rest = busyUntil - clock.now()
      return rest > 0 ? Math.round(rest * bytesPerMs) : 0
    },
    hold: () => void (isHeld = true),
    release() {
      isHeld = false
      for (; owed > 0; owed--) arrival(0)
    },
    stop() {
      life++
      owed = 0
      queue = []
    },
  }
}
