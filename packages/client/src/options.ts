import { checkTime, defaultCloseRules, given, misuse, namesOf, reportRejection } from '@holdfast/protocol'
import type { CloseRule, CloseRules, OutboxOptions, Schemas } from '@holdfast/protocol'
import type { AttemptOptions } from './connection/preparation.ts'
import { pickBackoff } from './connection/backoff.ts'
import type { BackoffOptions } from './connection/backoff.ts'
import type { Cause } from './connection/cause.ts'
import type { DelayQuestion, Diagnosis, Policy, RunnableDiagnosis } from './connection/states.ts'
import type { Sample } from './connection/sleep.ts'
import { closeTimeout } from './connection/times.ts'
import { pagePolicy } from './connection/page-policy.ts'
import { systemPorts } from './platform/ports.ts'
import type { Ports } from './platform/ports.ts'
import { resolveUrl } from './platform/url.ts'
import type { Store, WrappingStore } from './store.ts'
import type { BindableWire, Wire } from './wire/wire.ts'

/** The options of `createClient`. Only `url` is required. */
export interface ClientOptions extends AttemptOptions {
  /**
   * How the client communicates with the server: `plain()` for any JSON server, `session()` for `@holdfast/server`.
   *
   * @default plain()
   */
  readonly wire?: Wire
  /**
   * The delay between attempts. A function returns the delay in milliseconds.
   *
   * The result of a function is raised to the delay that the server requested. The default delay applies when the
   * function throws or returns anything but a number of 0 or more.
   */
  readonly backoff?: BackoffOptions | ((context: BackoffContext) => number)
  /**
   * How long one connection attempt may take, in milliseconds, from requesting the token and the URL to being open.
   *
   * When it passes, the attempt counts as failed and is retried, with twice and then three times the time. Does not
   * limit the wait between attempts; see {@link ClientOptions.backoff}. Browsers may delay a dial for 5 s, so avoid a
   * short timeout.
   *
   * @default 10_000
   */
  readonly attemptTimeout?: number
  /**
   * Determines why no socket opens, because sockets do not report it: `overHttp()`, or your own function in
   * `diagnosis()`.
   *
   * The client calls it after the third failure in a row, and after each further three. Without it the client makes
   * no requests except those of its sockets, and the cause stays `unreachable`.
   *
   * @default none
   */
  readonly diagnose?: Diagnosis
  /** The bounds of the queue of messages that wait for the connection. */
  readonly outbox?: OutboxOptions
  /**
   * Rules for close codes, which extend and override the {@link defaultCloseRules}.
   *
   * @example
   * createClient({ url, closeCodes: { 4100: { reason: 'kicked', action: 'fatal' } } })
   */
  readonly closeCodes?: CloseRules
  /**
   * Keeps sent messages on disk until they have an outcome, so that they survive a reload or a crash of the page:
   * `store()` of `holdfast/store`. Requires `session()`.
   */
  readonly store?: Store
  /**
   * The clock, randomness, platform signals, and the receiver of listener exceptions. For tests and special
   * platforms.
   */
  readonly ports?: Partial<Ports>
}

/** The argument of a `backoff` function. */
export interface BackoffContext {
  /**
   * The number of failed attempts in a row, minus those that the uptime of a lost connection has offset; 0 right
   * after a connection ended that was stable or lived for a second.
   */
  readonly failures: number
  readonly cause: Cause
  /** A random number in [0, 1) for computing the delay. */
  readonly random: number
  /** Whether the page is hidden. */
  readonly isHidden: boolean
}

export interface Resolved {
  readonly ports: Ports
  readonly wire: BindableWire
  readonly contract: Schemas | undefined
  readonly store: WrappingStore | undefined
  readonly diagnose: RunnableDiagnosis
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
export function resolveOptions(options: ClientOptions & { readonly contract?: Schemas }): Resolved {
  const {
    url,
    wire,
    contract,
    store,
    diagnose,
    token,
    backoff,
    attemptTimeout = 10_000,
  } = given(options, names)
  const ports: Ports = { ...systemPorts, ...given(options.ports, namesOf(systemPorts)) }
  const { report } = ports
  if (typeof url !== 'function') resolveUrl(url!, 'ws://localhost')
  const custom = typeof backoff === 'function' ? backoff : undefined
  const numbers = {
    ...defaultBackoff,
    ...given(custom ? undefined : (backoff as BackoffOptions), namesOf(defaultBackoff)),
  }
  const limits: Record<string, number & string> = {
    ...numbers,
    ...given(options.outbox, 'maxMessages, maxBytes, overflow, highWaterBytes'),
    attemptTimeout,
  } as never
  for (const [name, value] of Object.entries(limits))
    if (name !== 'overflow') checkTime(name, value)
    else if (!/^(reject|drop-oldest)$/.test(value)) throw misuse('overflow must be reject or drop-oldest')
  for (const [code, rule] of Object.entries(given(options.closeCodes)))
    if (!isRule(rule)) throw misuse(`closeCodes ${code} must be { reason }`)

  const isContract = !contract || contract.schemas
  if (
    wire?.maxPayloadBytes === undefined ||
    (store && !store.wrap) ||
    (diagnose && !diagnose.begin) ||
    (token && typeof token !== 'function') ||
    !isContract
  )
    throw misuse(
      'write wire: session(), store: store({ name }), diagnose: overHttp(), token: () => token, contract: schemas({})',
    )

  return {
    ports,
    wire: wire as BindableWire,
    contract,
    store: store as WrappingStore | undefined,
    diagnose: (diagnose ?? pagePolicy) as RunnableDiagnosis,
    policy: { ...numbers, attemptTimeout, closeTimeout, delay: pickBackoff, asksDelay: custom !== undefined },
    delay({ failures, cause }, { random, isHidden = false }) {
      try {
        const delay = custom?.({ failures, cause, random, isHidden }) ?? NaN
        reportRejection(delay, report)
        return delay
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
