import type { Clock } from '@holdfast/protocol'
import type { SessionRecord } from './session-record.ts'
import { TokenBucket } from './token-bucket.ts'

type Report = (error: unknown) => void

/** Reports exceptions that clients can cause as often as they like, no more of them than a log bears. */
export interface ClientReports {
  /** For an exception of which it is not known whose message caused it. */
  readonly report: Report
  /** For the exceptions that a session causes. */
  of(record: SessionRecord): Report
}

/** How many are reported: in a second in the long run, and at once. Of all clients together, and of one session. */
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

/** Reports as many as that, and says so when it begins to leave some out. */
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
