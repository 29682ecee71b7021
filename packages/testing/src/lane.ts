import type { Clock } from '@holdfast/protocol'

/** How a path is in one direction. */
export interface LaneConditions {
  /**
   * How long it takes one way, in milliseconds; a function is asked for each message. Nothing overtakes.
   *
   * @default 5
   */
  readonly latency?: number | (() => number)
  /**
   * How many bytes a second it carries, above 0. What is sent faster waits, and shows in `bufferedAmount`.
   *
   * @default Infinity
   */
  readonly bytesPerSecond?: number
}

/** One direction of a connection: in order, and reliable until it is stopped. */
export interface Lane {
  /** Calls back when that many bytes have arrived, after all that was transmitted before. */
  transmit(bytes: number, arrive: () => void): void
  /** How many are on their way and not held up. */
  readonly inFlight: number
  /** How many bytes have not been put on the path yet. */
  backlog(): number
  /** Holds up what is under way and all that follows. */
  hold(): void
  /** Lets everything arrive that was held up, in order. */
  release(): void
  /** Loses everything that is under way or held up. What is transmitted from now on arrives, unless it is lost, too. */
  stop(): void
}

export function createLane(clock: Clock, { latency = 5, bytesPerSecond = Infinity }: LaneConditions): Lane {
  const bytesPerMs = bytesPerSecond / 1_000
  /** When the last byte is on the path, and when the last message arrives. */
  let busyUntil = 0
  let arrivesAt = 0
  /** What is under way or held up. Each timer lets the first of them arrive, so nothing overtakes on an odd clock. */
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
