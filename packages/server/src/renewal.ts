import { longestTimer } from '@holdfast/protocol'
import type { AuthenticateAnswer, Authenticator } from './authentication.ts'
import type { Authentication } from './authenticate.ts'
import type { Policy } from './policy.ts'
import type { SessionRecord } from './session-record.ts'
import { troubleHint } from './trouble.ts'

/** Keeps what is known of a client's identity fresh, in place. */
export interface Renewal {
  /** Takes down how long the authentication of a greeting holds. */
  watch(record: SessionRecord, authentication: Authentication): void
  /** Asks the client for a fresh token. */
  ask(record: SessionRecord): void
  /** The client has brought one. */
  token(record: SessionRecord, token: string): void
  /** The session ends. */
  stop(record: SessionRecord): void
}

/** How long before its end a token is renewed, and how long that may take, in milliseconds. */
const lead = 60_000
const renewTimeout = 30_000
/**
 * How far apart renewals are at least, and how long each may take at least, in milliseconds: an `expiresIn` that was
 * meant in seconds would have the client fetch tokens all the time.
 */
const shortestRenewal = 5_000
/** How long to wait before the application is asked again, in milliseconds: at first, and after many times. */
const firstPause = 1_000
const longestPause = 10_000

/** What is under way for one session. */
interface Watch {
  /** When the client is to be asked for a token, or the application once more whether the last one is good. */
  timer: unknown
  /** When the connection is closed if nothing happens; no time while nobody waits for anything. */
  deadline: unknown
  /** When the authentication expires. */
  readonly expiresAt: number
  /** The last token that the client has brought, until it is known whether it is good. */
  token: string | undefined
  /** Gives up the question whether it is. */
  forget: (() => void) | undefined
  pause: number
  error: unknown
}

export function createRenewal(policy: Policy, authenticator: Authenticator): Renewal {
  const { warn } = policy
  const { clock } = policy.ports
  // Most sessions need none of this.
  const watches = new Map<SessionRecord, Watch>()

  const newWatch = (record: SessionRecord, expiresAt: number): Watch => {
    const watch: Watch = {
      timer: undefined,
      deadline: undefined,
      expiresAt,
      token: undefined,
      forget: undefined,
      pause: firstPause,
      error: undefined,
    }
    watches.set(record, watch)
    return watch
  }

  const watchOf = (record: SessionRecord): Watch => watches.get(record) ?? newWatch(record, Infinity)

  const stop = (record: SessionRecord): void => {
    const watch = watches.get(record)
    if (!watch) return
    watches.delete(record)
    clock.clearTimer(watch.timer)
    clock.clearTimer(watch.deadline)
    watch.forget?.()
  }

  const ask = (record: SessionRecord, within = renewTimeout): void => {
    if (!record.line) return
    record.line.control(['renew'])
    const watch = watchOf(record)
    // A client that has brought one waits for us.
    if (watch.token !== undefined) return
    watch.deadline ??= clock.setTimer(() => {
      stop(record)
      record.refuse(4401, 'no fresh token in time')
    }, within)
  }

  /** A token that cannot be checked lets the client stay for no longer than the one before it. */
  const expireAt = (record: SessionRecord, watch: Watch): void => {
    const wait = Math.min(Math.max(0, watch.expiresAt - clock.now()), longestTimer)
    watch.deadline = clock.setTimer(() => {
      stop(record)
      record.refuse(1013, 'authenticate failed', { reason: troubleHint, error: watch.error })
    }, wait)
  }

  /** Renewals follow one another at a distance; the first may come at any time. */
  const follow = (record: SessionRecord, { expiresIn }: Authentication, soonest: number): void => {
    stop(record)
    if (record.stage === 'ended' || expiresIn === undefined || expiresIn === Infinity) return
    if (expiresIn < 2 * shortestRenewal) warn('expiresIn', tooShort(expiresIn))
    const early = Math.min(lead, expiresIn / 2)
    const wait = Math.max(expiresIn - early, soonest)
    const within = Math.max(shortestRenewal, Math.min(renewTimeout, early))
    const watch = newWatch(record, clock.now() + Math.max(expiresIn, wait + within))
    watch.timer = clock.setTimer(() => ask(record, within), Math.min(wait, longestTimer))
  }

  /** Asks the application about the last token of the client. */
  const judge = (record: SessionRecord, watch: Watch): void => {
    const { connection } = record
    if (!connection) return stop(record)
    const { request } = connection
    const token = watch.token!
    let isOpen = true
    const answered = (answer: AuthenticateAnswer): void => {
      isOpen = false
      watch.forget = undefined
      clock.clearTimer(watch.timer)
      if (answer.status === 'failed') return askAgain(record, watch, answer.error)
      if (watch.token !== token) return judge(record, watch)
      if (answer.status === 'refused') {
        stop(record)
        return record.refuse(4401, 'the fresh token is refused', { error: answer.error })
      }
      const { authentication } = answer
      if (authentication.identity !== record.identity) return record.end('identity', 4410)
      if (authentication.data !== undefined) record.peer.data = authentication.data
      follow(record, authentication, shortestRenewal)
    }
    const forget = authenticator.ask({ token, request, reason: 'renew' }, answered)
    if (!isOpen) return
    watch.forget = forget
    watch.timer = clock.setTimer(() => {
      forget()
      watch.forget = undefined
      warn(
        'renewal',
        'authenticate takes too long for a fresh token; it is asked again until the old one expires',
      )
      askAgain(record, watch)
    }, policy.greetingTimeout)
  }

  const askAgain = (record: SessionRecord, watch: Watch, error?: unknown): void => {
    watch.error = error
    watch.timer = clock.setTimer(() => judge(record, watch), watch.pause)
    watch.pause = Math.min(longestPause, watch.pause * 2)
  }

  return {
    watch: (record, authentication) => follow(record, authentication, 0),
    ask,
    stop,
    token(record, token) {
      const watch = watchOf(record)
      // One question at a time, whatever the client does.
      const isUnderWay = watch.token !== undefined
      watch.token = token
      if (isUnderWay) return
      clock.clearTimer(watch.timer)
      clock.clearTimer(watch.deadline)
      watch.deadline = undefined
      if (watch.expiresAt < Infinity) expireAt(record, watch)
      judge(record, watch)
    },
  }
}

function tooShort(expiresIn: number): string {
  return (
    `authenticate gave an expiresIn of ${expiresIn} ms, and fresh tokens are asked for every ` +
    `${shortestRenewal} ms at most. It is in milliseconds: write \`expiresIn: seconds * 1_000\``
  )
}
