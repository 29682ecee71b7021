import { longestTimer } from '@holdfast/protocol'
import type { Authenticator } from './authentication.ts'
import type { Held } from './held.ts'
import type { Authentication, Policy } from './options.ts'

/** Keeps what is known of a client's identity fresh, in place. */
export interface Renewal {
  /** Takes down how long an authentication holds. */
  watch(held: Held, authentication: Authentication): void
  /** Asks the client for a fresh token. */
  ask(held: Held): void
  /** The client has brought one. */
  token(held: Held, token: string): void
}

export interface RenewalPorts {
  readonly policy: Policy
  readonly authenticator: Authenticator
  /** The token was refused, or did not come. */
  expired(held: Held, why: string, error?: unknown): void
  /** The token belongs to somebody else. */
  changed(held: Held): void
}

/** How long before its end a token is renewed, and how long that may take, in milliseconds. */
const lead = 60_000
const renewTimeout = 30_000

/** What is under way for one session. */
interface Watch {
  timer: unknown
  /** When the client must have brought a token that is good; no time while nobody waits for one. */
  deadline: unknown
  /** Gives up the question whether the last token is good. */
  forget: (() => void) | undefined
  /** A token that came meanwhile. */
  next: string | undefined
}

export function createRenewal({ policy, authenticator, expired, changed }: RenewalPorts): Renewal {
  const { clock } = policy.ports
  // Most sessions need none of this.
  const watches = new Map<Held, Watch>()

  const watchOf = (held: Held): Watch => {
    let watch = watches.get(held)
    if (!watch) {
      watch = { timer: undefined, deadline: undefined, forget: undefined, next: undefined }
      watches.set(held, watch)
      held.stopRenewal = () => stop(held)
    }
    return watch
  }

  const stop = (held: Held): void => {
    const watch = watches.get(held)
    if (!watch) return
    watches.delete(held)
    held.stopRenewal = undefined
    clock.clearTimer(watch.timer)
    clock.clearTimer(watch.deadline)
    watch.forget?.()
  }

  const fail = (held: Held, why: string, error?: unknown): void => {
    stop(held)
    expired(held, why, error)
  }

  const expect = (held: Held, within: number): void => {
    const watch = watchOf(held)
    watch.deadline ??= clock.setTimer(() => fail(held, 'no fresh token in time'), within)
  }

  const ask = (held: Held, within = renewTimeout): void => {
    if (!held.line) return
    held.line.control(['renew'])
    expect(held, within)
  }

  const watch = (held: Held, { expiresIn }: Authentication): void => {
    stop(held)
    if (held.stage === 'ended' || expiresIn === undefined || expiresIn === Infinity) return
    const early = Math.min(lead, expiresIn / 2)
    const due = (): void => ask(held, Math.min(renewTimeout, early))
    watchOf(held).timer = clock.setTimer(due, Math.min(expiresIn - early, longestTimer))
  }

  const judge = (held: Held, token: string): void => {
    const { connection } = held
    if (!connection) return
    expect(held, renewTimeout)
    const current = watchOf(held)
    const { request } = connection
    const done = (answer: Authentication | undefined, error: unknown): void => {
      const { next } = current
      current.forget = current.next = undefined
      if (next !== undefined) return judge(held, next)
      if (!answer) return fail(held, 'the fresh token is refused', error)
      if (answer.identity !== held.identity) return changed(held)
      if (answer.data !== undefined) held.peer.data = answer.data
      watch(held, answer)
    }
    current.forget = authenticator.ask({ token, request, reason: 'renew' }, done)
  }

  return {
    watch,
    ask,
    token(held, token) {
      // One question at a time, whatever the client does.
      const current = watches.get(held)
      if (current?.forget) current.next = token
      else judge(held, token)
    },
  }
}
