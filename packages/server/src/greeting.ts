import { decodeText, isClientControl } from '@holdfast/protocol'
import type { Hi, Payload } from '@holdfast/protocol'
import type { Authenticator } from './authentication.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import { createDeadlines } from './deadlines.ts'
import type { Deadlines } from './deadlines.ts'
import type { Policy } from './policy.ts'
import type { Refusals } from './refusals.ts'
import type { RefusalDetails } from './session-record.ts'
import type { Sessions } from './sessions.ts'
import { troubleHint } from './trouble.ts'

/** Handles connections from the banner until their identity is known. */
export interface Greeting {
  /** The number of connections that are greeting. */
  readonly size: number
  has(connection: Connection): boolean
  /** Sends the banner, and waits for the client's greeting. */
  begin(connection: Connection): void
  /** Ends them all. */
  close(code: number, reason: string): void
}

const banner = '["holdfast",{"v":1}]'
/** The maximum size of a greeting, in bytes. */
export const maxGreetingBytes = 65_536

interface GreetingParts {
  readonly policy: Policy
  readonly authenticator: Authenticator
  readonly refusals: Refusals
  readonly sessions: Sessions
}

export function createGreeting(greetingParts: GreetingParts): Greeting {
  const { policy } = greetingParts
  const newcomers = new Map<Connection, Newcomer>()
  const overdue = createDeadlines<Newcomer>(policy.ports.clock, policy.greetingTimeout, (newcomer) =>
    newcomer.timeOut(),
  )
  const parts = { ...greetingParts, newcomers, overdue }

  return {
    get size() {
      return newcomers.size
    },
    has: (connection) => newcomers.has(connection),
    begin: (connection) => new Newcomer(parts, connection).begin(),
    close(code, reason) {
      for (const newcomer of [...newcomers.values()]) newcomer.refuse(code, 'the hub is closed', { reason })
    },
  }
}

interface NewcomerParts extends GreetingParts {
  readonly newcomers: Map<Connection, Newcomer>
  readonly overdue: Deadlines<Newcomer>
}

/** Owns a connection until its identity is known. */
class Newcomer implements ConnectionOwner {
  readonly #parts: NewcomerParts
  readonly #connection: Connection
  /** Aborts the authentication; undefined before it starts. */
  #abort: (() => void) | undefined

  constructor(parts: NewcomerParts, connection: Connection) {
    this.#parts = parts
    this.#connection = connection
  }

  begin(): void {
    this.#parts.newcomers.set(this.#connection, this)
    this.#parts.overdue.add(this)
    this.#connection.take(this)
    this.#connection.send(banner)
  }

  timeOut(): void {
    if (this.#abort) this.refuse(1013, 'authenticate takes too long', { reason: troubleHint })
    else this.refuse(4408, 'no greeting in time')
  }

  refuse(code: number, why: string, details?: RefusalDetails): void {
    this.#leave()
    this.#parts.refusals.refuse(this.#connection, code, why, details)
  }

  ended(): void {
    this.#leave()
  }

  exceeded(code: number, reason: string): void {
    this.refuse(code, 'over the limits', { reason })
  }

  receive(payload: Payload): void {
    if (this.#abort) return this.refuse(4400, 'a message before ok')
    if (Buffer.byteLength(payload) > maxGreetingBytes) return this.refuse(1009, 'too large a greeting')
    if (typeof payload !== 'string') return this.refuse(4400, 'bytes before the greeting')
    const decoded = decodeText(payload, this.#parts.policy.limits.decode, isClientControl)
    if ('fault' in decoded) return this.refuse(decoded.code, decoded.fault)
    if (!('control' in decoded) || decoded.control[0] !== 'hi')
      return this.refuse(4400, 'a message before the greeting')
    const [, hi] = decoded.control
    // The version that is typed as 1 may be any.
    if ((hi.v as number) !== 1) return this.refuse(4426, `version ${hi.v} is not spoken here`)
    this.#authenticate(hi)
  }

  #authenticate(hi: Hi): void {
    const { request } = this.#connection
    const reason = hi.session === undefined ? 'connect' : 'resume'
    this.#abort = this.#parts.authenticator.ask({ token: hi.token, request, reason }, (answer) => {
      if (answer.status === 'refused')
        return this.refuse(4401, 'not authenticated', { reason: '', error: answer.error })
      if (answer.status === 'failed')
        return this.refuse(1013, 'authenticate failed', { reason: troubleHint, error: answer.error })
      this.#leave()
      this.#connection.shedRequest()
      this.#parts.sessions.admit(this.#connection, hi, answer.authentication)
    })
  }

  #leave(): void {
    this.#parts.newcomers.delete(this.#connection)
    this.#parts.overdue.delete(this)
    this.#abort?.()
  }
}
