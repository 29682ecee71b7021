import { misuse } from '@holdfast/protocol'
import { slept } from './sleep.ts'
import type { Sample } from './sleep.ts'
import { assumedRtt, lateness } from './times.ts'

/** When an open connection has to prove that it is alive. In milliseconds. */
export interface HeartbeatOptions {
  /** How long the peer may be silent before it is probed. */
  readonly interval: number
  /** How long the peer has to answer a probe; three round trips by default, between 2 and 8 s. */
  readonly timeout?: number
}

/**
 * The state of the watch over an open connection.
 *
 * `quiet ──silence──▶ probing ──silence──▶ judging ──silence──▶ dead`; any frame leads back to `quiet`.
 * In `judging` the limit has passed, and one turn of the event loop lets already queued frames count.
 */
export interface Watch {
  readonly phase: 'quiet' | 'probing' | 'judging'
  /** When the phase ends. */
  readonly deadline: number
  /** When the probe was sent, by both clocks. */
  readonly sentAt?: Pick<Sample, 'now' | 'wall'>
  /** Whether the probe is a second one, because the time for the first ran out while the machine slept. */
  readonly repeated?: boolean
}

/** The next step: continue to watch, after sending a probe if `probe` is set, or drop the connection. */
export type Beat = { readonly watch: Watch; readonly probe?: boolean } | 'dead'

/** The watch over an open connection, as pure functions. */
export interface Heartbeat {
  /** The watch right after a sign of life. */
  start(sample: Sample): Watch
  /** Returns the step after the deadline of the watch has passed. */
  onDeadline(watch: Watch, sample: Sample): Beat
  /** Returns an immediate probe, with a short limit by the measured round-trip time, unless one is pending. */
  onProbe(watch: Watch, sample: Sample): Beat
}

/** How long an answer may take that is waited for with suspicion, by the measured round-trip time; in milliseconds. */
export function answerTimeout(rtt: number = assumedRtt): number {
  return Math.min(Math.max(3 * rtt, 2_000), 8_000)
}

/**
 * Creates the heartbeat for an interval and a timeout.
 *
 * @throws {HoldfastError} `misuse` if one of them is not a number above 0
 */
export function createHeartbeat({ interval, timeout }: HeartbeatOptions): Heartbeat {
  if (!(interval > 0 && (timeout === undefined || timeout > 0)))
    throw misuse('interval and timeout of a heartbeat must be above 0')
  const probe = (sample: Sample, limit: number, repeated = false): Beat => ({
    watch: { phase: 'probing', deadline: sample.now + limit, sentAt: sample, repeated },
    probe: true,
  })
  const shortLimit = ({ rtt }: Sample): number => Math.min(answerTimeout(rtt), timeout ?? Infinity)

  return {
    start: ({ now }) => ({ phase: 'quiet', deadline: now + interval }),

    onProbe: (watch, sample) => (watch.phase === 'quiet' ? probe(sample, shortLimit(sample)) : { watch }),

    onDeadline(watch, sample) {
      switch (watch.phase) {
        case 'quiet': {
          const deadline = sample.heardAt + interval
          return deadline > sample.now
            ? { watch: { phase: 'quiet', deadline } }
            : probe(sample, timeout ?? shortLimit(sample))
        }
        case 'probing': {
          const late = sample.now - watch.deadline > lateness || (watch.sentAt && slept(watch.sentAt, sample))
          if (late && !watch.repeated) return probe(sample, shortLimit(sample), true)
          return { watch: { phase: 'judging', deadline: sample.now } }
        }
        case 'judging':
          return 'dead'
      }
    },
  }
}
