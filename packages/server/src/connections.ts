import type { Writable } from 'node:stream'
import { createTally } from './addresses.ts'
import { createAdmission } from './admission.ts'
import { createConnection, crowdHint, rateHint } from './connection.ts'
import type { Connection } from './connection.ts'
import type { Counters } from './counters.ts'
import { createDeadlines } from './deadlines.ts'
import type { Greeting } from './greeting.ts'
import type { Policy } from './policy.ts'
import type { PageVerdict } from './origins.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import type { Refusals } from './refusals.ts'
import { SharedFrames } from './shared-frames.ts'
import type { HubStage } from './stage.ts'
import { troubleHint } from './trouble.ts'

/** The sockets of a hub, up to its limits. */
export interface Connections {
  /** Those that are open or closing. */
  readonly size: number
  readonly accepted: number
  /** Whether further ones would be refused: there are as many as the limit allows. */
  readonly isFull: boolean
  /** Whether upgrades are refused without a handshake: there are too many connections, or the hub is closing. */
  readonly isShut: boolean
  /**
   * Accepts a socket, and greets or refuses it. `verdict` is the result of the page check, if it was checked before;
   * `transport` takes the frames of the socket, if it is known.
   */
  accept(
    socket: SocketLike,
    request: RequestLike,
    verdict?: PageVerdict,
    transport?: Writable,
  ): Connection | undefined
  /** Resolves when there are none. */
  gone(): Promise<void>
}

interface ConnectionsParts {
  readonly policy: Policy
  readonly counters: Counters
  readonly stage: HubStage
  readonly refusals: Refusals
  readonly greeting: Greeting
}

/** The descriptions of why a page is refused. */
export const whyNot = { origin: 'not from this origin', host: 'not for this host' } as const
/** How long a client may take to answer the close of its connection, in milliseconds. */
const closeTimeout = 3_000

export function createConnections(parts: ConnectionsParts): Connections {
  const { policy, counters, stage, refusals, greeting } = parts
  const { limits, ports } = policy
  const all = new Set<Connection>()
  const addresses = createTally(limits.maxConnectionsPerAddress)
  const { admissionRate, admissionBurst, maxConnections } = limits
  const admission = admissionRate < Infinity ? createAdmission(admissionRate, admissionBurst) : undefined
  const closing = createDeadlines<Connection>(ports.clock, closeTimeout, (connection) => connection.giveUp())
  const maxHandshakes = withSlack(maxConnections)
  const maxHandshakesPerAddress = withSlack(limits.maxConnectionsPerAddress)
  let accepted = 0
  let onGone: (() => void)[] = []

  const host = {
    policy,
    counters,
    frames: new SharedFrames(),
    closing,
    gone(connection: Connection): void {
      if (!all.delete(connection)) return
      addresses.delete(connection.address)
      if (all.size > 0) return
      for (const resolve of onGone) resolve()
      onGone = []
    },
  }

  const refuse = (connection: Connection, code: number, why: string, reason?: string): void =>
    refusals.refuse(connection, code, why, reason === undefined ? {} : { reason })

  /** Admits a connection that passed all other checks, or assigns it a retry time. */
  const admit = (connection: Connection): void => {
    const after = admission?.ask(ports.clock.now())
    if (after) return refuse(connection, 1013, 'too many connections at once', JSON.stringify({ after }))
    accepted++
    greeting.begin(connection)
  }

  return {
    get size() {
      return all.size
    },
    get accepted() {
      return accepted
    },
    get isFull() {
      return all.size >= maxConnections
    },
    get isShut() {
      return all.size >= maxHandshakes || stage.current === 'closed'
    },
    accept(socket, request, verdict, transport) {
      // The close of a closed socket would never be reported.
      if (socket.readyState > 1) return undefined
      if (stage.current === 'closed') {
        socket.onerror = () => {}
        socket.close(1012, stage.hint)
        refusals.announce({ code: 1012, why: 'the hub is closed', request })
        return undefined
      }
      const known = policy.addressOf(request)
      const address = known ?? ''
      // Refused connections stay until they answer: one address must not use up the capacity for all.
      if (addresses.count(address) >= maxHandshakesPerAddress) {
        drop(socket)
        refusals.announce({ code: 4429, why: 'too many connections of one address', request })
        return undefined
      }
      const isCrowd = addresses.isFull(address)
      const connection = createConnection(socket, request, address, host, transport)
      all.add(connection)
      addresses.add(address)
      if (stage.current !== 'open') {
        refuse(connection, 1012, 'the hub is closed', stage.hint)
        return connection
      }
      const page = verdict ?? policy.checkPage(request)
      if (page === 'origin' || page === 'host') refuse(connection, 4403, whyNot[page])
      else if (page === 'failed') refuse(connection, 1013, 'origins failed', troubleHint)
      else if (known === undefined) refuse(connection, 1013, 'address failed', troubleHint)
      else if (all.size > maxConnections) refuse(connection, 1013, 'too many connections', crowdHint)
      else if (isCrowd) refuse(connection, 4429, 'too many connections of one address', rateHint)
      else admit(connection)
      return connection
    },
    gone: () => (all.size === 0 ? Promise.resolve() : new Promise((resolve) => onGone.push(resolve))),
  }
}

/** Capacity for refused connections that have not answered the close yet. */
function withSlack(max: number): number {
  return max + Math.max(100, max / 10)
}

/** Closes a socket without a code, and without waiting for its client. */
function drop(socket: SocketLike): void {
  socket.onerror = () => {}
  if (socket.terminate) socket.terminate()
  else socket.close(4429, rateHint)
}
