import { createChannels } from './channels.ts'
import { createHanding } from './handing.ts'
import type { HistoryEvent } from './history.ts'
import { createLedger, hasMoved, openMessages } from './ledger.ts'
import type { Stream } from './ledger.ts'
import { createLifecycle } from './lifecycle.ts'
import { createOutcomes } from './outcomes.ts'
import { createRequests } from './requests.ts'
import { createSessions } from './sessions.ts'
import { createTally } from './summary.ts'
import type { Summary } from './summary.ts'
import { createViolations } from './violation.ts'
import type { Violation } from './violation.ts'

export interface AuditorOptions {
  /**
   * How long what happens at once may take to be noted, in milliseconds: nothing by a virtual clock, and by a real one
   * as long as a busy process may be late.
   *
   * @default 0
   */
  readonly moment?: number
}

export interface FinishOptions {
  /** Clients and servers that ended without a proper end: what they would have said they never say. */
  readonly crashed?: Iterable<string>
}

/** Judges a history by what was promised, and knows nothing but what applications saw. */
export interface Auditor {
  /** Takes the next event. Never throws. */
  record(event: HistoryEvent): void
  /** What was found so far, in order; the first thousand. */
  readonly violations: readonly Violation[]
  /**
   * Looks for what must be so when everything has come to rest, and nothing was published for a while: every subscriber of a
   * channel has all of it, and knows the others.
   */
  rest(): void
  /** Looks for what only the end can tell: everything must be settled. The same once it was called. */
  finish(options?: FinishOptions): readonly Violation[]
  summary(): Summary
}

export function createAuditor({ moment = 0 }: AuditorOptions = {}): Auditor {
  const violations = createViolations(moment)
  const ledger = createLedger()
  const lifecycle = createLifecycle(ledger, violations)
  const sessions = createSessions(ledger, violations)
  const handing = createHanding(ledger, violations)
  const outcomes = createOutcomes(ledger, violations)
  const requests = createRequests(ledger, violations)
  const channels = createChannels(ledger, violations)
  const tally = createTally()
  let isFinished = false

  const judge = (event: HistoryEvent): void => {
    lifecycle.any(event)
    switch (event.type) {
      case 'sent':
        return outcomes.sent(event)
      case 'cancelled':
        return outcomes.cancelled(event)
      case 'settled':
        return outcomes.settled(event)
      case 'got':
        sessions.got(event)
        return handing.got(event)
      case 'answered':
        return requests.answered(event)
      case 'open':
        lifecycle.open(event)
        return sessions.open(event)
      case 'down':
        return lifecycle.down(event)
      case 'lost':
        return sessions.lost(event)
      case 'closed':
        sessions.closed(event)
        return lifecycle.closed(event)
      case 'did':
        if (event.what === 'dispose') channels.gone(event.by)
        return lifecycle.did(event)
      case 'joined':
        return sessions.joined(event)
      case 'left':
        return sessions.left(event)
      case 'draining':
        return lifecycle.draining(event)
      case 'killed':
        return lifecycle.killed(event)
      case 'subscribed':
        return channels.subscribed(event)
      case 'unsubscribed':
        return channels.unsubscribed(event)
      case 'channel-joined':
        return channels.joined(event)
      case 'channel-refused':
        return channels.refused(event)
      case 'channel-gap':
        return channels.gap(event)
      case 'channel-recovered':
        return channels.recovered(event)
      case 'published':
        return channels.published(event)
      case 'publish-ended':
        return channels.publishEnded(event)
      case 'publication':
        return channels.got(event)
      case 'members':
        return channels.members(event)
    }
  }

  const drained = (stream: Stream): void => {
    for (const { sent, isRequest } of openMessages(stream))
      violations.violate(
        isRequest ? 'unanswered' : 'unsettled',
        `${sent.kind} ${sent.id} of ${sent.by} has no end`,
        sent,
      )
  }

  return {
    get violations() {
      return violations.list
    },
    record(event) {
      violations.advance(event.at)
      tally.record(event)
      judge(event)
    },
    rest() {
      channels.rest()
      sessions.rest()
    },
    finish({ crashed = [] } = {}) {
      if (isFinished) return violations.list
      isFinished = true
      const gone = new Set(crashed)
      for (const server of ledger.servers.values()) if (gone.has(server.name)) server.isKilled = true
      violations.advance(Infinity)
      channels.finish(gone)
      for (const { name, stream } of ledger.clients.values()) if (!gone.has(name)) drained(stream)
      sessions.finish()
      for (const { stays, left, overSince, id } of ledger.sessions.values()) {
        for (const { server, stream } of stays) if (!server.isKilled) drained(stream)
        const last = stays.at(-1)
        if (overSince !== undefined && !left && last && !last.server.isKilled && !hasMoved(last))
          violations.violate(
            'wrong-reason',
            `messages of session ${id} are session-lost, and it has not ended`,
          )
      }
      return violations.list
    },
    summary: () => tally.summary(violations.count),
  }
}
