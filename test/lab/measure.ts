import type { LabServer } from './servers.ts'
import type { Entry, Journal } from './page/lab.ts'

/** The figures of a client in a situation. Times in milliseconds, from the moments that the situation names. */
export interface Figures {
  /** Until the client itself said that something was wrong; undefined when it did not. */
  readonly noticed: number | undefined
  /** What it gave as the cause. */
  readonly why: string | undefined
  /** Until a message that was sent after the end of the fault had come through, each way; undefined when none did. */
  readonly recovered: number | undefined
  readonly toServer: Count
  readonly toClient: Count
  /** Connections that the server was asked for from the fault on. */
  readonly sockets: number
}

/** Of messages that were sent. */
export interface Count {
  readonly sent: number
  readonly lost: number
  /** Those that came more than once. */
  readonly doubled: number
}

export interface Moments {
  /** From when on messages count; the client is connected by then. */
  readonly since: number
  /** When the fault begins. */
  readonly from: number
  /** From when on noticing it is counted, if that is later, as for a page that was asleep. */
  readonly awake?: number
  /** From when on it can recover. */
  readonly until: number
}

/** What a page wrote down before and after a reload, as one. */
export function joinJournals(...journals: readonly Journal[]): Journal {
  return {
    sent: journals.flatMap(({ sent }) => sent),
    received: journals.flatMap(({ received }) => received),
    states: journals.flatMap(({ states }) => states),
    life: journals.flatMap(({ life }) => life),
  }
}

export function figuresOf(
  journal: Journal,
  server: LabServer,
  id: string,
  { since, from, awake = from, until }: Moments,
): Figures {
  const counted = (entries: readonly Entry[]): Entry[] => entries.filter(([, at]) => at >= since)
  const atServer = server.received(id)
  const down = journal.states.find(({ state, at }) => state === 'down' && at >= from)
  const through = [
    firstThrough(journal.sent, atServer, until),
    firstThrough(server.sent, journal.received, until),
  ]
  return {
    noticed: down && down.at - awake,
    why: down?.why,
    recovered: through.includes(undefined) ? undefined : Math.max(...(through as number[])) - until,
    toServer: count(counted(journal.sent), atServer),
    toClient: count(counted(server.sent), journal.received),
    sockets: server.accepted.filter((at) => at >= from).length,
  }
}

/** When the first message arrived that was sent from that moment on. */
export function firstThrough(
  sent: readonly Entry[],
  received: readonly Entry[],
  since: number,
): number | undefined {
  const late = new Set(sent.filter(([, at]) => at >= since).map(([n]) => n))
  return received.find(([n]) => late.has(n))?.[1]
}

export function count(sent: readonly Entry[], received: readonly Entry[]): Count {
  const came = new Map<number, number>()
  for (const [n] of received) came.set(n, (came.get(n) ?? 0) + 1)
  return {
    sent: sent.length,
    lost: sent.filter(([n]) => !came.has(n)).length,
    doubled: sent.filter(([n]) => came.get(n)! > 1).length,
  }
}
