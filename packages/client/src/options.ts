import { checkNames, defaultCloseRules, given, misuse } from '@holdfast/protocol'
import type { CloseRule, CloseRules, OutboxOptions } from '@holdfast/protocol'
import type { AttemptOptions } from './connection/preparation.ts'
import type { BackoffOptions } from './connection/backoff.ts'
import type { Cause } from './connection/cause.ts'
import type { Diagnose } from './connection/diagnose.ts'
import type { DelayQuestion, Policy } from './connection/states.ts'
import type { Sample } from './connection/sleep.ts'
import type { Ports } from './connection/ports.ts'
import { resolveUrl } from './connection/url.ts'
import type { Store } from './store.ts'
import type { Wire } from './wire.ts'

/** What `createClient` takes. Only `url` is needed. */
export interface ClientOptions extends AttemptOptions {
  /**
   * How to talk to the server: `plain()` for any JSON server, `session()` for one of `@holdfast/server`.
   *
   * @default plain()
   */
  readonly wire?: Wire
  /**
   * How long to wait between attempts. A function gives the delay in milliseconds itself; it cannot go below what the
   * server asked for, and the default delay applies when it throws or gives no number from 0 on.
   */
  readonly backoff?: BackoffOptions | ((context: BackoffContext) => number)
  /**
   * How long one connection attempt may take, in milliseconds, from asking for the token and the URL to being open.
   *
   * When it passes, the attempt counts as failed and is retried, with twice and then three times the time. Does not
   * limit the wait between attempts; see {@link ClientOptions.backoff}. Browsers may hold a dial back for 5 s
   * themselves, so a short timeout makes things worse.
   *
   * @default 10_000
   */
  readonly attemptTimeout?: number
  /**
   * Finds out why no socket opens, because sockets do not tell: `overHttp()`, or a function of yours; see {@link Diagnose}.
   * Called after the third failure in a row, and after each further three.
   *
   * Without it the client makes no request but those of its sockets, and the cause stays `unreachable`.
   *
   * @default none
   */
  readonly diagnose?: Diagnose
  /** Bounds of the queue of messages that wait for the connection. */
  readonly outbox?: OutboxOptions
  /**
   * What to do about close codes, beside and instead of the {@link defaultCloseRules}.
   *
   * @example
   * createClient({ url, closeCodes: { 4100: { reason: 'kicked', action: 'fatal' } } })
   */
  readonly closeCodes?: CloseRules
  /**
   * Keeps what is sent on disk until it has an outcome, so that it survives a reload or a crash of the page: `store()`
   * of `holdfast/store`. Only with `session()`.
   */
  readonly store?: Store
  /** Clock, randomness, hints of the platform, and where the exceptions of listeners go. For tests and platforms. */
  readonly ports?: Partial<Ports>
}

/** One subprotocol, or several in the order of preference. */

/** What a `backoff` function is told. */
export interface BackoffContext {
  /**
   * How many attempts in a row have failed, less those that the uptime of a connection whose path was lost has paid for;
   * 0 right after a stable connection ended, or one that lived for a second.
   */
  readonly failures: number
  readonly cause: Cause
  /** A number in [0, 1), to draw the delay with. */
  readonly random: number
  /** Whether nobody can see the page. */
  readonly isHidden: boolean
}

export interface Resolved {
  readonly policy: Policy
  /** Asks the `backoff` function. Not a number when it threw, or when there is none. */
  readonly delay: (question: DelayQuestion, sample: Sample) => number
  readonly closeRules: CloseRules
}

const defaultBackoff: Required<BackoffOptions> = {
  minDelay: 100,
  baseDelay: 1_000,
  maxDelay: 30_000,
  maxHiddenDelay: 120_000,
  maxAttempts: Infinity,
  minUptime: 5_000,
}

export const names =
  'url, token, wire, WebSocket, protocols, backoff, attemptTimeout, diagnose, outbox, closeCodes, store, ports, contract'

/** @throws {HoldfastError} `misuse` */
export function resolveOptions(options: ClientOptions, report: Ports['report']): Resolved {
  const { url, backoff, attemptTimeout = 10_000 } = options
  if (typeof url !== 'function') resolveUrl(url, 'ws://localhost')
  checkNames(Object.keys(options), names)
  const custom = typeof backoff === 'function' ? backoff : undefined
  const numbers = { ...defaultBackoff, ...(custom ? {} : given(backoff as BackoffOptions)) }
  const limits: Record<string, number & string> = {
    ...numbers,
    ...given(options.outbox),
    attemptTimeout,
  } as never
  for (const [name, value] of Object.entries(limits))
    if (!(value >= 0 || (name === 'overflow' && /^(reject|drop-oldest)$/.test(value))))
      throw misuse(`${name} cannot be ${String(value)}`)
  for (const [code, rule] of Object.entries(given(options.closeCodes)))
    if (!isRule(rule)) throw misuse(`closeCodes ${code} cannot be ${JSON.stringify(rule)}`)

  return {
    policy: { ...numbers, attemptTimeout, asksDelay: custom !== undefined },
    delay({ failures, cause }, { random, isHidden = false }) {
      try {
        return custom?.({ failures, cause, random, isHidden }) ?? NaN
      } catch (error) {
        report(error)
        return NaN
      }
    },
    closeRules: { ...defaultCloseRules, ...options.closeCodes },
  }
}

function isRule(rule: CloseRule | null | undefined): boolean {
  const { reason, action = 'fatal', delay = [0, 0], limit = 0 } = rule ?? {}
  return (
    typeof reason === 'string' &&
    /^(refresh|fatal)$/.test(action) &&
    delay[0] >= 0 &&
    delay[0] <= delay[1] &&
    limit >= 0
  )
}
