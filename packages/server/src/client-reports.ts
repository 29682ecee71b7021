import type { Clock } from '@holdfast/protocol'
import type { SessionRecord } from './session-record.ts'
import { TokenBucket } from './token-bucket.ts'

type Report = (error: unknown) => void

/** Reports exceptions that clients can cause at any rate, within a bound for the log. */
export interface ClientReports {
  /** For an exception whose session is not known. */
  readonly report: Report
  /** For the exceptions that a session causes. */
  of(record: SessionRecord): Report
}

/** How many are reported: per second on average, and at once. For all clients together, and per session. */
const rate = 10
const burst = 100
const sessionRate = 0.1
const sessionBurst = 10

export function createClientReports(clock: Clock, report: Report): ClientReports {
  const all = limited(clock, report, rate, burst, 'more exceptions than are reported are caused by clients')
  const sessions = new WeakMap<SessionRecord, Report>()
  return {
    report: all,
    of(record) {
      let own = sessions.get(record)
      if (!own) {
        const notice = `more exceptions than are reported are caused by the peer ${record.id}`
        own = limited(clock, all, sessionRate, sessionBurst, notice)
        sessions.set(record, own)
      }
      return own
    },
  }
}

/** Reports at most that many, and logs when it begins to omit some. */
function limited(
  clock: Clock,
  report: Report,
  ratePerSecond: number,
  atOnce: number,
  notice: string,
): Report {
  const tokens = new TokenBucket(clock, ratePerSecond, atOnce)
  let isMuted = false
  return (error) => {
    const wasMuted = isMuted
    isMuted = !tokens.take()
    if (!isMuted) report(error)
    else if (!wasMuted) report(new Error(notice))
  }
}
