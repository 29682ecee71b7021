import type { HistoryEvent } from './history.ts'

/** What a history consists of, so that a run shows that it was no idle one. */
export interface Summary {
  readonly events: number
  readonly sent: Readonly<Record<string, number>>
  readonly got: Readonly<Record<string, number>>
  /** By status and reason. */
  readonly outcomes: Readonly<Record<string, number>>
  /** By end: `right`, or the code of the error. */
  readonly requests: Readonly<Record<string, number>>
  /** By event: what subscribers of channels saw. */
  readonly channels: Readonly<Record<string, number>>
  readonly opens: number
  readonly resumes: number
  readonly replayed: number
  /** By why. */
  readonly losses: Readonly<Record<string, number>>
  readonly downs: Readonly<Record<string, number>>
  readonly sessions: number
  /** Arrivals of sessions from other servers. */
  readonly moves: number
  readonly left: Readonly<Record<string, number>>
  readonly kills: number
  readonly clients: number
  readonly violations: number
}

export interface Tally {
  record(event: HistoryEvent): void
  summary(violations: number): Summary
}

export function createTally(): Tally {
  const counts = { events: 0, opens: 0, resumes: 0, replayed: 0, sessions: 0, moves: 0, kills: 0 }
  const groups = { sent: count(), got: count(), outcomes: count(), requests: count(), channels: count() }
  const ends = { losses: count(), downs: count(), left: count() }
  const clients = new Set<string>()

  return {
    record(event) {
      counts.events++
      switch (event.type) {
        case 'sent':
          return groups.sent.add(event.volatile ? 'volatile' : event.kind)
        case 'settled':
          return groups.outcomes.add(event.status, event.reason)
        case 'got':
          return groups.got.add(event.kind)
        case 'answered':
          return groups.requests.add(event.code ?? event.how, event.reason)
        case 'open':
          clients.add(event.by)
          counts.replayed += event.replayed
          if (event.resumed) counts.resumes++
          else counts.opens++
          return
        case 'down':
          return ends.downs.add(event.reason)
        case 'lost':
          return ends.losses.add(event.why)
        case 'joined':
          if (event.arrival === 'moved') counts.moves++
          else counts.sessions++
          return
        case 'left':
          return ends.left.add(event.why)
        case 'killed':
          counts.kills++
          return
        case 'published':
        case 'publication':
        case 'channel-joined':
        case 'channel-gap':
        case 'channel-recovered':
        case 'channel-refused':
          return groups.channels.add(event.type)
        case 'publish-ended':
        case 'subscribed':
        case 'unsubscribed':
        case 'members':
        case 'closed':
        case 'did':
        case 'draining':
        case 'cancelled':
      }
    },
    summary: (violations) => ({
      ...counts,
      sent: groups.sent.all(),
      got: groups.got.all(),
      outcomes: groups.outcomes.all(),
      requests: groups.requests.all(),
      channels: groups.channels.all(),
      losses: ends.losses.all(),
      downs: ends.downs.all(),
      left: ends.left.all(),
      clients: clients.size,
      violations,
    }),
  }
}

interface Count {
  add(name: string, reason?: string): void
  all(): Record<string, number>
}

function count(): Count {
  const counts = new Map<string, number>()
  return {
    add(name, reason) {
      const key = reason === undefined ? name : `${name}: ${reason}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    all: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}
