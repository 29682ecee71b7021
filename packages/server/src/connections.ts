import { createTally } from './addresses.ts'
import { createAdmission } from './admission.ts'
import { createConnection, crowdHint, rateHint } from './connection.ts'
import type { Connection } from './connection.ts'
import { createDeadlines } from './deadlines.ts'
import type { Greeting } from './greeting.ts'
import type { Policy } from './policy.ts'
import type { PageVerdict } from './origins.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import type { Refusals } from './refusals.ts'
import type { HubStage } from './stage.ts'
import { troubleHint } from './trouble.ts'

/** The sockets that a hub has, as many as it may have. */
export interface Connections {
  /** Those that are open or closing. */
  readonly size: number
  readonly accepted: number
  /** Whether not even a refusal is worth a handshake: there are so many, or the hub is as good as gone. */
  readonly isShut: boolean
  /** Takes a socket, and has it greeted or refuses it. `verdict` is that on its page, if that was looked at before. */
  accept(socket: SocketLike, request: RequestLike, verdict?: PageVerdict): Connection | undefined
  /** Resolves when there are none. */
  gone(): Promise<void>
}

interface ConnectionsParts {
  readonly policy: Policy
  readonly stage: HubStage
  readonly refusals: Refusals
  readonly greeting: Greeting
}

/** The words for why a page is not welcome. */
export const whyNot = { origin: 'not from this origin', host: 'not for this host' } as const
/** How long a client may take to answer the close of its connection, in milliseconds. */
const closeTimeout = 3_000

export function createConnections({ policy, stage, refusals, greeting }: ConnectionsParts): Connections {
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

  /** Lets a connection in that nothing else speaks against, or sends it away until there is room for it. */
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
    get isShut() {
      return all.size >= maxHandshakes || stage.current === 'closed'
    },
    accept(socket, request, verdict) {
      // The close of a socket that is closed already would never be heard of.
      if (socket.readyState > 1) return undefined
      if (stage.current === 'closed') {
        socket.onerror = () => {}
        socket.close(1012, stage.hint)
        refusals.announce({ code: 1012, why: 'the hub is closed', request })
        return undefined
      }
      const known = policy.addressOf(request)
      const address = known ?? ''
      // Those that are turned away stay until they answer: one address must not use up what there is for all.
      if (addresses.count(address) >= maxHandshakesPerAddress) {
        drop(socket)
        refusals.announce({ code: 4429, why: 'too many connections of one address', request })
        return undefined
      }
      const isCrowd = addresses.isFull(address)
      const connection = createConnection(socket, request, address, host)
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

/** Room for those that are turned away, and have not answered that yet. */
function withSlack(max: number): number {
  return max + Math.max(100, max / 10)
}

/** Closes a socket without a word, and without waiting for its client. */
function drop(socket: SocketLike): void {
  socket.onerror = () => {}
  if (socket.terminate) socket.terminate()
  else socket.close(4429, rateHint)
}
