import { hasMoved, openMessages } from './ledger.ts'
import type { Client, EventOf, Ledger, Loss, Session, Stay, Stream } from './ledger.ts'
import type { Audit } from './violation.ts'

/** Sessions as both ends see them: none ends silently, and what is said of an end is true. */
export interface Sessions {
  joined(event: EventOf<'joined'>): void
  left(event: EventOf<'left'>): void
  open(event: EventOf<'open'>): void
  lost(event: EventOf<'lost'>): void
  closed(event: EventOf<'closed'>): void
  got(event: EventOf<'got'>): void
  /** Everything has come to rest: what has moved with a session must have arrived. */
  rest(): void
  finish(): void
}

function sumOver({ stays }: Session, count: (stream: Stream, stay: Stay) => number): number {
  return stays.reduce((sum, stay) => sum + count(stay.stream, stay), 0)
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
    sumOver(session, ({ abandonedRequests, rejected }) => 2 * abandonedRequests + rejected) +
    (session.client?.stream.unhandled ?? 0)

  const within = (count: number, least: number, most: number): boolean => count >= least && count <= most

  /** `missed` counts what the server had for the client: messages, and answers that applications do not see. */
  const checkMissed = (
    event: EventOf<'lost'>,
    session: Session,
    ends: readonly number[],
    silentRequests: number,
  ): void => {
    const { missed } = event
    const last = session.stays.at(-1)
    if (missed === null || !last || last.server.isKilled) return
    let least = 0
    let unsure = besides(session, silentRequests + session.up.lateRequests)
    for (const [index, stay] of session.stays.entries()) {
      const { stream, down } = stay
      for (let order = down.last ? down.last.order + 1 : 0; order < ends[index]!; order++) {
        const { settled, sent, isVolatile } = stream.messages[order]!
        if (settled?.status === 'undelivered' && settled.reason !== 'session-lost') continue
        // What was sent when the session was over already was not counted, nor is what is in its mailbox.
        if (isVolatile || hasMoved(stay) || (settled && settled.at - sent.at <= moment)) unsure++
        else least++
      }
    }
    if (!within(missed, least, least + unsure))
      violate(
        'missed-count',
        `${event.by} missed ${missed} messages of session ${session.id}, it says: they are ${least}, and ${unsure} more at most`,
        last.stream.messages[last.down.last?.order ?? -1]?.got,
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
    const { abandonedRequests, rejected } = client.stream
    const answers = sumOver(session, ({ untakenRequests }, { down }) => down.requests + untakenRequests)
    const most = unknown + answers + 2 * abandonedRequests + rejected
    if (event.unknown > most)
      violate(
        'loss-count',
        `${event.by} was told of ${event.unknown} unknown messages, and ${unknown} are, with answers ${most} at most`,
        event,
      )
  }

  /** The messages that have come with the session from other servers: when it ends, some may not be acknowledged. */
  const brought = ({ session, stream }: Stay): number =>
    sumOver(session, (other) =>
      other === stream ? 0 : other.messages.filter(({ settled }) => settled?.status !== 'delivered').length,
    )

  const checkLeft = (event: EventOf<'left'>, stay: Stay): void => {
    const { session, losses, stream } = stay
    const { up, client } = session
    const most = besides(session, up.requests + (client?.stream.untakenRequests ?? 0)) + brought(stay)
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

  const arrive = (event: EventOf<'joined'>, session: Session | undefined): void => {
    const { peer, by } = event
    const last = session?.stays.at(-1)
    if (!session || !last)
      return violate('invented', `session ${peer} moved to ${by}, and never began`, event)
    if (session.left)
      violate('invented', `session ${peer} moved to ${by}, and had ended`, session.left, event)
    if (last.server.name === by && !last.left)
      return violate('invented', `session ${peer} moved to ${by}, which had it`, last.joined, event)
    ledger.arrive(session, by, event)
    if (session.joined && session.joined.identity !== event.identity)
      violate(
        'wrong-identity',
        `session ${peer} of ${session.joined.identity} moved to ${by} as one of ${event.identity}`,
        session.joined,
        event,
      )
  }

  const checkMoved = ({ session, stream, server }: Stay): void => {
    for (const message of stream.messages) {
      const { sent, got, isVolatile, isRequest, settled } = message
      if (got || isVolatile || isRequest || settled?.status === 'undelivered') continue
      if (!message.mayEndElsewhere)
        violate(
          'lost-in-move',
          `message ${sent.id}, which ${server.name} sent in session ${session.id} before that moved or later, has not arrived`,
          sent,
          settled,
        )
    }
  }

  return {
    joined(event) {
      const known = ledger.sessions.get(event.peer)
      if (event.arrival === 'moved') return arrive(event, known)
      if (known) return violate('invented', `session ${event.peer} began twice`, known.joined, event)
      ledger.arrive(ledger.session(event.peer, event), event.by, event)
    },
    left(event) {
      const session = ledger.sessions.get(event.peer)
      const stay = session?.stays.findLast(({ server }) => server.name === event.by)
      if (!session || !stay?.joined)
        return violate('invented', `session ${event.peer} ended, and did not begin`, event)
      if (stay.left) return violate('invented', `session ${event.peer} ended twice`, stay.left, event)
      stay.left = event
      if (hasMoved(stay)) {
        stay.aheadUntil = Math.min(stay.server.drainingSince, session.client?.downAt ?? -Infinity)
        return
      }
      if (stay !== session.stays.at(-1))
        return violate(
          'invented',
          `session ${event.peer} ended on ${event.by}, and had moved`,
          session.stays.at(-1)?.joined,
          event,
        )
      session.left = event
      afterwards(() => checkLeft(event, stay))
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
      const ends = session?.stays.map((stay) => stay.stream.messages.length) ?? []
      client.losses++
      const loss: Loss = { event, unknown: 0 }
      client.loss = loss
      forget(client)
      afterwards(() => {
        checkLoss(loss, client, session, outstanding)
        if (session) checkMissed(event, session, ends, silentRequests)
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
      const session = message.stream.stay?.session
      if (session?.client?.name !== event.by) return
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
    rest() {
      for (const session of ledger.sessions.values())
        if (session.client?.session === session && session.client.isOpen)
          for (const stay of session.stays) if (hasMoved(stay)) checkMoved(stay)
    },
    finish() {
      for (const { id, stays } of ledger.sessions.values())
        for (const { server, left } of stays.slice(0, -1))
          if (!left && !server.isKilled)
            violate(
              'move-untold',
              `${server.name} did not report that session ${id} has moved`,
              stays.at(-1)?.joined,
            )
    },
  }
}
