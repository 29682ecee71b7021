import { decodeText, isClientControl } from '@holdfast/protocol'
import type { Hi, Payload } from '@holdfast/protocol'
import type { Authenticator } from './authentication.ts'
import type { Connection } from './connection.ts'
import { createDeadlines } from './deadlines.ts'
import { keptRequest } from './kept-request.ts'
import type { Authentication, Policy } from './options.ts'
import { troubleHint } from './trouble.ts'

/** Takes connections from the banner to the moment when it is known whose they are. */
export interface Greeting {
  /** How many connections are at it. */
  readonly size: number
  has(connection: Connection): boolean
  /** Speaks first, and waits for the client's greeting. */
  begin(connection: Connection): void
  /** Ends them all. */
  close(code: number, reason: string): void
}

export interface GreetingPorts {
  readonly policy: Policy
  readonly authenticator: Authenticator
  /** Whose connection it is, is known; from here on it belongs to somebody else. */
  greeted(connection: Connection, hi: Hi, authentication: Authentication): void
  /** Closes the connection. */
  refused(connection: Connection, code: number, why: string, reason?: string, error?: unknown): void
}

/** A connection that has not greeted. */
interface Newcomer {
  readonly connection: Connection
  /** Tells the application that its answer is of no use any more; none before it was asked. */
  forget: (() => void) | undefined
}

const banner = '["holdfast",{"v":1}]'
/** How large a greeting may be, in bytes. */
export const maxGreetingBytes = 65_536

export function createGreeting({ policy, authenticator, greeted, refused }: GreetingPorts): Greeting {
  const newcomers = new Map<Connection, Newcomer>()
  const overdue = createDeadlines<Newcomer>(policy.ports.clock, policy.greetingTimeout, (newcomer) =>
    newcomer.forget
      ? refuse(newcomer, 1013, 'authenticate takes too long', troubleHint)
      : refuse(newcomer, 4408, 'no greeting in time'),
  )

  const forget = (newcomer: Newcomer): void => {
    newcomers.delete(newcomer.connection)
    overdue.delete(newcomer)
    newcomer.forget?.()
  }

  const refuse = (newcomer: Newcomer, code: number, why: string, reason?: string, error?: unknown): void => {
    forget(newcomer)
    refused(newcomer.connection, code, why, reason, error)
  }

  const received = (newcomer: Newcomer, payload: Payload): void => {
    const { connection } = newcomer
    if (Buffer.byteLength(payload) > maxGreetingBytes) return refuse(newcomer, 1009, 'too large a greeting')
    if (typeof payload !== 'string') return refuse(newcomer, 4400, 'bytes before the greeting')
    const decoded = decodeText(payload, policy.limits.decode, isClientControl)
    if ('fault' in decoded) return refuse(newcomer, decoded.code, decoded.fault)
    if (!('control' in decoded) || decoded.control[0] !== 'hi')
      return refuse(newcomer, 4400, 'a message before the greeting')
    const [, hi] = decoded.control
    // What is typed as 1 may be any version.
    if ((hi.v as number) !== 1) return refuse(newcomer, 4426, `version ${hi.v} is not spoken here`)

    connection.receive = () => refuse(newcomer, 4400, 'a message before ok')
    const { token, session } = hi
    const reason = session === undefined ? 'connect' : 'resume'
    newcomer.forget = authenticator.ask({ token, request: connection.request, reason }, (answer) => {
      if (answer.status === 'refused') return refuse(newcomer, 4401, 'not authenticated', '', answer.error)
      if (answer.status === 'failed')
        return refuse(newcomer, 1013, 'authenticate failed', troubleHint, answer.error)
      forget(newcomer)
      connection.request = keptRequest(connection.request)
      greeted(connection, hi, answer.authentication)
    })
  }

  return {
    get size() {
      return newcomers.size
    },
    has: (connection) => newcomers.has(connection),
    begin(connection) {
      const newcomer: Newcomer = { connection, forget: undefined }
      newcomers.set(connection, newcomer)
      overdue.add(newcomer)
      connection.receive = (payload) => received(newcomer, payload)
      connection.ended = () => forget(newcomer)
      connection.exceeded = (code, reason) => refuse(newcomer, code, 'over the limits', reason)
      connection.send(banner)
    },
    close(code, reason) {
      for (const newcomer of [...newcomers.values()]) refuse(newcomer, code, 'the hub is closed', reason)
    },
  }
}
