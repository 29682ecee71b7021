import type { EventOf, Lane, Ledger, Message, Session, Stay } from './ledger.ts'
import { isUnhandled } from './outcomes.ts'
import type { Audit } from './violation.ts'

/** Messages in transit: delivered once, to their receiver, in order, and without gaps. */
export interface Handing {
  got(event: EventOf<'got'>): void
}

export function createHanding(ledger: Ledger, { violate, afterwards }: Audit): Handing {
  const once = (message: Message, event: EventOf<'got'>): boolean => {
    const { id } = event
    if (message.got)
      violate(
        'handed-on-twice',
        `message ${id} was delivered to the handlers a second time`,
        message.got,
        event,
      )
    if (message.settled?.status === 'undelivered')
      violate(
        'undelivered-yet-got',
        `message ${id} was undelivered (${message.settled.reason}), and delivered to the handlers after that`,
        message.settled,
        event,
      )
    else if (message.answered?.code === 'undelivered')
      violate(
        'undelivered-yet-got',
        `request ${id} was undelivered, and delivered to the handlers after that`,
        message.answered,
        event,
      )
    return message.got === undefined
  }

  const toWhom = (message: Message, event: EventOf<'got'>, session: Session): boolean => {
    const { sent, stream } = message
    const receiver = stream.stay ? session.client?.name : session.stays.at(-1)?.server.name
    const sender = stream.stay ? stream.sender : session.client?.name
    const isRight =
      event.kind === sent.kind && event.by === receiver && sent.by === sender && event.by !== sent.by
    if (!isRight)
      violate(
        'misdelivered',
        `${sent.kind} ${sent.id} of ${sent.by} came as ${event.kind} to ${event.by}, by a session of ${String(session.client?.name)}`,
        session.joined,
        sent,
        event,
      )
    return isRight
  }

  /** What lies between two messages of a session must not have been written: it is settled as undelivered. */
  const between = (lane: Lane, message: Message, event: EventOf<'got'>, session: Session): void => {
    const { last } = lane
    if (!last) return
    const { messages } = message.stream
    for (let order = last.order + 1; order < message.order; order++) {
      const missing = messages[order]!
      if (missing.isVolatile || missing.got || missing.settled?.status === 'undelivered') continue
      // Its sender may settle it in the same moment.
      afterwards(() => {
        const { settled, sent, stream, answered } = missing
        const isCut = ledger.servers.get(stream.sender)?.isKilled && !settled
        if (settled?.status === 'undelivered' || missing.got || isCut || missing.mayEndElsewhere) return
        if (sent.unhandled || (answered && isUnhandled(answered))) return
        violate(
          'gap',
          `session ${session.id} brought ${last.sent.id} and ${sent.by}'s ${event.id}, but not ${sent.id}, which was sent between them and is ${settled?.status ?? 'not settled'}`,
          last.got,
          sent,
          settled,
          event,
        )
      })
    }
  }

  /** What a server sent to a session that has moved comes before what the next server sends. */
  const afterFormer = (stay: Stay, { sent }: Message, event: EventOf<'got'>): void => {
    for (const { stream, down, aheadUntil } of stay.session.stays) {
      if (stream === stay.stream) return
      for (let order = (down.last?.order ?? -1) + 1; order < stream.messages.length; order++) {
        const missing = stream.messages[order]!
        if (missing.sent.at >= aheadUntil) break
        if (missing.isVolatile || missing.answered) continue
        // Its sender may settle it in the same moment.
        afterwards(() => {
          if (missing.settled?.status === 'undelivered' || missing.answered) return
          if (missing.got ? missing.got.at < event.at : missing.mayEndElsewhere) return
          violate(
            'out-of-order',
            `${event.by} got ${sent.by}'s ${event.id} before ${missing.sent.id}, which ${stream.sender} sent before it gave session ${stay.session.id} up`,
            missing.sent,
            missing.got,
            event,
          )
        })
      }
    }
  }

  const inOrder = (message: Message, event: EventOf<'got'>, session: Session): void => {
    const { stream, isVolatile } = message
    const lane = stream.stay?.down ?? session.up
    // Volatile ones have no number, so on a path that loses frames nothing is promised of where they come among others.
    const last = isVolatile ? lane.lastVolatile : lane.last
    if (last && last.order > message.order)
      return violate(
        'out-of-order',
        `session ${session.id} brought ${last.sent.id} before ${event.id}, which was sent earlier`,
        message.sent,
        last.sent,
        last.got,
        event,
      )
    if (isVolatile) {
      lane.lastVolatile = message
      return
    }
    between(lane, message, event, session)
    if (stream.stay) afterFormer(stream.stay, message, event)
    lane.last = message
    const { highest } = stream
    if (!highest || highest.order < message.order) stream.highest = message
    // What an old session brings late has been given up by then: between sessions that know of it there is no order.
    else if (!message.isGivenUp)
      violate(
        'out-of-order',
        `${highest.sent.id} was delivered to the handlers before ${event.id}, which ${stream.sender} sent earlier, in another session`,
        message.sent,
        highest.sent,
        highest.got,
        event,
      )
  }

  /** An unknown message may still come from its old session, but no newer one may bring it. */
  const resent = (message: Message, event: EventOf<'got'>, session: Session): void => {
    const { suspect } = session
    if (message.isVolatile || message.stream.stay) return
    if (message.settled?.status === 'unknown') session.suspect ??= message
    // Sent when the other one was unknown, so this session is none that the other one was written to.
    else if (suspect && message.sent.at > suspect.settled!.at) {
      session.suspect = undefined
      violate(
        'resent-unknown',
        `session ${session.id} brought ${suspect.sent.id}, which was unknown when that session began`,
        suspect.settled,
        suspect.got,
        event,
      )
    }
  }

  const asWhom = (message: Message, event: EventOf<'got'>, session: Session): void => {
    const { identity } = event
    const of = session.joined?.identity
    if (message.stream.stay) {
      const now = session.client?.identity
      if (now === undefined || of === undefined || now === of) return
      violate('wrong-identity', `${now} got message ${event.id}, which is for ${of}`, session.joined, event)
    } else if (identity !== undefined) {
      if (of !== undefined && of !== identity)
        violate(
          'wrong-identity',
          `session ${session.id} of ${of} became one of ${identity}`,
          session.joined,
          event,
        )
      if (message.identity !== undefined && message.identity !== identity)
        violate(
          'wrong-identity',
          `message ${event.id} was sent as ${message.identity}, and delivered to the handlers as ${identity}`,
          message.sent,
          event,
        )
    }
  }

  return {
    got(event) {
      const message = ledger.messages.get(event.id)
      if (!message)
        return violate('invented', `${event.by} got message ${event.id}, which nobody sent`, event)
      const { stream } = message
      const session =
        stream.stay?.session ?? (event.peer === undefined ? undefined : ledger.sessions.get(event.peer))
      if (!session?.joined)
        return violate(
          'misdelivered',
          `message ${event.id} came by a session that never began`,
          message.sent,
          event,
        )
      if (!once(message, event)) return
      const isTaken = message.settled !== undefined || message.isVolatile
      message.got = event
      if (!isTaken) stream.outstanding--
      if (!toWhom(message, event, session)) return
      if (message.isRequest) {
        stream.untakenRequests--
        const lane = stream.stay?.down ?? session.up
        lane.requests++
        if (message.answered) lane.lateRequests++
      }
      inOrder(message, event, session)
      resent(message, event, session)
      asWhom(message, event, session)
    },
  }
}
