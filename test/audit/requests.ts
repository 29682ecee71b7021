import type { EventOf, Ledger, Message } from './ledger.ts'
import { isUnhandled } from './outcomes.ts'
import type { Audit } from './violation.ts'

/** Requests: one end each, right or an error that agrees with the outcome of the request. */
export interface Requests {
  answered(event: EventOf<'answered'>): void
}

const codes = ['remote', 'timeout', 'aborted', 'invalid', 'undelivered', 'unknown', 'disposed']

export function createRequests(ledger: Ledger, { violate, afterwards }: Audit): Requests {
  const checkHandled = (message: Message, event: EventOf<'answered'>): void => {
    const { id, how, code } = event
    const { got } = message
    const isAnswer = how === 'right' || (code === 'remote' && !isUnhandled(event)) || code === 'invalid'
    if (isAnswer && !got && !message.sent.unhandled)
      violate(
        'answer-from-nowhere',
        `request ${id} was answered (${code ?? how}), and no handler was called`,
        message.sent,
        event,
      )
    if (code === 'undelivered' && got)
      violate(
        'undelivered-yet-got',
        `request ${id} failed as undelivered, and its handler was called`,
        got,
        event,
      )
    if (isUnhandled(event) && got && event.reason !== 'invalid')
      violate('answer-contradicts-outcome', `request ${id} was ${event.reason}, yet handled`, got, event)
  }

  /** The outcome is noted in the same moment, before or after. */
  const checkOutcome = (message: Message, event: EventOf<'answered'>): void => {
    const { how, code } = event
    const status = message.settled?.status
    const isAnswered = how === 'right' || code === 'remote' || code === 'invalid'
    const isTrue =
      code === 'undelivered'
        ? status === 'undelivered'
        : code === 'unknown'
          ? status === 'unknown' || status === 'delivered'
          : !isAnswered || status === undefined || status === 'delivered'
    if (!isTrue)
      violate(
        'answer-contradicts-outcome',
        `request ${event.id} ended as ${code ?? how}, and is ${status ?? 'without an outcome'}`,
        event,
        message.settled,
      )
  }

  return {
    answered(event) {
      const { id, by, how, code } = event
      const message = ledger.messages.get(id)
      if (!message?.isRequest || message.sent.by !== by)
        return violate('invented', `${by} has an answer to request ${id}, which it did not send`, event)
      if (message.answered)
        return violate('answered-twice', `request ${id} has ended a second time`, message.answered, event)
      message.answered = event
      const { stream } = message
      const { client } = stream
      const isFromPeer = how !== 'error' || code === 'remote' || code === 'invalid'
      if (client) {
        client.openRequests--
        if (isFromPeer) client.silentRequests--
      }
      if (code === 'timeout' || code === 'aborted') stream.abandonedRequests++
      if (isFromPeer && !message.got) stream.untakenRequests--

      if (how === 'wrong') violate('wrong-answer', `request ${id} has the wrong answer`, message.got, event)
      if (how === 'error' && !codes.includes(code ?? ''))
        violate(
          'answer-contradicts-outcome',
          `request ${id} ended as ${String(code)}, which is no such end`,
          event,
        )
      if (code === 'disposed' && client?.disposedAt === undefined)
        violate('answer-contradicts-outcome', `request ${id} ended as disposed, and ${by} was not`, event)
      checkHandled(message, event)
      afterwards(() => checkOutcome(message, event))
    },
  }
}
