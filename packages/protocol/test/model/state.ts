import type { Chances, World } from './world.ts'

export type Frame = Hi | Ok | Message | Ack | Ping | Pong | Drain | Close | Bye | Superseded

export interface Hi {
  readonly t: 'hi'
  readonly sid: number
  readonly key: number
  readonly n: number
  readonly rx: number
  readonly user: number
}

export interface Ok {
  readonly t: 'ok'
  readonly sid: number
  readonly key: number
  readonly rx: number
  readonly user: number
  /** The final cursor of the session that was lost, or one of the two below. */
  readonly lost: number
}

export const nothingLost = -1
export const noCursor = -2

interface Message {
  readonly t: 'm'
  readonly seq: number
  readonly ack: number
  /** 0 for a void frame. */
  readonly id: number
}

interface Ack {
  readonly t: 'a'
  readonly ack: number
}

interface Ping {
  readonly t: 'p'
  readonly ack: number
}

interface Pong {
  readonly t: 'q'
  readonly ack: number
}

interface Drain {
  readonly t: 'drain'
  readonly isParking: boolean
}

/** The client closes the connection. */
interface Close {
  readonly t: 'close'
}

interface Bye {
  readonly t: 'bye'
  readonly rx: number
}

interface Superseded {
  readonly t: '4409'
}

/** The messages of one end, by id; 0 is one that was withdrawn. `sent[0]` has the number `acked + 1`. */
export interface Sender {
  queue: number[]
  sent: number[]
  acked: number
}

/** What both ends have. */
interface End {
  sid: number
  key: number
  rx: number
  out: Sender
  /** What is left of a pack. */
  inbox: Frame[]
  isDraining: boolean
  /** The session goes on on another node afterwards. */
  isParking: boolean
  /** An ack is due once all that has come in is delivered. */
  isAsked: boolean
  /** The message that was delivered last, in this session. */
  last: number
}

export interface Client extends End {
  phase: 'away' | 'greeting' | 'live' | 'bye' | 'stopped'
  /** Index of the socket, or -1. */
  socket: number
  n: number
  /** The user of the next token, and of the last `ok`. */
  user: number
  lastUser: number
  /** The sessions whose `ok` has come, by bit. */
  knows: number
}

export interface Session extends End {
  user: number
  n: number
  /** The sockets that are read and written, by bit. */
  sockets: number
  isTold: boolean
  /** Only the tombstone is left. */
  isEnded: boolean
  /** Its own `bye` is out, and that of the client reports the outcome of its messages. */
  awaitsBye: boolean
  /** The highest number that was written before the drain. */
  writtenBefore: number
}

export interface Socket {
  readonly server: number
  isUp: boolean
  /** The client has given it up; the server need not know. */
  isLeft: boolean
  c2s: Frame[]
  s2c: Frame[]
}

export interface State {
  client: Client
  /** The sessions of each server; then those of the store, if they share one. */
  servers: Session[][]
  sockets: Socket[]
  /** By message, those of the client first. */
  fate: number[]
  handled: number[]
  /** As which user the client was known when it sent the message. */
  sentAs: number[]
  nextSid: number
  sent: [toServer: number, toClient: number]
  chances: Chances
  wasStolen: boolean
  violation: string | undefined
}

export const fates = { none: 0, open: 1, delivered: 2, undelivered: 3, unknown: 4 } as const

/** The user before the first `ok`. */
export const nobody = 255

/** Stands for the socket of the other client. */
export const thief = 1 << 7

export const newSender = (): Sender => ({ queue: [], sent: [], acked: 0 })

const newEnd = (sid: number): End => ({
  sid,
  key: 1,
  rx: 0,
  out: newSender(),
  inbox: [],
  isDraining: false,
  isParking: false,
  isAsked: false,
  last: 0,
})

export const newSession = (sid: number, user: number, n: number): Session => ({
  ...newEnd(sid),
  user,
  n,
  sockets: 0,
  isTold: false,
  isEnded: false,
  awaitsBye: false,
  writtenBefore: 0,
})

export const newSocket = (server: number): Socket => ({ server, isUp: true, isLeft: false, c2s: [], s2c: [] })

/** A client with a session that has just begun, or none. */
export function createState({ servers, messages, chances, isFresh = false, isShared }: World): State {
  const table = (): number[] => Array<number>(messages[0] + messages[1] + 1).fill(0)
  const first: Session = { ...newSession(1, 0, 1), sockets: 1, isTold: true }
  const live = { phase: 'live', socket: 0, n: 1, user: 0, lastUser: 0, knows: 1 << 1 } as const
  const away = { phase: 'away', socket: -1, n: 0, user: 0, lastUser: nobody, knows: 0 } as const
  return {
    client: isFresh ? { ...newEnd(0), ...away } : { ...newEnd(1), ...live },
    servers: Array.from({ length: servers + (isShared ? 1 : 0) }, (_, index) =>
      index === 0 && !isFresh ? [first] : [],
    ),
    sockets: isFresh ? [] : [newSocket(0)],
    fate: table(),
    handled: table(),
    sentAs: table(),
    nextSid: isFresh ? 1 : 2,
    sent: [0, 0],
    chances: {
      crashes: 0,
      drains: 0,
      parks: 0,
      byes: 0,
      logins: 0,
      thefts: 0,
      closes: 0,
      withdrawals: 0,
      leaks: 0,
      ...chances,
    },
    wasStolen: false,
    violation: undefined,
  }
}

export const cloneEnd = <T extends End>(end: T): T => {
  const { queue, sent, acked } = end.out
  return { ...end, out: { queue: queue.slice(), sent: sent.slice(), acked }, inbox: end.inbox.slice() }
}

export function cloneState(state: State): State {
  return {
    ...state,
    client: cloneEnd(state.client),
    servers: state.servers.map((sessions) => sessions.map(cloneEnd)),
    sockets: state.sockets.map((socket) => ({ ...socket, c2s: socket.c2s.slice(), s2c: socket.s2c.slice() })),
    fate: state.fate.slice(),
    handled: state.handled.slice(),
    sentAs: state.sentAs.slice(),
    sent: [state.sent[0], state.sent[1]],
    chances: { ...state.chances },
  }
}

const phases = ['away', 'greeting', 'live', 'bye', 'stopped'] as const
const bytes = Buffer.alloc(4_096)

/** Bytes that two states share only if they are the same in all that matters. Valid until the next call. */
export function encodeState(state: State): Buffer {
  let length = 0
  const put = (value: number): void => void (bytes[length++] = value)
  const list = (items: readonly number[]): void => {
    put(items.length)
    for (const item of items) put(item)
  }
  const frames = (items: readonly Frame[]): void => {
    put(items.length)
    for (const frame of items)
      switch (frame.t) {
        case 'hi':
          put(1)
          put(frame.sid)
          put(frame.key)
          put(frame.n)
          put(frame.rx)
          put(frame.user)
          break
        case 'ok':
          put(2)
          put(frame.sid)
          put(frame.key)
          put(frame.rx)
          put(frame.user)
          put(frame.lost + 2)
          break
        case 'm':
          put(3)
          put(frame.seq)
          put(frame.ack)
          put(frame.id)
          break
        case 'a':
          put(4)
          put(frame.ack)
          break
        case 'drain':
          put(frame.isParking ? 10 : 5)
          break
        case 'close':
          put(11)
          break
        case 'bye':
          put(6)
          put(frame.rx)
          break
        case '4409':
          put(7)
          break
        case 'p':
          put(8)
          put(frame.ack)
          break
        case 'q':
          put(9)
          put(frame.ack)
      }
  }
  const flags = (...values: boolean[]): void => put(values.reduce((sum, flag) => sum * 2 + (flag ? 1 : 0), 0))
  const end = ({ sid, key, rx, out, inbox, last }: End): void => {
    put(sid)
    put(key)
    put(rx)
    list(out.queue)
    list(out.sent)
    put(out.acked)
    frames(inbox)
    put(last)
  }
  const { client, chances } = state
  end(client)
  put(phases.indexOf(client.phase))
  put(client.socket + 1)
  put(client.n)
  put(client.user)
  put(client.lastUser)
  put(client.knows)
  flags(client.isDraining, client.isParking, client.isAsked, state.wasStolen)
  for (const sessions of state.servers) {
    put(sessions.length)
    for (const session of sessions) {
      end(session)
      put(session.user)
      put(session.n)
      put(session.sockets)
      const { isDraining, isParking, isAsked, isTold, isEnded, awaitsBye } = session
      flags(isDraining, isParking, isAsked, isTold, isEnded, awaitsBye)
      put(session.writtenBefore)
    }
  }
  put(state.sockets.length)
  for (const { server, isUp, isLeft, c2s, s2c } of state.sockets) {
    put(server)
    flags(isUp, isLeft)
    frames(c2s)
    frames(s2c)
  }
  for (let id = 1; id < state.fate.length; id++) {
    put(state.fate[id]! * 16 + state.handled[id]!)
    put(state.sentAs[id]!)
  }
  put(state.nextSid)
  put(chances.crashes * 16 + chances.drains)
  put(chances.byes * 16 + chances.logins)
  put(chances.thefts * 16 + chances.closes)
  put(chances.withdrawals * 16 + chances.leaks)
  put(chances.parks)
  return bytes.subarray(0, length)
}
