import { openMessages } from './ledger.ts'
import type { Client, EventOf, Ledger } from './ledger.ts'
import type { HistoryEvent } from './history.ts'
import type { Audit } from './violation.ts'

/** The reports of clients about their connection, and when clients and servers must be silent. */
export interface Lifecycle {
  /** Any event, before anything else is made of it. */
  any(event: HistoryEvent): void
  did(event: EventOf<'did'>): void
  open(event: EventOf<'open'>): void
  down(event: EventOf<'down'>): void
  closed(event: EventOf<'closed'>): void
  draining(event: EventOf<'draining'>): void
  killed(event: EventOf<'killed'>): void
}

/** Causes after which a client may give up by itself. */
const fatalReasons: ReadonlySet<string> = new Set([
  'unauthorized',
  'policy',
  'forbidden',
  'bad-request',
  'not-found',
  'subprotocol',
  'superseded',
  'upgrade-required',
  'protocol',
  'protocol-error',
  'extension-missing',
  'wire-mismatch',
  'refused',
  'url',
  'blocked',
])

/** What may still be noted in the moment in which a client is disposed of. */
const isParting = ({ type }: HistoryEvent): boolean =>
  type === 'settled' || type === 'answered' || type === 'down' || type === 'closed'

export function createLifecycle(ledger: Ledger, { violate, afterwards, moment }: Audit): Lifecycle {
  /** All that was sent until now must be over when the moment is. */
  const settlesNow = (client: Client, why: HistoryEvent): void => {
    const end = client.stream.messages.length
    afterwards(() => {
      for (const { sent } of openMessages(client.stream, end))
        violate('unsettled', `message ${sent.id} of ${client.name} is not settled by its end`, sent, why)
    })
  }

  const checkDisposed = (event: HistoryEvent): void => {
    const disposedAt = ledger.clients.get(event.by)?.disposedAt
    if (
      disposedAt === undefined ||
      event.type === 'did' ||
      event.type === 'sent' ||
      event.type === 'cancelled' ||
      event.type === 'published' ||
      // Also of what was published later.
      event.type === 'publish-ended'
    )
      return
    // What is sent later is settled in its own moment.
    const id = 'id' in event ? event.id : undefined
    const sentAt = id === undefined ? undefined : ledger.messages.get(id)?.sent.at
    const since = Math.max(disposedAt, sentAt ?? disposedAt)
    if (isParting(event) && event.at <= since + moment) return
    violate('after-dispose', `${event.by} was disposed of, and has '${event.type}'`, event)
  }

  return {
    any(event) {
      if (ledger.servers.get(event.by)?.isKilled)
        violate('after-end', `${event.by} was killed, and has '${event.type}'`, event)
      checkDisposed(event)
      if (event.type === 'got' && event.peer === undefined && !ledger.clients.get(event.by)?.isOpen)
        violate('got-while-down', `${event.by} got message ${event.id} without a connection`, event)
    },
    did(event) {
      const client = ledger.client(event.by)
      const { what } = event
      switch (what) {
        case 'connect':
        case 'reconnect':
          client.isWanted = true
          client.isClosed = false
          return
        case 'disconnect':
        case 'discard':
        case 'dispose':
          client.isWanted = false
          client.isLeaving = true
          if (client.holds === 'session') client.holds = 'asked'
          if (what === 'discard') client.discards++
          if (what !== 'dispose') return
          client.disposedAt ??= event.at
          return settlesNow(client, event)
        case 'login':
      }
    },
    open(event) {
      const client = ledger.client(event.by)
      if (client.isOpen) violate('open-twice', `${event.by} is open again, and was not down`, event)
      if (!client.isWanted) violate('open-unasked', `${event.by} is open, and was not told to connect`, event)
      client.isOpen = true
    },
    down(event) {
      const client = ledger.client(event.by)
      if (!client.isOpen) violate('down-unopened', `${event.by} is down, and was not open`, event)
      client.isOpen = false
      client.downAt = event.at
    },
    closed(event) {
      const client = ledger.client(event.by)
      const { reason } = event
      const isAsked = reason === 'disconnect' || reason === 'dispose'
      if (client.isOpen)
        violate('down-unopened', `${event.by} is closed, and was not told that it is down`, event)
      client.isOpen = false
      if (isAsked ? !client.isLeaving : !fatalReasons.has(reason))
        violate('closed-unasked', `${event.by} is closed because of '${reason}'`, event)
      client.isLeaving = false
      client.closes++
      if (isAsked) return
      client.isWanted = false
      client.isClosed = true
      settlesNow(client, event)
    },
    draining(event) {
      const server = ledger.server(event.by)
      server.drainingSince = Math.min(server.drainingSince, event.at)
    },
    killed(event) {
      ledger.server(event.by).isKilled = true
    },
  }
}
