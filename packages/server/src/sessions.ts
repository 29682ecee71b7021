import { createSession, encodeControl } from '@holdfast/protocol'
import type { Body, Hi, Lost, LostReason, Ok, Payload } from '@holdfast/protocol'
import { crowdHint, rateHint } from './connection.ts'
import type { Connection } from './connection.ts'
import type { Heartbeats } from './heartbeats.ts'
import type { Held } from './held.ts'
import { isLate, noteDial } from './held.ts'
import { createHeldLine } from './held-line.ts'
import type { HeldLinePorts } from './held-line.ts'
import { identityTag } from './identity.ts'
import type { Authentication } from './options.ts'
import type { Producers } from './producers.ts'
import type { Peer } from './peer.ts'
import type { Registry } from './registry.ts'
import { TokenBucket } from './token-bucket.ts'

/** The life of sessions on their connections: begun, confirmed, cut off, resumed. */
export interface Sessions {
  /**
   * What follows the authentication of a greeting, in one step: PROTOCOL.md, section Greeting. Nothing that the ports
   * call may run code of the application before it is over.
   */
  admit(connection: Connection, hi: Hi, authentication: Authentication): void
  /** Takes the session off its connection, and closes that. The session goes on. */
  disconnect(held: Held, code: number, reason: string): void
  /** Takes the session off its connection, which has another owner from now on, if it has one. */
  release(held: Held): Connection | undefined
}

export interface SessionsPorts extends HeldLinePorts {
  readonly registry: Registry
  readonly heartbeats: Heartbeats
  readonly producers: Producers
  newPeer(held: Held, data: unknown): Peer
  /** Ends a session for one of these reasons, and closes its connection with the code. */
  end(held: Held, why: LostReason, code: number, finalCursor: number | undefined): void
  refused(connection: Connection, code: number, why: string, reason?: string): void
  /** The client has its session; from now on it matters for how long it is known who it is. */
  admitted(held: Held, authentication: Authentication): void
  confirmed(held: Held): void
  resumed(held: Held, replayed: number): void
  down(held: Held, code: number, reason: string): void
}

/** After one of these closes, a message that was sent may be at fault. */
const poisonCodes = [1003, 1007, 1009, 4413, 4422]

/**
 * What the resumes of a session may cost: in a second in the long run, and at once. Each message that is replayed costs 1,
 * and so does each KiB of them; the resume itself costs as much as a hundred.
 *
 * A client with a window of 1,024 messages and 1 MiB can resume every second, however little it receives in between.
 */
const replayRate = 4_096
const replayBurst = 65_536
const resumeCost = 100

export function createSessions(sessionsPorts: SessionsPorts): Sessions {
  const { policy, registry, heartbeats, producers, newPeer, end, refused } = sessionsPorts
  const { limits } = policy

  const release = (held: Held): Connection | undefined => {
    const { connection, line } = held
    heartbeats.delete(held)
    line?.close()
    held.connection = held.line = undefined
    return connection
  }

  /** The session has no connection any more. */
  const miss = (held: Held, code: number, reason: string): void => {
    release(held)
    registry.miss(held)
    if (held.stage === 'confirmed') sessionsPorts.down(held, code, reason)
  }

  const disconnect = (held: Held, code: number, reason: string): void => {
    const { connection } = held
    if (!connection) return
    connection.close(code, reason)
    miss(held, code, reason)
  }

  /** A message that is refused twice in a row as the oldest one is at fault: a void frame takes its number. */
  const accuse = (held: Held): boolean => {
    const { session, isSuspect } = held
    held.isSuspect = false
    if (!isSuspect || session.unacknowledged === 0) return false
    const oldest = session.acknowledged + 1
    if (held.suspect === oldest) session.withdraw({ status: 'undelivered', reason: 'rejected' })
    held.suspect = oldest
    return true
  }

  const replayTokens = (held: Held): TokenBucket =>
    (held.replayTokens ??= new TokenBucket(policy.ports.clock, replayRate, replayBurst))

  /** Takes what a resume costs, also if there is less: the next one has to wait then. */
  const chargeReplay = (held: Held): void => {
    let bytes = 0
    for (const [, message] of held.session.replay()) bytes += message?.bytes ?? 0
    replayTokens(held).spend(resumeCost + held.session.unacknowledged + bytes / 1_024)
  }

  const attach = (held: Held, connection: Connection, hi: Hi): void => {
    const { session } = held
    held.connection = connection
    held.maxPayload = hi.maxPayload
    session.window = hi.window
    const line = createHeldLine(sessionsPorts, held, connection, accuse(held))
    held.line = line
    const received = (payload: Payload): void => line.received(payload)
    connection.receive = received
    if (held.stage === 'provisional')
      connection.receive = (payload) => {
        connection.receive = received
        held.stage = 'confirmed'
        registry.confirm(held)
        sessionsPorts.confirmed(held)
        received(payload)
      }
    connection.ended = (code, reason) => {
      held.isSuspect = poisonCodes.includes(code)
      miss(held, code, reason)
    }
    connection.exceeded = (code, reason) => {
      disconnect(held, code, reason)
      refused(connection, code, 'over the limits', reason)
    }
    heartbeats.add(held)
  }

  const sayOk = (held: Held, connection: Connection, lost?: Lost): void => {
    const ok: Ok = {
      session: held.id,
      key: held.key,
      rx: held.session.rx,
      identity: identityTag(held.identity),
      ttl: policy.sessionTimeout,
      ping: policy.pingInterval,
      window: limits.window,
      maxPayload: limits.maxPayloadBytes,
      ...(lost && { lost }),
      producers: producers.offer(held),
    }
    connection.send(encodeControl(['ok', ok]))
  }

  const resume = (held: Held, connection: Connection, hi: Hi): void => {
    const { session, dials } = held
    const old = release(held)
    const fence = hi.client === dials.client ? 1000 : 4409
    old?.close(fence)
    if (old && held.stage === 'confirmed') sessionsPorts.down(held, fence, 'superseded')
    registry.back(held)
    noteDial(dials, hi)
    if (!session.acknowledge(hi.rx!)) {
      end(held, 'protocol', 4400, undefined)
      return refused(connection, 4400, 'an ack of the future')
    }
    attach(held, connection, hi)
    sayOk(held, connection)
    const replayed = session.unacknowledged
    chargeReplay(held)
    if (replayed > 0) held.line?.resume()
    held.outbox?.flush()
    if (held.stage === 'confirmed') sessionsPorts.resumed(held, replayed)
  }

  const begin = (connection: Connection, hi: Hi, authentication: Authentication, lost?: Lost): void => {
    const { client, n, maxPayload } = hi
    const { identity, data } = authentication
    const held = {
      id: registry.newSecret(),
      key: registry.newSecret(),
      identity,
      address: connection.address,
      session: createSession<Body>(),
      peer: undefined as unknown as Peer,
      stage: 'provisional',
      connection: undefined,
      line: undefined,
      maxPayload,
      dials: { client, n, others: undefined },
      outbox: undefined,
      requests: undefined,
      answers: undefined,
      messageTokens: undefined,
      replayTokens: undefined,
      messages: 0,
      bytes: 0,
      isBlocked: false,
      isSuspect: false,
      suspect: 0,
      silences: 0,
      stopRenewal: undefined,
      endListeners: undefined,
      end: undefined,
    } satisfies Held as Held & { peer: Peer }
    held.peer = newPeer(held, data)
    registry.add(held)
    attach(held, connection, hi)
    sayOk(held, connection, lost)
    sessionsPorts.admitted(held, authentication)
  }

  return {
    disconnect,
    release,
    admit(connection, hi, authentication) {
      const known = hi.session === undefined ? undefined : registry.find(hi.session, hi.key!)
      let lost: Lost | undefined
      if (known && 'session' in known) {
        if (isLate(known.dials, hi)) return connection.close(1000)
        if (known.identity === authentication.identity) {
          const wait = replayTokens(known).wait(1)
          if (wait > 0) return refused(connection, 1013, 'resumed too often', hintAfter(wait))
          if (authentication.data !== undefined) known.peer.data = authentication.data
          resume(known, connection, hi)
          return sessionsPorts.admitted(known, authentication)
        }
        const { rx, tx } = known.session
        const queued = known.outbox?.size ?? 0
        // Only the client that has the session knows how far it got.
        end(known, 'identity', 4410, hi.client === known.dials.client ? hi.rx : undefined)
        lost = lostOf({ why: 'identity', rx, tx, queued }, hi.rx!)
      } else if (known) lost = lostOf(known, hi.rx!)
      else if (hi.session !== undefined) lost = { why: 'unknown', rx: null, missed: null }

      const refusal = registry.refusal({ identity: authentication.identity, address: connection.address })
      if (refusal) {
        const [code, why] = refusal
        return refused(connection, code, why, code === 1013 ? crowdHint : rateHint)
      }
      begin(connection, hi, authentication, lost)
    },
  }
}

/** For the reason of a close. */
function hintAfter(wait: number): string {
  return JSON.stringify({ after: [wait, 2 * wait] })
}

interface Remains {
  readonly why: LostReason
  readonly rx: number
  readonly tx: number
  readonly queued: number
}

function lostOf({ why, rx, tx, queued }: Remains, clientRx: number): Lost {
  return { why, rx, missed: Math.max(0, tx - clientRx) + queued }
}
