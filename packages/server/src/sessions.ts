import type { Hi, Lost } from '@holdfast/protocol'
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
  /**
   * The step after the authentication of a greeting: PROTOCOL.md, section Greeting. Functions of the ports must not
   * run code of the application before it is over.
   */
  admit(connection: Connection, hi: Hi, authentication: Authentication): void
}

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

  return {
    admit: (connection, hi, authentication) =>
      lifecycle.during(() => {
        if (hi.session === undefined) return begin(connection, hi, authentication)
        const known = registry.find(hi.session, hi.key!)
        if (!known) {
          countOne(lifecycle.counters.ended, 'unknown')
          return begin(connection, hi, authentication, { why: 'unknown', rx: null, missed: null })
        }
        if ('session' in known) return resume(known, connection, hi, authentication)
        begin(connection, hi, authentication, lostOf(known, hi.rx!))
      }),
  }
}

function lostOf({ why, rx, tx, queued }: Tombstone, clientRx: number): Lost {
  return { why, rx, missed: Math.max(0, tx - clientRx) + queued }
}
