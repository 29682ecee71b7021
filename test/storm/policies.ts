import { defaultCloseRules } from '@holdfast/protocol'
import { backoffWindow, pickDelay } from '../../packages/client/src/connection/backoff.ts'

/** When a client dials again, as far as a storm asks: the default of a library, in its own words of numbers. */
export interface Policy {
  readonly name: string
  /**
   * How long to wait, in milliseconds, after `failures` failed dials in a row since the connection broke; undefined gives
   * up. `person` is a number in [0, 1) that a client keeps, and `random()` a fresh one.
   */
  delay(failures: number, random: () => number, person: number): number | undefined
  /** Whether a connection that opens and is closed at once counts as a success, so that failures are counted from 0. */
  readonly forgets: boolean
  /** Whether it gives up at a dial that fails before it opens, as all do while there is no server. */
  readonly givesUpWhenRefused?: boolean
}

const steps = (delays: readonly number[], last: number | undefined) => (failures: number) =>
  delays[failures] ?? last
const grown = (first: number, failures: number): number => Math.min(first * 1.3 ** failures, 10_000)

/** The defaults of others. Those whose package is installed are compared with it by a test. */
export const peers: readonly Policy[] = [
  // dist/ws.js, `_getNextDelay`; the count starts anew when a connection has lived for 5 s.
  {
    name: 'partysocket 1.3.0',
    delay: (failures) => grown(3_000, failures),
    forgets: false,
  },
  // dist/reconnecting-websocket-mjs.js: the same, but the first delay is drawn once per page.
  {
    name: 'reconnecting-websocket 4.4.0',
    delay: (failures, _, person) => grown(1_000 + 4_000 * person, failures),
    forgets: false,
  },
  // build/esm/contrib/backo2.js. Its first transport is HTTP, where a refusal is an error.
  {
    name: 'socket.io-client 4.8.4',
    delay(failures, random) {
      const middle = 1_000 * 2 ** failures
      const drawn = random()
      const deviation = Math.floor(drawn * 0.5 * middle)
      const isLess = (Math.floor(drawn * 10) & 1) === 0
      return Math.floor(Math.min(isLess ? middle - deviation : middle + deviation, 5_000))
    },
    forgets: false,
  },
  // dist/client.js, `retryWait` and `retryAttempts`; the count starts anew when the server has greeted. `shouldRetry` takes
  // a close for a reason to dial again, and no `error`, which browsers fire first when a dial fails.
  {
    name: 'graphql-ws 6.4.2',
    delay: (failures, random) =>
      failures < 5 ? 1_000 * 2 ** failures + Math.floor(random() * 2_700 + 300) : undefined,
    forgets: false,
    givesUpWhenRefused: true,
  },
  // dist/sockette.js: `timeout` for ever; `onopen` sets the count to 0.
  {
    name: 'sockette 2.0.6',
    delay: () => 1_000,
    forgets: true,
  },
  // assets/js/phoenix/socket.js, `reconnectAfterMs`; reset in `onConnOpen`.
  {
    name: 'Phoenix 1.8.16',
    delay: steps([10, 50, 100, 150, 200, 250, 500, 1_000, 2_000], 5_000),
    forgets: true,
  },
  // realtime-js, `RECONNECT_INTERVALS`, on the timer of Phoenix.
  {
    name: 'Supabase realtime 2.109',
    delay: steps([1_000, 2_000, 5_000, 10_000], 10_000),
    forgets: true,
  },
  // DefaultReconnectPolicy.ts; connected once the server has answered its handshake.
  {
    name: 'SignalR 10.0.11',
    delay: steps([0, 2_000, 10_000, 30_000], undefined),
    forgets: false,
  },
]

/** The windows of Holdfast's own policy, in milliseconds. */
export interface Tuning {
  /** The end of the first window after a lost path. */
  readonly first: number
  readonly baseDelay: number
  readonly maxDelay: number
}

export const defaultTuning: Tuning = {
  first: defaultCloseRules[1006]!.delay![1],
  baseDelay: 1_000,
  maxDelay: 30_000,
}

/**
 * The policy of Holdfast without hints, as far as a lost path and dials that fail go. That this is what the client does, a
 * test asserts; in the storms under its own name it is the client itself that runs.
 */
export function ours({ first, ...delays }: Tuning = defaultTuning): Policy {
  const options = {
    minDelay: 100,
    ...delays,
    maxHiddenDelay: 120_000,
    maxAttempts: Infinity,
    minUptime: 5_000,
  }
  return {
    name: 'Holdfast',
    delay(failures, random) {
      const hint = failures === 0 ? ([0, first] as const) : undefined
      return pickDelay(backoffWindow(failures, hint, options), random())
    },
    forgets: false,
  }
}

/** A policy with every delay longer by the same factor. */
export function stretched(policy: Policy, factor: number): Policy {
  return {
    ...policy,
    delay(failures, random, person) {
      const delay = policy.delay(failures, random, person)
      return delay === undefined ? undefined : delay * factor
    },
  }
}
