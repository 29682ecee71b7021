import type { Answered } from './history.ts'
import { hasMoved } from './ledger.ts'
import type { EventOf, Ledger, Message, Stay } from './ledger.ts'
import type { Audit } from './violation.ts'

/** The outcomes of messages, as reported to their senders: one each, true, and with a possible reason. */
export interface Outcomes {
  sent(event: EventOf<'sent'>): void
  cancelled(event: EventOf<'cancelled'>): void
  settled(event: EventOf<'settled'>): void
}

/** Ends of a request that take it back if it was not written yet. */
const takesBack = ['timeout', 'aborted', 'disposed']
/** What a peer answers to a request instead of calling its handler. */
const unhandled = ['unhandled', 'overloaded', 'invalid']

/** Whether a request that was answered like this need not have reached its handler. */
export function isUnhandled({ code, reason }: Answered): boolean {
  return code === 'remote' && unhandled.includes(reason ?? '')
}

/** `session-lost` at a server: the session is over, or is about to be said so. */
function loseBy(
  { session, losses }: Stay,
  message: Message,
  event: EventOf<'settled'>,
  moment: number,
): void {
  session.overSince ??= event.at
  if (event.status === 'unknown') losses.unknown++
  // Sent when the session was over already, perhaps.
  else if (message.isVolatile || event.at - message.sent.at <= moment) losses.late++
  else losses.undelivered++
}

export function createOutcomes(ledger: Ledger, audit: Audit): Outcomes {
  const { violate, afterwards, moment } = audit

  /** Why a reason that both kinds of loss have cannot be right, if so; false for other reasons. */
  const objectToLoss = (
    { identity, losses, discards, closes, isRequest, stream: { client, stay } }: Message,
    { status, reason = '' }: EventOf<'settled'>,
  ): string | false | undefined => {
    const isWritten = status === 'unknown'
    switch (reason) {
      case 'session-lost': {
        if (!client || client.losses > losses) return undefined
        // What was sent before it was known for whom belongs to the first one that was.
        const isOthers = identity === undefined ? client.identities > 1 : client.identity !== identity
        return isOthers && !isWritten ? undefined : 'no session was lost since it was sent'
      }
      case 'closed':
        if (!client) return isWritten ? 'only a client closes its session' : undefined
        if (client.closes > closes) return undefined
        return client.discards > discards && !isWritten ? undefined : 'nothing was closed since it was sent'
      case 'moved':
        if (!isWritten && !isRequest) return 'only requests are not sent to where the session is'
        return stay && hasMoved(stay) ? undefined : 'its session has not moved'
      case 'disposed':
        return client?.disposedAt === undefined ? 'nobody disposed of its sender' : undefined
      default:
        return isWritten ? 'what was written can only be lost with its session' : false
    }
  }

  const objectToReason = (
    message: Message,
    { reason = 'without a reason' }: EventOf<'settled'>,
  ): string | undefined => {
    const { sent, stream, isVolatile, isCancelled, isRequest } = message
    switch (reason) {
      case 'expired':
        return sent.ttl === undefined ? 'it has no ttl' : undefined
      case 'replaced':
        if (sent.key === undefined) return 'it has no key'
        return stream.keys.get(sent.key) === message ? 'no newer one has its key' : undefined
      case 'cancelled':
        return isCancelled || isRequest ? undefined : 'nobody took it back'
      case 'overflow':
        if (stream.stay && hasMoved(stream.stay)) return undefined
        return stream.client ? undefined : 'a server ends the session instead'
      case 'volatile':
        return isVolatile ? undefined : 'it is reliable'
      case 'too-large':
      case 'rejected':
        return undefined
      default:
        return 'there is no such reason'
    }
  }

  const objectTo = (message: Message, event: EventOf<'settled'>): string | undefined => {
    const loss = objectToLoss(message, event)
    return loss === false ? objectToReason(message, event) : loss
  }

  const checkReason = (message: Message, event: EventOf<'settled'>): void => {
    if (objectTo(message, event) === undefined) return
    // What is the reason may be noted in the same moment, after it.
    afterwards(() => {
      const why = objectTo(message, event)
      if (why === undefined) return
      const what = `${event.status}, ${String(event.reason)}`
      violate('wrong-reason', `message ${event.id} is ${what}: ${why}`, message.sent, event)
    })
  }

  /** A request is taken back by its end, which is noted in the same moment. */
  const checkTakenBack = (message: Message): void => {
    if (!message.isRequest || message.isCancelled || message.settled?.reason !== 'cancelled') return
    afterwards(() => {
      if (takesBack.includes(message.answered?.code ?? '')) return
      violate(
        'wrong-reason',
        `request ${message.sent.id} was cancelled, and nobody took it back`,
        message.settled,
        message.answered,
      )
    })
  }

  /** No word is broken once a server refuses: all that it sends later is refused as well. */
  const checkRefusal = (message: Message, event: EventOf<'settled'>): void => {
    const { stay } = message.stream
    // What moves with its session is not refused.
    if (!stay || hasMoved(stay) || event.reason === 'moved') return
    const { server } = stay
    if (event.reason === 'closed') {
      if (!server.refusal || message.sent.at < server.refusal.sent.at) server.refusal = message
    } else if (server.refusal && message.sent.at > server.refusal.sent.at)
      violate(
        'wrong-reason',
        `${event.by} refused message ${server.refusal.sent.id} as closed, and later took ${event.id}`,
        server.refusal.settled,
        message.sent,
        event,
      )
  }

  /** The end of a server's session is reported after its last outcomes, one `bye` later at most. */
  const sessionLost = (message: Message, event: EventOf<'settled'>): void => {
    const { stay } = message.stream
    if (stay && event.reason === 'session-lost') loseBy(stay, message, event, moment)
  }

  const checkDelivered = (message: Message, event: EventOf<'settled'>): void => {
    if (message.got || message.sent.unhandled) return
    const object = (): void =>
      violate(
        'delivered-not-got',
        `message ${event.id} is delivered, and was not delivered to the handlers`,
        message.sent,
        event,
        message.answered,
      )
    if (!message.isRequest) return object()
    // Who answers a request without a handler says so, in the same moment.
    afterwards(() => {
      if (!message.answered || !isUnhandled(message.answered)) object()
    })
  }

  return {
    sent(event) {
      const { id, by, peer, key } = event
      if (ledger.messages.has(id))
        return violate('invented', `${by} sent a second message ${id}: the history is wrong`, event)
      if (peer !== undefined && !ledger.sessions.get(peer)?.stays.some(({ server }) => server.name === by))
        return violate('misdelivered', `${by} sent message ${id} to a session that never began`, event)
      const message = ledger.send(event)
      const { stream } = message
      if (!message.isVolatile) stream.outstanding++
      if (event.unhandled) stream.unhandled++
      if (message.isRequest) {
        stream.untakenRequests++
        if (stream.client) {
          stream.client.silentRequests++
          stream.client.openRequests++
        }
      }
      if (key !== undefined) stream.keys.set(key, message)
    },
    cancelled({ id }) {
      const message = ledger.messages.get(id)
      if (message) message.isCancelled = true
    },
    settled(event) {
      const { id, by, status } = event
      const message = ledger.messages.get(id)
      if (!message || message.sent.by !== by)
        return violate('invented', `${by} has an outcome of message ${id}, which it did not send`, event)
      if (message.settled)
        return violate(
          'outcome-twice',
          `message ${id} has a second outcome, ${status}`,
          message.settled,
          event,
        )
      message.settled = event
      const { got, stream, isVolatile } = message
      if (!got && !isVolatile) stream.outstanding--
      if (event.reason === 'rejected') stream.rejected++

      if (isVolatile && (status === 'delivered' || status === 'unknown'))
        violate('volatile-outcome', `message ${id} is volatile, and ${status}`, message.sent, event)
      else if (status === 'delivered') checkDelivered(message, event)
      else if (status === 'sent' && !isVolatile)
        violate('sent-yet-reliable', `message ${id} is reliable, and no more than sent`, message.sent, event)
      else if (status === 'undelivered' && got)
        violate(
          'undelivered-yet-got',
          `message ${id} is undelivered, and was delivered to the handlers`,
          got,
          event,
        )

      if (status === 'undelivered' || status === 'unknown') {
        checkReason(message, event)
        checkTakenBack(message)
        sessionLost(message, event)
        const { client } = stream
        if (client?.loss && status === 'unknown' && event.reason === 'session-lost') client.loss.unknown++
      }
      checkRefusal(message, event)
    },
  }
}
