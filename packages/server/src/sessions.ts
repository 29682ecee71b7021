import type { Hi, Lost } from '@holdfast/protocol'
import { Claims } from './moves/claims.ts'
import { crowdHint, rateHint } from './connection.ts'
import type { Connection } from './connection.ts'
import { countOne } from './counters.ts'
import type { HubParts } from './hub-parts.ts'
import { LiveSession } from './live-session.ts'
import type { Authentication } from './authenticate.ts'
import type { SessionRecord } from './session-record.ts'
import type { Tombstone } from './tombstones.ts'

/** Finds the session of a client that has greeted, or begins one. */
export interface Sessions {
  /** Refuses the clients whose sessions are being taken from other hubs: the hub closes. */
  close(code: number, reason: string): void
  /**
   * The step after the authentication of a greeting: PROTOCOL.md, section Greeting. Functions of the ports must not
   * run code of the application before it is over.
   */
  admit(connection: Connection, hi: Hi, authentication: Authentication): void
}

/** What is left of a session; without a final cursor, nothing is known of it. */
type Remains = Omit<Tombstone, 'key' | 'rx'> & { readonly rx: number | null }

const unknown: Remains = { why: 'unknown', rx: null, tx: 0, queued: 0 }

export function createSessions(parts: HubParts): Sessions {
  const { lifecycle, refusals, registry } = parts

  const begin = (connection: Connection, hi: Hi, authentication: Authentication, lost?: Lost): void => {
    const { address } = connection
    const refusal = registry.refusal({ identity: authentication.identity, address })
    if (!refusal)
      return new LiveSession(parts, address, hi, authentication).begin(connection, hi, authentication, lost)
    const [code, why] = refusal
    refusals.refuse(connection, code, why, { reason: code === 1013 ? crowdHint : rateHint })
  }

  const resume = (
    record: SessionRecord,
    connection: Connection,
    hi: Hi,
    authentication: Authentication,
  ): void => {
    if (record.dials.isLate(hi)) return connection.close(1000)
    if (record.identity === authentication.identity) return record.resume(connection, hi, authentication)
    const remains = record.remains('identity')
    // Only the client that has the session knows its receive cursor.
    record.end('identity', 4410, { finalCursor: hi.client === record.dials.client ? hi.rx : undefined })
    begin(connection, hi, authentication, lostOf(remains, hi.rx!))
  }

  const { moves } = parts
  const claims =
    moves &&
    new Claims({ ...parts, moves }, ({ connection, hi, authentication }, remains) =>
      loseAndBegin(connection, hi, authentication, remains),
    )

  const loseAndBegin = (
    connection: Connection,
    hi: Hi,
    authentication: Authentication,
    remains: Remains,
  ): void => {
    if (remains.why === 'unknown') countOne(lifecycle.counters.ended, 'unknown')
    begin(connection, hi, authentication, lostOf(remains, hi.rx!))
  }

  return {
    close: (code, reason) => claims?.close(code, reason),
    admit: (connection, hi, authentication) =>
      lifecycle.during(() => {
        if (hi.session === undefined) return begin(connection, hi, authentication)
        const known = registry.find(hi.session, hi.key!)
        if (known && 'session' in known) return resume(known, connection, hi, authentication)
        if (known) return loseAndBegin(connection, hi, authentication, known)
        if (!claims) return loseAndBegin(connection, hi, authentication, unknown)
        claims.add({
          connection,
          hi: { ...hi, session: hi.session, key: hi.key!, rx: hi.rx! },
          authentication,
        })
      }),
  }
}

function lostOf({ why, rx, tx, queued }: Remains, clientRx: number): Lost {
  return { why, rx, missed: rx === null ? null : Math.max(0, tx - clientRx) + queued }
}
