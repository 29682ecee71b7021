import { openMessages } from './ledger.ts'
import type { Client, EventOf, Ledger, Loss, Session } from './ledger.ts'
import type { Audit } from './violation.ts'

/** Sessions as both ends see them: none ends silently, and what is said of an end is true. */
export interface Sessions {
  joined(event: EventOf<'joined'>): void
  left(event: EventOf<'left'>): void
  open(event: EventOf<'open'>): void
  lost(event: EventOf<'lost'>): void
  closed(event: EventOf<'closed'>): void
  got(event: EventOf<'got'>): void
}

export function createSessions(ledger: Ledger, { violate, afterwards, moment }: Audit): Sessions {
  /** The client has gone on without its session. */
  const forget = (client: Client): void => {
    if (client.session) client.session.isPast = true
    client.session = undefined
    client.holds = 'nothing'
  }

  /** How many frames an end may have written beside messages: answers, and what takes requests back. */
  const besides = (session: Session, answers: number): number =>
    answers +
    2 * session.stream.abandonedRequests +
    session.stream.rejected +
    (session.client?.stream.unhandled ?? 0)

  const within = (count: number, least: number, most: number): boolean => count >= least && count <= most

  /** `missed` counts what the server had for the client: messages, and answers that applications do not see. */
  const checkMissed = (
    event: EventOf<'lost'>,
    session: Session,
    end: number,
    silentRequests: number,
  ): void => {
    const { stream, down } = session
    const { missed } = event
    if (missed === null || session.server.isKilled) return
    let least = 0
    let unsure = besides(session, silentRequests + session.up.lateRequests)
    for (let order = down.last ? down.last.order + 1 : 0; order < end; order++) {
      const { settled, sent, isVolatile } = stream.messages[order]!
      if (settled?.status === 'undelivered' && settled.reason !== 'session-lost') continue
      // What was sent when the session was over already was not counted.
      if (isVolatile || (settled && settled.at - sent.at <= moment)) unsure++
      else least++
    }
    if (!within(missed, least, least + unsure))
      violate(
        'missed-count',
        `${event.by} missed ${missed} messages of session ${session.id}, it says: they are ${least}, and ${unsure} more at most`,
        stream.messages[down.last?.order ?? -1]?.got,
        session.left,
        event,
      )
  }

  const checkLoss = (
    { event, unknown }: Loss,
    client: Client,
    session: Session | undefined,
    outstanding: number,
  ): void => {
    if (event.undelivered > outstanding)
      violate(
        'loss-count',
        `${event.by} lost ${event.undelivered} undelivered messages, it says, and had ${outstanding}`,
        event,
      )
    if (event.unknown < unknown)
      violate(
        'loss-count',
        `${event.by} has ${unknown} unknown messages, and was told of ${event.unknown}`,
        event,
      )
    if (!session) return
    const { requests } = session.down
    const { abandonedRequests, rejected } = client.stream
    const most = unknown + requests + session.stream.untakenRequests + 2 * abandonedRequests + rejected
    if (event.unknown > most)
      violate(
        'loss-count',
        `${event.by} was told of ${event.unknown} unknown messages, and ${unknown} are, with answers ${most} at most`,
        event,
      )
  }

  const checkLeft = (event: EventOf<'left'>, session: Session): void => {
    const { losses, up, client, stream } = session
    const most = besides(session, up.requests + (client?.stream.untakenRequests ?? 0))
    if (!within(event.undelivered, losses.undelivered, losses.undelivered + losses.late + most))
      violate(
        'left-count',
        `session ${session.id} ended with ${event.undelivered} undelivered messages, it says: ${losses.undelivered} are, ${losses.late} were perhaps sent later`,
        event,
      )
    if (!within(event.unknown, losses.unknown, losses.unknown + most))
      violate(
        'left-count',
        `session ${session.id} ended with ${event.unknown} unknown messages, it says: ${losses.unknown} are`,
        event,
      )
    for (const message of openMessages(stream))
      if (message.sent.at <= event.at)
        violate('unsettled', `message ${message.sent.id} outlives its session`, message.sent, event)
  }

  return {
    joined(event) {
      const known = ledger.sessions.get(event.peer)
      if (known) return violate('invented', `session ${event.peer} began twice`, known.joined, event)
      ledger.session(event.peer, event.by, event)
    },
    left(event) {
      const session = ledger.sessions.get(event.peer)
      if (!session?.joined || session.server.name !== event.by)
        return violate('invented', `session ${event.peer} ended, and did not begin`, event)
      if (session.left) return violate('invented', `session ${event.peer} ended twice`, session.left, event)
      session.left = event
      afterwards(() => checkLeft(event, session))
    },
    open(event) {
      const client = ledger.client(event.by)
      const { holds } = client
      if (event.resumed) {
        if (holds === 'nothing')
          violate('false-resume', `${event.by} resumed a session, and had none`, client.loss?.event, event)
      } else {
        if (event.replayed > 0)
          violate('false-resume', `${event.by} replayed ${event.replayed} messages into a new session`, event)
        if (holds === 'session')
          violate(
            'loss-untold',
            `${event.by} has a new session, and was not told of the end of the last`,
            event,
          )
        forget(client)
        client.generation++
        client.silentRequests = client.openRequests
      }
      client.holds = 'session'
      if (client.identity !== event.identity) client.identities++
      client.identity = event.identity
    },
    lost(event) {
      const client = ledger.client(event.by)
      if (client.holds === 'nothing')
        return violate(
          'loss-of-nothing',
          `${event.by} lost a session, and had none`,
          client.loss?.event,
          event,
        )
      const { session, silentRequests, stream } = client
      const { outstanding } = stream
      const end = session?.stream.messages.length ?? 0
      client.losses++
      const loss: Loss = { event, unknown: 0 }
      client.loss = loss
      forget(client)
      afterwards(() => {
        checkLoss(loss, client, session, outstanding)
        if (session) checkMissed(event, session, end, silentRequests)
      })
    },
    closed: ({ by }) => forget(ledger.client(by)),
    got(event) {
      const message = ledger.messages.get(event.id)
      if (!message) return
      if (event.peer !== undefined) {
        const session = ledger.sessions.get(event.peer)
        if (!session) return
        if (session.left)
          violate('after-end', `message ${event.id} came by a session that had ended`, session.left, event)
        else if (session.overSince !== undefined && session.overSince + moment < event.at)
          violate('after-end', `message ${event.id} came by a session that was over`, event)
        // Sent in the session that the client has now: so this is which.
        const { client } = session
        if (client?.holds !== 'session' || client.session) return
        if (message.stream.client === client && message.generation === client.generation && !session.isPast)
          client.session = session
        return
      }
      const { session } = message.stream
      if (!session || session.client?.name !== event.by) return
      const { client } = session
      if (session.isPast || (client.session && client.session !== session))
        violate(
          'loss-untold',
          `${event.by} got message ${event.id} of session ${session.id}, and was not told how it came from or to another`,
          session.joined,
          event,
        )
      client.session ??= session
    },
  }
}
