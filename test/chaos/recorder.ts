import type { Hub, Peer } from '@holdfast/server'
import type { Client, Delivery, SendOptions } from 'holdfast'
import { isHoldfastError } from 'holdfast'
import type { HistoryEvent, Sent } from '../audit/history.ts'
import { steadyNow } from '../audit/merge.ts'

type Untimed<T> = T extends unknown ? Omit<T, 'at' | 'by'> : never

/** Takes down what one application sees. */
export type Note = (event: Untimed<HistoryEvent>) => void

export function createNote(by: string, record: (event: HistoryEvent) => void): Note {
  return (event) => record({ at: steadyNow(), by, ...event })
}

/** Which message it was, whatever it came as. */
function idOf(data: unknown): number {
  if (typeof data === 'number') return data
  return Number(typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString())
}

/** The answer of all handlers to a request with that input. */
export const answerTo = (id: unknown): string => `answer to ${String(id)}`

/** Takes down all that a client sees, and answers its requests. */
export function recordClient(client: Client, identity: string, note: Note): void {
  client.watch('open', ({ resumed, replayed }) => note({ type: 'open', resumed, replayed, identity }))
  client.watch('down', ({ reason, code }) =>
    note({ type: 'down', reason, ...(code !== undefined && { code }) }),
  )
  client.watch('closed', ({ reason }) => note({ type: 'closed', reason }))
  client.watch('lost', ({ why, missed = null, undelivered, unknown }) =>
    note({ type: 'lost', why, missed, undelivered, unknown }),
  )
  client.on('message', (data) => note({ type: 'got', id: idOf(data), kind: 'event' }))
  client.onRaw((data) =>
    note({ type: 'got', id: idOf(data), kind: typeof data === 'string' ? 'raw' : 'binary' }),
  )
  client.handle('ask', (input) => {
    note({ type: 'got', id: idOf(input), kind: 'request' })
    return answerTo(input)
  })
}

/**
 * Takes down all that a server sees, and answers its requests. The identity of a client begins with its name, which ends
 * at a slash if there is more.
 */
export function recordHub(hub: Hub, note: Note): void {
  const got = (data: unknown, kind: Sent['kind'], { id: peer, identity }: Peer): void =>
    note({ type: 'got', id: idOf(data), kind, peer, identity })
  hub.onPeer(({ id: peer, identity }, { arrival }) =>
    note({ type: 'joined', peer, client: identity!.split('/')[0]!, identity, arrival }),
  )
  hub.watch('closed', ({ peer: { id: peer }, why, undelivered, unknown }) =>
    note({ type: 'left', peer, why, undelivered, unknown }),
  )
  hub.on('message', (data, peer) => got(data, 'event', peer))
  hub.onRaw((data, peer) => got(data, typeof data === 'string' ? 'raw' : 'binary', peer))
  hub.handle('ask', (input, peer) => {
    got(input, 'request', peer)
    return answerTo(input)
  })
}

/** Sends messages of all kinds, and records their outcomes. */
export interface Speaker {
  /** Sends a message. Most are events. */
  speak(): void
  ask(): void
  /** Resolves once all that was sent has an outcome. */
  settled(): Promise<void>
}

/** How long an answer may take, and how long to those who are in a hurry, in milliseconds. */
export const patience = 90_000
const hurry = 300

/** Takes down how a request ends that was sent with that id. */
export async function recordEnd(id: number, answered: Promise<unknown>, note: Note): Promise<void> {
  try {
    const answer = await answered
    note({ type: 'answered', id, how: answer === answerTo(id) ? 'right' : 'wrong' })
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    const { code, reason, outcome } = error
    if (outcome) note({ type: 'settled', id, ...outcome })
    note({ type: 'answered', id, how: 'error', code, ...(reason !== undefined && { reason }) })
  }
}

export interface SpeakerOptions {
  readonly to: Client | Peer
  /** Given when the sender is a server. */
  readonly peer?: string
  /** On which of the stays of that session on the server, counted from 0. */
  readonly stay?: number
  readonly note: Note
  /**
   * The name of its requests.
   *
   * @default 'ask'
   */
  readonly requestName?: string
  nextId(): number
  random(): number
}

export function createSpeaker({
  to,
  peer,
  stay = 0,
  note,
  requestName = 'ask',
  nextId,
  random,
}: SpeakerOptions): Speaker {
  const open = new Set<Promise<void>>()
  const whose = peer === undefined ? {} : { peer, stay }

  const keep = (end: Promise<void>): void => {
    open.add(end)
    void end.finally(() => open.delete(end))
  }

  const settle = async (id: number, delivery: Delivery): Promise<void> => {
    note({ type: 'settled', id, ...(await delivery) })
  }

  const send = (kind: 'event' | 'raw' | 'binary', how: SendOptions = {}): void => {
    const id = nextId()
    // Before it is, because the other end may get it at once.
    note({ type: 'sent', id, kind, ...whose, ...(how as Pick<Sent, 'ttl' | 'key' | 'volatile'>) })
    const delivery =
      kind === 'event'
        ? to.send('message', id, how)
        : to.sendRaw(kind === 'raw' ? String(id) : Buffer.from(String(id)), how)
    keep(settle(id, delivery))
    if (random() > 0.02) return
    note({ type: 'cancelled', id })
    delivery.cancel()
  }

  return {
    speak() {
      const choice = random()
      if (choice < 0.05) send('raw')
      else if (choice < 0.1) send('binary')
      else if (choice < 0.15) send('event', { volatile: true })
      else if (choice < 0.18) send('event', { ttl: 200 * random() })
      else if (choice < 0.22) send('event', { key: 'latest' })
      else send('event')
    },
    ask() {
      const id = nextId()
      note({ type: 'sent', id, kind: 'request', ...whose })
      const timeout = random() < 0.1 ? hurry * random() : patience
      keep(recordEnd(id, to.request(requestName, id, { timeout }), note))
    },
    async settled() {
      while (open.size > 0) await Promise.all(open)
    },
  }
}
