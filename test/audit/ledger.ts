import type {
  Answered,
  ClientLost,
  Got,
  HistoryEvent,
  PeerJoined,
  PeerLeft,
  Sent,
  Settled,
} from './history.ts'

/** An event of one kind, with what every event has. */
export type EventOf<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { readonly type: Type }>
type Entry<Kind> = Kind & { readonly at: number; readonly by: string }

/** What is known of one message. A class, because there are as many of these as messages. */
export class Message {
  readonly sent: Entry<Sent>
  readonly stream: Stream
  /** Its place in the stream. */
  readonly order: number
  /** For whom a client sent it, and what it had been through by then. */
  readonly identity: string | null | undefined
  readonly generation: number
  readonly losses: number
  readonly discards: number
  readonly closes: number
  isCancelled = false
  got: Entry<Got> | undefined = undefined
  settled: Entry<Settled> | undefined = undefined
  answered: Entry<Answered> | undefined = undefined

  constructor(sent: Entry<Sent>, stream: Stream, order: number) {
    const { client } = stream
    this.sent = sent
    this.stream = stream
    this.order = order
    this.identity = client?.identity
    this.generation = client?.generation ?? 0
    this.losses = client?.losses ?? 0
    this.discards = client?.discards ?? 0
    // What a closed client is given counts as given before it was closed.
    this.closes = (client?.closes ?? 0) - (client?.isClosed ? 1 : 0)
  }

  get isRequest(): boolean {
    return this.sent.kind === 'request'
  }

  get isVolatile(): boolean {
    return this.sent.volatile === true
  }

  /**
   * It moved with its session, unwritten perhaps, and the next server need not send it: it is too late, a newer one has its key, or its
   * sender took it back.
   */
  get mayEndElsewhere(): boolean {
    const { ttl, key } = this.sent
    const mayEnd = ttl !== undefined || key !== undefined || this.isCancelled
    return mayEnd && this.settled?.status === 'unknown' && this.settled.reason === 'moved'
  }

  /** Nothing more can happen to it at its sender. */
  get isOver(): boolean {
    return this.isRequest ? this.answered !== undefined : this.settled !== undefined
  }

  /** Its sender has ceased to count on it, and does not know whether it was delivered. */
  get isGivenUp(): boolean {
    if (this.settled) return this.settled.status === 'unknown'
    return this.answered?.how === 'error'
  }
}

/** What one application sent to one other: a client to its server, over all sessions, or a server to one peer. */
export interface Stream {
  readonly sender: string
  readonly client: Client | undefined
  /** The session that a server sent it to, on that server. */
  readonly stay: Stay | undefined
  readonly messages: Message[]
  /** The message that was sent last, of those that were delivered. */
  highest: Message | undefined
  /** Reliable messages that were neither delivered nor settled. */
  outstanding: number
  /** Where to begin to look for messages that are not over. */
  oldest: number
  /** Requests that no handler was called with. */
  untakenRequests: number
  /** Requests that ended although an answer may still have come. */
  abandonedRequests: number
  rejected: number
  /** Requests that no handler takes. */
  unhandled: number
  /** The latest message of each key. */
  readonly keys: Map<string, Message>
}

/** What one session brought in one direction. */
export interface Lane {
  /** The latest of the reliable messages, and of the volatile ones. */
  last: Message | undefined
  lastVolatile: Message | undefined
  /** Requests whose handler was called, so that there was an answer to be sent back. */
  requests: number
  /** Those of them that their sender had given up by then. */
  lateRequests: number
}

export interface Session {
  readonly id: string
  /** Undefined when a server never said whose session it is. */
  readonly joined: Entry<PeerJoined> | undefined
  readonly client: Client | undefined
  /** On which servers it was. The last one has it, or had it last. */
  readonly stays: Stay[]
  /** Its end. */
  left: Entry<PeerLeft> | undefined
  readonly up: Lane
  /** Its client has gone on to another one. */
  isPast: boolean
  /** The server settled a message because this session is over. */
  overSince: number | undefined
  /** An unknown message that this session brought. */
  suspect: Message | undefined
}

/** A session on one server: from the moment when that server has it until it has ended or moved. */
export interface Stay {
  readonly session: Session
  readonly server: Server
  /** Undefined when the server never said that it has the session. */
  readonly joined: Entry<PeerJoined> | undefined
  left: Entry<PeerLeft> | undefined
  /** What the server sent to it. */
  readonly stream: Stream
  readonly down: Lane
  /**
   * What it sent before that moment moves with the session, ahead of what the next server sends. What it sends later, after it
   * began to drain or after its client went away, may go through the mailbox of the session.
   */
  aheadUntil: number
  /** Outcomes of `session-lost`. */
  readonly losses: { undelivered: number; late: number; unknown: number }
}

/** A loss that a client reported, and the outcomes that came with it. */
export interface Loss {
  readonly event: Entry<ClientLost>
  unknown: number
}

export interface Client {
  readonly name: string
  readonly stream: Stream
  /** `asked`: the application has ended it, so no report is required. */
  holds: 'nothing' | 'session' | 'asked'
  /** How many sessions there were. */
  generation: number
  /** The session that it has, once a message has shown which it is. */
  session: Session | undefined
  identity: string | null | undefined
  identities: number
  isOpen: boolean
  /** When it was last notified that it is down. */
  downAt: number
  /** The last report: connected, or not. */
  isWanted: boolean
  /** Whether disconnect() was called since it was last closed. */
  isLeaving: boolean
  /** It has given up by itself. */
  isClosed: boolean
  losses: number
  discards: number
  closes: number
  loss: Loss | undefined
  disposedAt: number | undefined
  /** Requests of this session to which no answer has come from the peer. */
  silentRequests: number
  openRequests: number
}

export interface Server {
  readonly name: string
  isKilled: boolean
  /** When it began to drain. */
  drainingSince: number
  /** It takes no messages any more: it is about to close. */
  refusal: Message | undefined
}

/** Who and what there is in a history. */
export interface Ledger {
  readonly messages: ReadonlyMap<number, Message>
  readonly clients: ReadonlyMap<string, Client>
  readonly servers: ReadonlyMap<string, Server>
  readonly sessions: ReadonlyMap<string, Session>
  client(name: string): Client
  server(name: string): Server
  session(id: string, joined?: Entry<PeerJoined>): Session
  /** A stay of a session on a server, by default the last one. */
  stay(id: string, server: string, index?: number): Stay
  /** A server has a session from now on. */
  arrive(session: Session, server: string, joined?: Entry<PeerJoined>): Stay
  send(event: Entry<Sent>): Message
}

export function createLedger(): Ledger {
  const messages = new Map<number, Message>()
  const clients = new Map<string, Client>()
  const servers = new Map<string, Server>()
  const sessions = new Map<string, Session>()

  const ledger: Ledger = {
    messages,
    clients,
    servers,
    sessions,
    client(name) {
      let client = clients.get(name)
      if (!client) clients.set(name, (client = newClient(name)))
      return client
    },
    server(name) {
      let server = servers.get(name)
      if (!server)
        servers.set(name, (server = { name, isKilled: false, drainingSince: Infinity, refusal: undefined }))
      return server
    },
    session(id, joined) {
      let session = sessions.get(id)
      if (!session) {
        session = newSession(id, joined, joined && ledger.client(joined.client))
        sessions.set(id, session)
      }
      return session
    },
    stay(id, server, index = -1) {
      const session = ledger.session(id)
      const stays = session.stays.filter((stay) => stay.server.name === server)
      return stays.at(index) ?? ledger.arrive(session, server)
    },
    arrive(session, server, joined) {
      const stay = newStay(session, ledger.server(server), joined)
      session.stays.push(stay)
      return stay
    },
    send(event) {
      const stream =
        event.peer === undefined
          ? ledger.client(event.by).stream
          : ledger.stay(event.peer, event.by, event.stay).stream
      const message = new Message(event, stream, stream.messages.length)
      stream.messages.push(message)
      messages.set(event.id, message)
      return message
    },
  }
  return ledger
}

/** Whether the session has moved away from there. */
export function hasMoved({ left }: Stay): boolean {
  return left?.why === 'moved'
}

/** The messages of a stream that are not over, from the oldest on, up to that place. */
export function* openMessages(stream: Stream, end: number = stream.messages.length): Generator<Message> {
  const { messages } = stream
  while (messages[stream.oldest]?.isOver) stream.oldest++
  for (let order = stream.oldest; order < end; order++) if (!messages[order]!.isOver) yield messages[order]!
}

function newStream(sender: string, client?: Client, stay?: Stay): Stream {
  return {
    sender,
    client,
    stay,
    messages: [],
    highest: undefined,
    outstanding: 0,
    oldest: 0,
    untakenRequests: 0,
    abandonedRequests: 0,
    rejected: 0,
    unhandled: 0,
    keys: new Map(),
  }
}

function newClient(name: string): Client {
  const client = {
    name,
    stream: undefined as unknown as Stream,
    holds: 'nothing',
    generation: 0,
    session: undefined,
    identity: undefined,
    identities: 0,
    isOpen: false,
    downAt: -Infinity,
    isWanted: false,
    isLeaving: false,
    isClosed: false,
    losses: 0,
    discards: 0,
    closes: 0,
    loss: undefined,
    disposedAt: undefined,
    silentRequests: 0,
    openRequests: 0,
  } satisfies Client as Client & { stream: Stream }
  client.stream = newStream(name, client)
  return client
}

function newSession(id: string, joined: Session['joined'], client: Client | undefined): Session {
  return {
    id,
    joined,
    client,
    stays: [],
    left: undefined,
    up: newLane(),
    isPast: false,
    overSince: undefined,
    suspect: undefined,
  }
}

function newStay(session: Session, server: Server, joined: Stay['joined']): Stay {
  const stay = {
    session,
    server,
    joined,
    left: undefined,
    stream: undefined as unknown as Stream,
    down: newLane(),
    aheadUntil: -Infinity,
    losses: { undelivered: 0, late: 0, unknown: 0 },
  } satisfies Stay as Stay & { stream: Stream }
  stay.stream = newStream(server.name, undefined, stay)
  return stay
}

function newLane(): Lane {
  return { last: undefined, lastVolatile: undefined, requests: 0, lateRequests: 0 }
}
