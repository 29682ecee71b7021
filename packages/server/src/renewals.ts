import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'
import type { AuthenticateAnswer, Authenticator } from './authentication.ts'
import type { Authentication } from './authenticate.ts'
import type { Policy } from './policy.ts'
import type { SessionRecord } from './session-record.ts'
import { troubleHint } from './trouble.ts'

/** Keeps what is known of the identity of clients fresh, in place. */
export interface Renewals {
  /** Records how long the authentication of a greeting is valid. */
  watch(record: SessionRecord, authentication: Authentication): void
  /** Asks the client for a fresh token. */
  ask(record: SessionRecord): void
  /** The client sent a token. */
  token(record: SessionRecord, token: string): void
  /** The session ends. */
  stop(record: SessionRecord): void
}

/** How long before its expiry a token is renewed, and how long that may take, in milliseconds. */
const lead = 60_000
const renewTimeout = 30_000
/**
 * The shortest time between renewals, and the shortest limit for each, in milliseconds: an `expiresIn` in seconds by
 * mistake would make the client fetch tokens all the time.
 */
const shortestRenewal = 5_000
/** How long to wait before the application is asked again, in milliseconds: at first, and after many times. */
const firstPause = 1_000
const longestPause = 10_000

interface RenewalParts {
  readonly policy: Policy
  readonly authenticator: Authenticator
  /** Most sessions need none. */
  readonly renewals: Map<SessionRecord, Renewal>
}

export function createRenewals(policy: Policy, authenticator: Authenticator): Renewals {
  const renewals = new Map<SessionRecord, Renewal>()
  const parts = { policy, authenticator, renewals }
  const renewalOf = (record: SessionRecord): Renewal =>
    renewals.get(record) ?? new Renewal(parts, record, Infinity)

  return {
    watch: (record, authentication) => follow(parts, record, authentication, 0),
    ask(record) {
      if (record.line) renewalOf(record).ask(renewTimeout)
    },
    token: (record, token) => renewalOf(record).check(token),
    stop: (record) => renewals.get(record)?.stop(),
  }
}

/** Renewals keep a distance; the first may come at any time. */
function follow(
  parts: RenewalParts,
  record: SessionRecord,
  { expiresIn }: Authentication,
  soonest: number,
): void {
  parts.renewals.get(record)?.stop()
  if (record.stage === 'ended' || expiresIn === undefined || expiresIn === Infinity) return
  const { warn, ports } = parts.policy
  if (expiresIn < 2 * shortestRenewal) warn('expiresIn', tooShort(expiresIn))
  const early = Math.min(lead, expiresIn / 2)
  const wait = Math.max(expiresIn - early, soonest)
  const within = Math.max(shortestRenewal, Math.min(renewTimeout, early))
  const expiresAt = ports.clock.now() + Math.max(expiresIn, wait + within)
  new Renewal(parts, record, expiresAt).begin(wait, within)
}

/** The renewal of one authentication of one session. */
class Renewal {
  readonly #parts: RenewalParts
  readonly #record: SessionRecord
  /** When the authentication expires. */
  readonly #expiresAt: number
  /** The timer that asks the client for a token, or the application again about the last one. */
  #timer: unknown
  /** The timer that closes the connection; undefined while no answer is expected. */
  #deadline: unknown
  /** The last token of the client, until it is checked. */
  #token: string | undefined
  /** Abandons the check. */
  #forget: (() => void) | undefined
  #pause = firstPause
  #error: unknown

  constructor(parts: RenewalParts, record: SessionRecord, expiresAt: number) {
    this.#parts = parts
    this.#record = record
    this.#expiresAt = expiresAt
    parts.renewals.set(record, this)
  }

  begin(wait: number, within: number): void {
    this.#timer = this.#clock.setTimer(() => this.ask(within), Math.min(wait, longestTimer))
  }

  /** Asks the client for a fresh token. */
  ask(within: number): void {
    const { line } = this.#record
    if (!line) return
    line.control(['renew'])
    // A client that sent a token waits for the server.
    if (this.#token !== undefined) return
    this.#deadline ??= this.#clock.setTimer(() => {
      this.stop()
      this.#record.refuse(4401, 'no fresh token in time')
    }, within)
  }

  /** The client has brought a token. */
  check(token: string): void {
    // One check at a time, whatever the client does.
    const isUnderWay = this.#token !== undefined
    this.#token = token
    if (isUnderWay) return
    this.#clock.clearTimer(this.#timer)
    this.#clock.clearTimer(this.#deadline)
    this.#deadline = undefined
    if (this.#expiresAt < Infinity) this.#expire()
    this.#judge()
  }

  stop(): void {
    const { renewals } = this.#parts
    if (renewals.get(this.#record) !== this) return
    renewals.delete(this.#record)
    this.#clock.clearTimer(this.#timer)
    this.#clock.clearTimer(this.#deadline)
    this.#forget?.()
  }

  get #clock(): Clock {
    return this.#parts.policy.ports.clock
  }

  /** A token that cannot be checked does not extend the validity of the one before it. */
  #expire(): void {
    const wait = Math.min(Math.max(0, this.#expiresAt - this.#clock.now()), longestTimer)
    this.#deadline = this.#clock.setTimer(() => {
      this.stop()
      this.#record.refuse(1013, 'authenticate failed', { reason: troubleHint, error: this.#error })
    }, wait)
  }

  /** Asks the application about the last token of the client. */
  #judge(): void {
    const { policy, authenticator } = this.#parts
    const { connection } = this.#record
    if (!connection) return this.stop()
    const { request } = connection
    const token = this.#token!
    let isOpen = true
    const forget = authenticator.ask({ token, request, reason: 'renew' }, (answer) => {
      isOpen = false
      this.#answered(token, answer)
    })
    if (!isOpen) return
    this.#forget = forget
    this.#timer = this.#clock.setTimer(() => {
      forget()
      this.#forget = undefined
      policy.warn(
        'renewal',
        'authenticate takes too long for a fresh token; it is asked again until the old one expires',
      )
      this.#askAgain()
    }, policy.greetingTimeout)
  }

  #answered(token: string, answer: AuthenticateAnswer): void {
    const record = this.#record
    this.#forget = undefined
    this.#clock.clearTimer(this.#timer)
    if (answer.status === 'failed') return this.#askAgain(answer.error)
    if (this.#token !== token) return this.#judge()
    if (answer.status === 'refused') {
      this.stop()
      return record.refuse(4401, 'the fresh token is refused', { error: answer.error })
    }
    const { authentication } = answer
    if (authentication.identity !== record.identity) return record.end('identity', 4410)
    if (authentication.data !== undefined) record.peer.data = authentication.data
    follow(this.#parts, record, authentication, shortestRenewal)
  }

  #askAgain(error?: unknown): void {
    this.#error = error
    this.#timer = this.#clock.setTimer(() => this.#judge(), this.#pause)
    this.#pause = Math.min(longestPause, this.#pause * 2)
  }
}

function tooShort(expiresIn: number): string {
  return (
    `authenticate gave an expiresIn of ${expiresIn} ms, and fresh tokens are asked for every ` +
    `${shortestRenewal} ms at most. It is in milliseconds: write \`expiresIn: seconds * 1_000\``
  )
}
