import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAuditor } from './auditor.ts'
import type { HistoryEvent } from './history.ts'
import type { Violation } from './violation.ts'
import { referenceHistory } from './reference.ts'

const histories = fc
  .array(fc.nat({ max: 16 * 35 - 1 }), { minLength: 10, maxLength: 150, size: 'max' })
  .map((decisions) => referenceHistory(decisions))

function audit(history: readonly HistoryEvent[]): readonly Violation[] {
  const auditor = createAuditor()
  for (const event of history) auditor.record(event)
  return auditor.finish()
}

/** Changes the history at that place for the worse. Undefined where that would be no lie. */
type Mutation = (history: readonly HistoryEvent[], place: number) => HistoryEvent[] | undefined

/** The history with other events at one place. */
function put(history: readonly HistoryEvent[], place: number, ...events: HistoryEvent[]): HistoryEvent[] {
  return history.toSpliced(place, 1, ...events)
}

type Type = HistoryEvent['type']
type Of<T extends Type> = Extract<HistoryEvent, { readonly type: T }>

/** A mutation of events of one kind. */
function of<T extends Type>(
  type: T,
  change: (event: Of<T>, history: readonly HistoryEvent[], place: number) => HistoryEvent[] | undefined,
): Mutation {
  return (history, place) => {
    const event = history[place]!
    return event.type === type ? change(event as Of<T>, history, place) : undefined
  }
}

const idOf = (event: HistoryEvent): number | undefined => ('id' in event ? event.id : undefined)
const find = <T extends Type>(history: readonly HistoryEvent[], type: T, id: number): Of<T> | undefined =>
  history.find((event) => event.type === type && idOf(event) === id) as Of<T> | undefined

const isReliable = (history: readonly HistoryEvent[], id: number): boolean =>
  find(history, 'sent', id)?.volatile !== true

/** Whether that server owes nothing in the end. */
const isKilled = (history: readonly HistoryEvent[], server: string): boolean =>
  history.some(({ type, by }) => type === 'killed' && by === server)

/** Whether the client got something of the session that it lost there, so that it is known which it was. */
function isKnown(history: readonly HistoryEvent[], place: number): boolean {
  const before = history.slice(0, place)
  const opened = before.findLastIndex((event) => event.type === 'open' && !event.resumed)
  return before.slice(opened).some((event) => event.type === 'got' && event.by === 'c0')
}

const mutations: Readonly<Record<string, Mutation>> = {
  'a got is dropped': of('got', ({ id }, history, place) => {
    const isTold =
      find(history, 'settled', id)?.status === 'delivered' || find(history, 'answered', id)?.how === 'right'
    return isTold ? put(history, place) : undefined
  }),
  'a got comes twice': of('got', (event, history, place) => put(history, place, event, event)),
  'two gots are swapped': of('got', (event, history, place) => {
    const after = history.findIndex(
      (next, index) => index > place && next.type === 'got' && next.by === event.by,
    )
    const next = history[after] as Of<'got'> | undefined
    if (!next) return undefined
    const peerOf = (id: number): string | undefined => find(history, 'sent', id)?.peer
    if (next.peer !== event.peer || peerOf(next.id) !== peerOf(event.id)) return undefined
    // Between the one and the other kind no order is promised.
    if (isReliable(history, next.id) !== isReliable(history, event.id)) return undefined
    return put(put(history, place, { ...next, at: event.at }), after, { ...event, at: next.at })
  }),
  'a got is of somebody else': of('got', (event, history, place) =>
    event.peer === undefined ? undefined : put(history, place, { ...event, identity: 'stranger' }),
  ),
  'a got is of another kind': of('got', (event, history, place) =>
    put(history, place, { ...event, kind: event.kind === 'raw' ? 'event' : 'raw' }),
  ),
  'what was delivered to the handlers is undelivered': of('settled', (event, history, place) =>
    find(history, 'got', event.id)
      ? put(history, place, { ...event, status: 'undelivered', reason: 'session-lost' })
      : undefined,
  ),
  'what was not delivered to the handlers is delivered': of('settled', (event, history, place) =>
    find(history, 'got', event.id)
      ? undefined
      : put(history, place, {
          at: event.at,
          by: event.by,
          type: 'settled',
          id: event.id,
          status: 'delivered',
        }),
  ),
  'a reliable message is only sent': of('settled', (event, history, place) =>
    isReliable(history, event.id) ? put(history, place, { ...event, status: 'sent' }) : undefined,
  ),
  'an outcome is dropped': of('settled', ({ id, by }, history, place) =>
    find(history, 'sent', id)?.kind === 'request' || isKilled(history, by) ? undefined : put(history, place),
  ),
  'an outcome comes twice': of('settled', (event, history, place) => put(history, place, event, event)),
  'an answer is wrong': of('answered', (event, history, place) =>
    put(history, place, { ...event, how: 'wrong' }),
  ),
  'an answer comes twice': of('answered', (event, history, place) => put(history, place, event, event)),
  'an answer is dropped': of('answered', ({ by }, history, place) =>
    isKilled(history, by) ? undefined : put(history, place),
  ),
  'a right answer is an error that says undelivered': of('answered', (event, history, place) =>
    event.how === 'right' ? put(history, place, { ...event, how: 'error', code: 'undelivered' }) : undefined,
  ),
  'a loss is not told': of('lost', (_, history, place) => put(history, place)),
  'a loss is told twice': of('lost', (event, history, place) => put(history, place, event, event)),
  'more was missed': of('lost', (event, history, place) =>
    event.missed !== null && isKnown(history, place)
      ? put(history, place, { ...event, missed: event.missed + 1_000 })
      : undefined,
  ),
  'more is unknown': of('lost', (event, history, place) =>
    isKnown(history, place) ? put(history, place, { ...event, unknown: event.unknown + 1_000 }) : undefined,
  ),
  'less is unknown': of('lost', (event, history, place) =>
    event.unknown > 0 ? put(history, place, { ...event, unknown: event.unknown - 1 }) : undefined,
  ),
  'more is undelivered': of('lost', (event, history, place) =>
    put(history, place, { ...event, undelivered: event.undelivered + 1_000 }),
  ),
  'more is unknown at the end of a session': of('left', (event, history, place) =>
    put(history, place, { ...event, unknown: event.unknown + 1_000 }),
  ),
  'less is unknown at the end of a session': of('left', (event, history, place) =>
    event.unknown > 0 ? put(history, place, { ...event, unknown: event.unknown - 1 }) : undefined,
  ),
  'a new session is said to be the last one': of('open', (event, history, place) =>
    event.resumed ? undefined : put(history, place, { ...event, resumed: true }),
  ),
  'the last session is said to be a new one': of('open', (event, history, place) =>
    event.resumed ? put(history, place, { ...event, resumed: false }) : undefined,
  ),
  'an open is dropped': of('open', (_, history, place) => put(history, place)),
  'a down is dropped': of('down', (_, history, place) => put(history, place)),
  'a connect is dropped': of('did', ({ what }, history, place) =>
    what === 'connect' ? put(history, place) : undefined,
  ),
  'a disconnect is dropped': of('did', ({ what }, history, place) =>
    what === 'disconnect' || what === 'dispose' ? put(history, place) : undefined,
  ),
}

const place = fc.nat({ max: 1_000_000 })

test('a history in which every promise is kept has no violation, whatever happens', () => {
  fc.assert(
    fc.property(histories, (history) => {
      expect(audit(history)).toEqual([])
    }),
  )
})

test.each(Object.entries(mutations))('%s: found, wherever it is', (_, mutate) => {
  let found = 0
  fc.assert(
    fc.property(histories, place, (history, somewhere) => {
      for (let offset = 0; offset < history.length; offset++) {
        const mutant = mutate(history, (somewhere + offset) % history.length)
        if (!mutant) continue
        found++
        expect(audit(mutant)).not.toEqual([])
        return
      }
    }),
  )
  expect(found, 'histories that could be made worse like this').toBeGreaterThan(20)
})
