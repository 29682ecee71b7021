import { createSession, encodeControl } from '@holdfast/protocol'
import type { Body, Hi, Lost, LostReason, Ok, Payload } from '@holdfast/protocol'
import { crowdHint, rateHint } from './connection.ts'
import type { Connection } from './connection.ts'
import { Dials } from './dials.ts'
import type { Heartbeats } from './heartbeats.ts'
import type { SessionRecord } from './session-record.ts'
import { createSessionLine } from './session-line.ts'
import type { SessionLinePorts } from './session-line.ts'
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
  disconnect(record: SessionRecord, code: number, reason: string): void
  /** Takes the session off its connection, which has another owner from now on, if it has one. */
  release(record: SessionRecord): Connection | undefined
}

export interface SessionsPorts extends SessionLinePorts {
  readonly registry: Registry
  readonly heartbeats: Heartbeats
  readonly producers: Producers
  newPeer(record: SessionRecord, data: unknown): Peer
  /** Ends a session for one of these reasons, and closes its connection with the code. */
  end(record: SessionRecord, why: LostReason, code: number, finalCursor: number | undefined): void
  refused(connection: Connection, code: number, why: string, reason?: string): void
  /** The client has its session; from now on it matters for how long it is known who it is. */
  admitted(record: SessionRecord, authentication: Authentication): void
  confirmed(record: SessionRecord): void
  resumed(record: SessionRecord, replayed: number): void
  down(record: SessionRecord, code: number, reason: string): void
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

  const release = (record: SessionRecord): Connection | undefined => {
    const { connection, line } = record
    heartbeats.delete(record)
    line?.close()
    record.connection = record.line = undefined
    return connection
  }

  /** The session has no connection any more. */
  const miss = (record: SessionRecord, code: number, reason: string): void => {
    release(record)
    registry.miss(record)
    if (record.stage === 'confirmed') sessionsPorts.down(record, code, reason)
  }

  const disconnect = (record: SessionRecord, code: number, reason: string): void => {
    const { connection } = record
    if (!connection) return
    connection.close(code, reason)
    miss(record, code, reason)
  }

  /** A message that is refused twice in a row as the oldest one is at fault: a void frame takes its number. */
  const quarantineOldest = (record: SessionRecord): boolean => {
    const { session, isSuspect } = record
    record.isSuspect = false
    if (!isSuspect || session.unacknowledged === 0) return false
    const oldest = session.acknowledged + 1
    if (record.suspect === oldest) session.withdraw({ status: 'undelivered', reason: 'rejected' })
    record.suspect = oldest
    return true
  }

  const replayTokens = (record: SessionRecord): TokenBucket =>
    (record.replayTokens ??= new TokenBucket(policy.ports.clock, replayRate, replayBurst))

  /** Takes what a resume costs, also if there is less: the next one has to wait then. */
  const chargeReplay = (record: SessionRecord): void => {
    let bytes = 0
    for (const [, message] of record.session.replay()) bytes += message?.bytes ?? 0
    replayTokens(record).spend(resumeCost + record.session.unacknowledged + bytes / 1_024)
  }

  const attach = (record: SessionRecord, connection: Connection, hi: Hi): void => {
    const { session } = record
    record.connection = connection
    record.maxPayload = hi.maxPayload
    session.window = hi.window
    const line = createSessionLine(sessionsPorts, record, connection, quarantineOldest(record))
    record.line = line
    const received = (payload: Payload): void => line.received(payload)
    connection.receive = received
    if (record.stage === 'provisional')
      connection.receive = (payload) => {
        connection.receive = received
        record.stage = 'confirmed'
        registry.confirm(record)
        sessionsPorts.confirmed(record)
        received(payload)
      }
    connection.ended = (code, reason) => {
      record.isSuspect = poisonCodes.includes(code)
      miss(record, code, reason)
    }
    connection.exceeded = (code, reason) => {
      disconnect(record, code, reason)
      refused(connection, code, 'over the limits', reason)
    }
    heartbeats.add(record)
  }

  const sayOk = (record: SessionRecord, connection: Connection, lost?: Lost): void => {
    const ok: Ok = {
      session: record.id,
      key: record.key,
      rx: record.session.rx,
      identity: identityTag(record.identity),
      ttl: policy.sessionTimeout,
      ping: policy.pingInterval,
      window: limits.window,
      maxPayload: limits.maxPayloadBytes,
      ...(lost && { lost }),
      producers: producers.offer(record),
    }
    connection.send(encodeControl(['ok', ok]))
  }

  const resume = (record: SessionRecord, connection: Connection, hi: Hi): void => {
    const { session, dials } = record
    const old = release(record)
    const fence = hi.client === dials.client ? 1000 : 4409
    old?.close(fence)
    if (old && record.stage === 'confirmed') sessionsPorts.down(record, fence, 'superseded')
    registry.back(record)
    dials.note(hi)
    if (!session.acknowledge(hi.rx!)) {
      end(record, 'protocol', 4400, undefined)
      return refused(connection, 4400, 'an ack of the future')
    }
    attach(record, connection, hi)
    sayOk(record, connection)
    const replayed = session.unacknowledged
    chargeReplay(record)
    if (replayed > 0) record.line?.resume()
    record.outbox?.flush()
    if (record.stage === 'confirmed') sessionsPorts.resumed(record, replayed)
  }

  const begin = (connection: Connection, hi: Hi, authentication: Authentication, lost?: Lost): void => {
    const { maxPayload } = hi
    const { identity, data } = authentication
    const record = {
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
      dials: new Dials(hi),
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
    } satisfies SessionRecord as SessionRecord & { peer: Peer }
    record.peer = newPeer(record, data)
    registry.add(record)
    attach(record, connection, hi)
    sayOk(record, connection, lost)
    sessionsPorts.admitted(record, authentication)
  }

  return {
    disconnect,
    release,
    admit(connection, hi, authentication) {
      const known = hi.session === undefined ? undefined : registry.find(hi.session, hi.key!)
      let lost: Lost | undefined
      if (known && 'session' in known) {
        if (known.dials.isLate(hi)) return connection.close(1000)
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
