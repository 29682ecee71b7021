// An executable model of the session wire: what client, servers and network can do in every state, by PROTOCOL.md.
// `search.ts` walks through all of it. A rule can be broken on purpose, to see that the search finds out.

/** How large the world is that is searched. */
export interface World {
  /** How many messages the client sends, and how many the server. */
  readonly messages: readonly [toServer: number, toClient: number]
  /** How many sockets the client opens in all. */
  readonly sockets: number
  /** How many messages may be unacknowledged. */
  readonly window: number
  readonly servers: 1 | 2
  /** How often each of these may happen. */
  readonly crashes?: number
  readonly drains?: number
  readonly byes?: number
  /** A token of another user. */
  readonly logins?: number
  /** Another client that holds the key resumes the session. */
  readonly thefts?: number
  /** The application of the server ends the session, or it overflows. */
  readonly closes?: number
  /** The client withdraws a message after a resume. */
  readonly withdrawals?: number
  /** Something in between loses a frame without closing the connection. */
  readonly leaks?: number
  /** Sessions without a connection expire, and leave a tombstone. */
  readonly expiry?: boolean
  /** Tombstones are forgotten. */
  readonly amnesia?: boolean
}

/** The rules that can be broken, each by what is done instead. */
export type Breach =
  /** The ack covers what was received, not only what was handed on. */
  | 'ack-on-arrival'
  /** What is left of a pack is handed on after its connection has ended. */
  | 'keep-the-pack'
  /** A number that was taken before is taken again. */
  | 'take-old'
  /** A number that is too high is taken. */
  | 'take-gap'
  /** A message that was written is taken back at any time. */
  | 'withdraw-numbered'
  /** A withdrawn message leaves no void frame. */
  | 'leave-a-hole'
  /** The client counts on nothing of `ok` and replays by its own cursor only, as new numbers. */
  | 'renumber-on-resume'
  /** A session whose cursor is 0 cannot be resumed. */
  | 'no-resume-from-zero'
  /** A late `hi` is taken for a new one. */
  | 'no-counter'
  /** A late `hi` is found out only if it is of the same user. */
  | 'identity-before-counter'
  /** The old connection is still read after a resume. */
  | 'no-fence'
  /** The key changes with every `ok`. */
  | 'rotate-keys'
  /** A connection of the same client is closed with 4409 as well. */
  | 'supersede-oneself'
  /** The application hears of a session before the client has confirmed it. */
  | 'tell-provisional'
  /** Anybody with a valid token resumes a session, whoever it belongs to. */
  | 'resume-for-anybody'
  /** Messages go into the next session although it is for another user. */
  | 'carry-to-anybody'
  /** The window does not bound anything. */
  | 'no-window'
  /** When the window is full, the oldest unacknowledged message gives way. */
  | 'evict-the-oldest'
  /** The final cursor is read before the connection is fenced. */
  | 'cursor-before-fence'
  /** Messages of unknown fate are sent again in the next session. */
  | 'resend-unknown'
  /** Without a final cursor, what is not acknowledged counts as undelivered. */
  | 'guess-undelivered'
  /** What is certainly undelivered is forgotten. */
  | 'forget-undelivered'
  /** Messages are taken after the sender's own `bye`. */
  | 'take-after-bye'
  /** A server that is about to end the session does not say how far it got. */
  | 'bye-without-cursor'

const open = 1
const delivered = 2
const undelivered = 3
const unknown = 4

type Frame =
  | {
      readonly t: 'hi'
      readonly sid: number
      readonly key: number
      readonly n: number
      readonly rx: number
      readonly user: number
    }
  | {
      readonly t: 'ok'
      readonly sid: number
      readonly key: number
      readonly rx: number
      readonly user: number
      readonly lost: number
    }
  /** A message; `id` is 0 for a void frame. */
  | { readonly t: 'm'; readonly seq: number; readonly ack: number; readonly id: number }
  | { readonly t: 'a'; readonly ack: number }
  | { readonly t: 'drain' }
  | { readonly t: 'bye'; readonly rx: number }
  | { readonly t: '4409' }

/** In `lost`: no session was lost; its final cursor is not known. */
const nothingLost = -1
const noCursor = -2

/** The messages of one end: `sent[0]` has the number `acked + 1`. */
interface Sender {
  queue: number[]
  sent: number[]
  acked: number
}

interface Client {
  phase: 'away' | 'greeting' | 'live' | 'bye' | 'stopped'
  socket: number
  sid: number
  key: number
  n: number
  rx: number
  out: Sender
  /** What is left of a pack. */
  inbox: Frame[]
  isDraining: boolean
  /** The user of the next token, and of the last `ok`. */
  user: number
  lastUser: number
  /** The sessions whose `ok` has come, by bit. */
  knows: number
  /** The message that was handed on last, in this session. */
  last: number
}

interface Session {
  sid: number
  key: number
  user: number
  n: number
  rx: number
  out: Sender
  inbox: Frame[]
  /** The sockets that are read and written, by bit. */
  sockets: number
  isTold: boolean
  isDraining: boolean
  /** Only the tombstone is left. */
  isEnded: boolean
  /** Its own `bye` is out, and the one of the client tells what became of its messages. */
  awaitsBye: boolean
  last: number
}

interface Socket {
  readonly server: number
  isUp: boolean
  /** The client has given it up; the server need not know. */
  isLeft: boolean
  c2s: Frame[]
  s2c: Frame[]
}

export interface State {
  client: Client
  servers: Session[][]
  sockets: Socket[]
  /** By message: nothing yet, open, delivered, undelivered, unknown. Those of the client come first. */
  fate: number[]
  handled: number[]
  /** As which user the client was known when it sent the message. */
  sentAs: number[]
  nextSid: number
  sent: [toServer: number, toClient: number]
  /** What may still happen. */
  crashes: number
  drains: number
  byes: number
  logins: number
  thefts: number
  closes: number
  withdrawals: number
  leaks: number
  wasStolen: boolean
  violation: string | undefined
}

const nobody = -1
const thief = 1 << 7

const newSender = (): Sender => ({ queue: [], sent: [], acked: 0 })

export function createModel(world: World, breach?: Breach) {
  const [toServer, toClient] = world.messages
  const total = toServer + toClient

  /** A client with a session that has just begun. */
  const initial = (): State => ({
    client: {
      phase: 'live',
      socket: 0,
      sid: 1,
      key: 1,
      n: 1,
      rx: 0,
      out: newSender(),
      inbox: [],
      isDraining: false,
      user: 0,
      lastUser: 0,
      knows: 1 << 1,
      last: 0,
    },
    servers: Array.from({ length: world.servers }, (_, index) =>
      index === 0 ? [{ ...newSession(1, 0, 1), sockets: 1, isTold: true }] : [],
    ),
    sockets: [{ server: 0, isUp: true, isLeft: false, c2s: [], s2c: [] }],
    fate: Array<number>(total + 1).fill(0),
    handled: Array<number>(total + 1).fill(0),
    sentAs: Array<number>(total + 1).fill(0),
    nextSid: 2,
    sent: [0, 0],
    crashes: world.crashes ?? 0,
    drains: world.drains ?? 0,
    byes: world.byes ?? 0,
    logins: world.logins ?? 0,
    thefts: world.thefts ?? 0,
    closes: world.closes ?? 0,
    withdrawals: world.withdrawals ?? 0,
    leaks: world.leaks ?? 0,
    wasStolen: false,
    violation: undefined,
  })

  const newSession = (sid: number, user: number, n: number): Session => ({
    sid,
    key: 1,
    user,
    n,
    rx: 0,
    out: newSender(),
    inbox: [],
    sockets: 0,
    isTold: false,
    isDraining: false,
    isEnded: false,
    awaitsBye: false,
    last: 0,
  })

  // What both ends do

  const violate = (state: State, what: string): void => void (state.violation ??= what)

  const settle = (state: State, id: number, fate: number): void => {
    if (id === 0) return
    if (state.fate[id] !== open) violate(state, `TWICE: message ${id} is settled again`)
    state.fate[id] = fate
    const times = state.handled[id]!
    if (fate === delivered && times !== 1)
      violate(state, `LIE: ${id} is delivered and was handled ${times} times`)
    if (fate === undelivered && times !== 0) violate(state, `LIE: ${id} is undelivered and was handled`)
  }

  const handle = (state: State, id: number): void => {
    if (id === 0) return
    if (++state.handled[id]! > 1) violate(state, `DUPLICATE: ${id} is handled again`)
    if (state.fate[id] === undelivered) violate(state, `LIE: ${id} is handled after it was undelivered`)
  }

  const put = (socket: Socket | undefined, way: 'c2s' | 's2c', frame: Frame): void => {
    if (!socket?.isUp || (way === 's2c' && socket.isLeft)) return
    const line = socket[way]
    // Acks are cumulative: the last one stands for those before it.
    if (frame.t === 'a' && line.at(-1)?.t === 'a') line.pop()
    line.push(frame)
  }

  const hasRoom = ({ sent }: Sender): boolean => breach === 'no-window' || sent.length < world.window

  /** Writes what waits and has room. */
  const writeQueue = (out: Sender, ack: number, write: (frame: Frame) => void): void => {
    while (out.queue.length > 0 && hasRoom(out)) {
      const id = out.queue.shift()!
      out.sent.push(id)
      write({ t: 'm', seq: out.acked + out.sent.length, ack, id })
    }
  }

  const replay = (out: Sender, ack: number, write: (frame: Frame) => void): void => {
    for (const [index, id] of out.sent.entries()) write({ t: 'm', seq: out.acked + index + 1, ack, id })
  }

  const acknowledge = (state: State, out: Sender, ack: number): void => {
    if (ack > out.acked + out.sent.length) return violate(state, 'VIOLATION: an ack of the future')
    while (out.acked < ack) {
      out.acked++
      settle(state, out.sent.shift()!, delivered)
    }
  }

  /** Settles by a final cursor; gives back what is certainly undelivered. */
  const endSender = (state: State, out: Sender, cursor: number): number[] => {
    if (cursor !== noCursor) acknowledge(state, out, Math.min(cursor, out.acked + out.sent.length))
    const rest = out.sent.filter((id) => id !== 0)
    out.sent = []
    out.acked = 0
    if (cursor !== noCursor || breach === 'resend-unknown') return rest
    for (const id of rest) settle(state, id, breach === 'guess-undelivered' ? undelivered : unknown)
    return []
  }

  // Server

  const socketOf = (state: State, session: Session): Socket | undefined =>
    state.sockets.find((_, index) => session.sockets & (1 << index))

  const serverWrites = (state: State, session: Session) => (frame: Frame) =>
    put(socketOf(state, session), 's2c', frame)

  const closeByServer = (socket: Socket, last?: Frame): void => {
    if (last) put(socket, 's2c', last)
    socket.isUp = false
    socket.c2s = []
  }

  /** Nothing of the old connections is read or written any more. */
  const fence = (state: State, session: Session, by: 'itself' | 'another'): void => {
    for (const [index, socket] of state.sockets.entries()) {
      if (!(session.sockets & (1 << index))) continue
      if (by === 'itself' && state.client.socket === index && state.client.phase === 'live')
        violate(state, 'EVICTED: a late greeting cut the live connection of its own client')
      const isRefusal = by === 'another' || breach === 'supersede-oneself'
      closeByServer(socket, isRefusal ? { t: '4409' } : undefined)
    }
    session.sockets = 0
    if (breach !== 'keep-the-pack') session.inbox = []
  }

  const endSession = (state: State, session: Session, cursor: number): void => {
    const rest = endSender(state, session.out, cursor)
    // Nobody carries the messages of a server over.
    for (const id of [...rest, ...session.out.queue])
      settle(state, id, breach === 'resend-unknown' && cursor === noCursor ? unknown : undelivered)
    session.out = newSender()
    session.isEnded = true
    session.isTold = false
    if (breach !== 'keep-the-pack') session.inbox = []
  }

  const greet = (state: State, index: number, hi: Frame & { t: 'hi' }): void => {
    const socket = state.sockets[index]!
    const sessions = state.servers[socket.server]!
    const old = sessions.find(({ sid }) => sid === hi.sid)
    const isCurrent = state.client.socket === index
    const isAlive = old && !old.isEnded
    const isSameUser = old?.user === hi.user || breach === 'resume-for-anybody'
    const isLate = old && hi.n <= old.n && breach !== 'no-counter'
    if (isAlive && isLate && (isSameUser || breach !== 'identity-before-counter'))
      return closeByServer(socket)
    const hasKey = breach !== 'rotate-keys' || old?.key === hi.key
    const canResume = breach !== 'no-resume-from-zero' || (old && (old.rx > 0 || hi.rx > 0))
    if (isAlive && isSameUser && hasKey && canResume) {
      old.n = hi.n
      if (breach === 'no-fence') old.sockets |= 1 << index
      else {
        fence(state, old, 'itself')
        old.sockets = 1 << index
      }
      if (breach === 'rotate-keys') old.key++
      acknowledge(state, old.out, hi.rx)
      put(socket, 's2c', {
        t: 'ok',
        sid: old.sid,
        key: old.key,
        rx: old.rx,
        user: hi.user,
        lost: nothingLost,
      })
      const write = (frame: Frame): void => put(socket, 's2c', frame)
      replay(old.out, old.rx, write)
      writeQueue(old.out, old.rx, write)
      return
    }
    if (isAlive && isSameUser && isCurrent)
      violate(state, 'FALSE LOSS: a living session is not given to its client')
    if (isAlive && !isSameUser) {
      if (isCurrent ? false : state.client.phase === 'live' && state.client.sid === old.sid)
        violate(state, 'FALSE LOSS: a late greeting ended a living session')
      if (breach !== 'cursor-before-fence') fence(state, old, 'itself')
      endSession(state, old, noCursor)
    }
    const session = newSession(state.nextSid++, hi.user, hi.n)
    session.sockets = 1 << index
    session.isTold = breach === 'tell-provisional'
    sessions.push(session)
    const lost = hi.sid === 0 ? nothingLost : old?.isEnded ? old.rx : noCursor
    put(socket, 's2c', { t: 'ok', sid: session.sid, key: session.key, rx: 0, user: hi.user, lost })
  }

  /** Tells the application of a session once its client has shown that it knows of it. */
  const confirm = (state: State, session: Session): void => {
    if (session.isEnded) return
    session.isTold = true
  }

  const serverReceives = (state: State, index: number): void => {
    const socket = state.sockets[index]!
    const frame = socket.c2s.shift()!
    if (frame.t === 'hi') return greet(state, index, frame)
    const session = state.servers[socket.server]!.find(({ sockets }) => sockets & (1 << index))
    if (!session) return
    const takes = !session.isEnded || breach === 'take-after-bye' || breach === 'cursor-before-fence'
    if (takes) confirm(state, session)
    if (frame.t === 'a') {
      if (!takes || session.isEnded) return
      acknowledge(state, session.out, frame.ack)
      return writeQueue(session.out, session.rx, serverWrites(state, session))
    }
    if (takes || (session.awaitsBye && frame.t === 'bye')) session.inbox.push(frame)
    if (breach === 'ack-on-arrival' && frame.t === 'm')
      serverWrites(state, session)({ t: 'a', ack: Math.max(session.rx, frame.seq) })
  }

  const serverHandsOn = (state: State, session: Session): void => {
    const frame = session.inbox.shift()!
    if (frame.t === 'bye') {
      endSession(state, session, frame.rx)
      if (!session.awaitsBye) serverWrites(state, session)({ t: 'bye', rx: session.rx })
      session.awaitsBye = false
      const socket = socketOf(state, session)
      session.sockets = 0
      if (socket) closeByServer(socket)
      return
    }
    if (frame.t !== 'm') return
    if (!session.isEnded) {
      acknowledge(state, session.out, frame.ack)
      writeQueue(session.out, session.rx, serverWrites(state, session))
    }
    const { seq, id } = frame
    if (seq > session.rx + 1 && breach !== 'take-gap') {
      if (state.leaks === (world.leaks ?? 0)) violate(state, 'VIOLATION: a gap that nobody made')
      const socket = socketOf(state, session)
      session.sockets = 0
      session.inbox = []
      if (socket) closeByServer(socket)
      return
    }
    if (seq > session.rx || breach === 'take-old') {
      session.rx = Math.max(session.rx, seq)
      if (id > 0) {
        if (id <= session.last) violate(state, `REORDERED: ${id} comes after ${session.last}`)
        session.last = id
        if (state.sentAs[id] !== nobody && state.sentAs[id] !== session.user)
          violate(state, `IDENTITY: ${id} was sent by another user`)
      }
      handle(state, id)
    }
    serverWrites(state, session)({ t: 'a', ack: session.rx })
  }

  // Client

  const clientSocket = ({ client, sockets }: State): Socket | undefined => sockets[client.socket]

  const clientWrites = (state: State) => (frame: Frame) => put(clientSocket(state), 'c2s', frame)

  const leaveSocket = (state: State): void => {
    const socket = clientSocket(state)
    if (socket) {
      socket.isLeft = true
      socket.s2c = []
    }
    if (breach !== 'keep-the-pack') state.client.inbox = []
    state.client.socket = -1
    state.client.isDraining = false
  }

  const dial = (state: State, server: number): void => {
    const { client } = state
    leaveSocket(state)
    if (client.phase === 'bye') forgetSession(state, noCursor)
    client.phase = 'greeting'
    client.n++
    client.socket = state.sockets.length
    state.sockets.push({ server, isUp: true, isLeft: false, c2s: [], s2c: [] })
    const { sid, key, n, rx, user } = client
    clientWrites(state)({ t: 'hi', sid, key, n, rx, user })
  }

  /** What is certainly undelivered goes ahead of what waits. */
  const forgetSession = (state: State, cursor: number): void => {
    const { client } = state
    const rest = client.sid === 0 ? [] : endSender(state, client.out, cursor)
    if (breach !== 'forget-undelivered') client.out.queue.unshift(...rest)
    client.sid = 0
  }

  const clientResumes = (state: State, ok: Frame & { t: 'ok' }, withdraws: boolean): void => {
    const { client } = state
    const { out } = client
    const write = clientWrites(state)
    client.phase = 'live'
    client.key = ok.key
    if (ok.sid === client.sid) {
      if (breach === 'renumber-on-resume') {
        out.acked = ok.rx
        out.sent = out.sent.slice(-out.sent.length)
      } else acknowledge(state, out, ok.rx)
      if (withdraws) withdraw(state)
    } else {
      forgetSession(state, ok.lost === nothingLost ? noCursor : ok.lost)
      if (client.lastUser !== ok.user && breach !== 'carry-to-anybody') {
        for (const id of out.queue) settle(state, id, undelivered)
        out.queue = []
      }
      client.sid = ok.sid
      client.rx = 0
      client.last = 0
      client.knows |= 1 << ok.sid
    }
    client.lastUser = ok.user
    write({ t: 'a', ack: client.rx })
    replay(out, client.rx, write)
    writeQueue(out, client.rx, write)
  }

  const withdraw = (state: State): void => {
    const { out } = state.client
    settle(state, out.sent[0]!, undelivered)
    if (breach === 'leave-a-hole') {
      out.sent.shift()
      out.acked++
    } else out.sent[0] = 0
    state.withdrawals--
  }

  const stop = (state: State): void => {
    const { client } = state
    if (!state.wasStolen) violate(state, 'DEAD: a client gives up because of itself')
    leaveSocket(state)
    for (const id of endSender(state, client.out, noCursor)) settle(state, id, unknown)
    for (const id of client.out.queue) settle(state, id, undelivered)
    client.out = newSender()
    client.phase = 'stopped'
  }

  const clientReceives = (state: State, withdraws: boolean): void => {
    const { client } = state
    const frame = clientSocket(state)!.s2c.shift()!
    switch (frame.t) {
      case 'ok':
        return clientResumes(state, frame, withdraws)
      case '4409':
        return stop(state)
      case 'a':
        if (client.phase !== 'live') return
        acknowledge(state, client.out, frame.ack)
        if (!client.isDraining) writeQueue(client.out, client.rx, clientWrites(state))
        return
      case 'hi':
        return
      case 'm':
      case 'drain':
      case 'bye':
        if (client.phase === 'live' || frame.t === 'bye') client.inbox.push(frame)
        if (breach === 'ack-on-arrival' && frame.t === 'm') clientWrites(state)({ t: 'a', ack: frame.seq })
    }
  }

  const sayBye = (state: State): void => {
    const { client } = state
    clientWrites(state)({ t: 'bye', rx: client.rx })
    client.phase = 'bye'
    client.inbox = []
  }

  const clientHandsOn = (state: State): void => {
    const { client } = state
    const frame = client.inbox.shift()!
    if (frame.t === 'drain') {
      client.isDraining = true
      return
    }
    if (frame.t === 'bye') {
      if (client.phase === 'live') sayBye(state)
      forgetSession(state, frame.rx)
      client.phase = 'away'
      return leaveSocket(state)
    }
    if (frame.t !== 'm') return
    acknowledge(state, client.out, frame.ack)
    const { seq, id } = frame
    if (seq > client.rx + 1 && breach !== 'take-gap') {
      if (state.leaks === (world.leaks ?? 0)) violate(state, 'VIOLATION: a gap that nobody made')
      leaveSocket(state)
      client.phase = 'away'
      return
    }
    if (seq > client.rx || breach === 'take-old') {
      client.rx = Math.max(client.rx, seq)
      if (id > 0) {
        if (id <= client.last) violate(state, `REORDERED: ${id} comes after ${client.last}`)
        client.last = id
      }
      handle(state, id)
    }
    clientWrites(state)({ t: 'a', ack: client.rx })
    if (!client.isDraining) writeQueue(client.out, client.rx, clientWrites(state))
  }

  // Everything that can happen

  const successors = (state: State, go: (label: string, happen: (next: State) => void) => void): void => {
    const { client, sockets } = state
    const isLive = client.phase === 'live'

    if (state.sent[0] < toServer && client.phase !== 'stopped')
      go('client sends', (next) => {
        const id = ++next.sent[0]
        next.fate[id] = open
        next.sentAs[id] = next.client.lastUser
        const { out, isDraining, phase } = next.client
        out.queue.push(id)
        if (breach === 'evict-the-oldest' && out.sent.length >= world.window) {
          settle(next, out.sent.shift()!, undelivered)
          out.acked++
        }
        if (phase === 'live' && !isDraining) writeQueue(out, next.client.rx, clientWrites(next))
      })
    if (sockets.length < world.sockets && client.phase !== 'stopped')
      for (let server = 0; server < world.servers; server++)
        go(`client dials server ${server}`, (next) => dial(next, server))
    if (clientSocket(state)?.s2c.length) {
      const frame = clientSocket(state)!.s2c[0]!
      // A pack of two is enough to tell what is received from what is handed on.
      if (client.inbox.length < 2 || frame.t === 'a')
        go('client receives', (next) => clientReceives(next, false))
      const canWithdraw =
        frame.t === 'ok' &&
        frame.sid === client.sid &&
        client.out.sent.length > frame.rx - client.out.acked &&
        client.out.sent[Math.max(0, frame.rx - client.out.acked)]! > 0
      if (canWithdraw && state.withdrawals > 0)
        go('client receives and withdraws', (next) => clientReceives(next, true))
    }
    if (client.inbox.length > 0) go('client hands on', clientHandsOn)
    if (isLive && client.isDraining && client.out.sent.length === 0 && client.inbox.length === 0)
      go('client says bye', sayBye)
    if (isLive && state.byes > 0)
      go('client leaves with bye', (next) => {
        next.byes--
        sayBye(next)
      })
    if (state.logins > 0 && client.phase !== 'stopped')
      go('another user logs in', (next) => {
        next.logins--
        next.client.user ^= 1
      })
    if (breach === 'withdraw-numbered' && isLive && state.withdrawals > 0 && client.out.sent[0])
      go('client withdraws', withdraw)

    for (const [index, socket] of sockets.entries()) {
      if (socket.isUp)
        go(`socket ${index} is cut`, (next) => {
          const cut = next.sockets[index]!
          cut.isUp = false
          cut.c2s = []
          cut.s2c = []
        })
      if (socket.c2s.length > 0) {
        const session = state.servers[socket.server]!.find((held) => held.sockets & (1 << index))
        if (!session || session.inbox.length < 2 || socket.c2s[0]!.t === 'a')
          go(`server receives on ${index}`, (next) => serverReceives(next, index))
      }
      if (state.leaks > 0)
        for (const way of ['c2s', 's2c'] as const)
          if (socket[way][0]?.t === 'm')
            go(`a frame is lost on ${index} ${way}`, (next) => {
              next.leaks--
              next.sockets[index]![way].shift()
            })
    }

    for (const [server, sessions] of state.servers.entries()) {
      for (const [which, session] of sessions.entries()) {
        const pick = (next: State): Session => next.servers[server]![which]!
        if (session.inbox.length > 0)
          go(`server hands on in ${session.sid}`, (next) => serverHandsOn(next, pick(next)))
        const ghost = sockets.findIndex(
          ({ isUp, isLeft }, index) => session.sockets & (1 << index) && (!isUp || isLeft),
        )
        if (ghost >= 0)
          go(`server notices the end of ${ghost}`, (next) => {
            const held = pick(next)
            held.sockets &= ~(1 << ghost)
            if (breach !== 'keep-the-pack') held.inbox = []
            closeByServer(next.sockets[ghost]!)
            if (!held.awaitsBye) return
            held.awaitsBye = false
            endSession(next, held, noCursor)
          })
        if (session.sockets & thief)
          go('the other client leaves', (next) => void (pick(next).sockets &= ~thief))
        if (session.isEnded) {
          if (world.amnesia && !session.awaitsBye && session.sockets === 0)
            go(`server forgets ${session.sid}`, (next) => void next.servers[server]!.splice(which, 1))
          continue
        }
        if (session.isTold && !session.isDraining && state.sent[1] < toClient)
          go(`server sends in ${session.sid}`, (next) => {
            const held = pick(next)
            const id = toServer + ++next.sent[1]
            next.fate[id] = open
            held.out.queue.push(id)
            if (socketOf(next, held)) writeQueue(held.out, held.rx, serverWrites(next, held))
          })
        if (world.expiry && session.sockets === 0)
          go(`session ${session.sid} expires`, (next) => endSession(next, pick(next), noCursor))
        if (state.closes > 0)
          go(`server ends ${session.sid}`, (next) => {
            next.closes--
            const held = pick(next)
            if (breach === 'cursor-before-fence') return endSession(next, held, noCursor)
            for (const [index, socket] of next.sockets.entries())
              if (held.sockets & (1 << index)) closeByServer(socket)
            held.sockets = 0
            endSession(next, held, noCursor)
          })
        if (state.thefts > 0 && session.isTold)
          go(`another client resumes ${session.sid}`, (next) => {
            next.thefts--
            next.wasStolen = true
            const held = pick(next)
            fence(next, held, 'another')
            held.sockets = thief
          })
        if (session.isDraining)
          go(`server says bye in ${session.sid}`, (next) => {
            const held = pick(next)
            held.isEnded = true
            held.isTold = false
            if (breach !== 'take-after-bye') held.inbox = []
            serverWrites(
              next,
              held,
            )({ t: 'bye', rx: breach === 'bye-without-cursor' ? held.out.acked : held.rx })
            held.awaitsBye = socketOf(next, held) !== undefined
            if (!held.awaitsBye) endSession(next, held, noCursor)
          })
      }
      if (state.drains > 0 && sessions.some(({ isEnded }) => !isEnded))
        go(`server ${server} drains`, (next) => {
          next.drains--
          for (const held of next.servers[server]!)
            if (!held.isEnded && held.isTold) {
              held.isDraining = true
              serverWrites(next, held)({ t: 'drain' })
            }
        })
      if (state.crashes > 0 && sessions.length > 0)
        go(`server ${server} crashes`, (next) => {
          next.crashes--
          // Its own promises go with it.
          for (const { out } of next.servers[server]!)
            for (const id of [...out.sent, ...out.queue]) if (id !== 0) next.fate[id] = unknown
          next.servers[server] = []
          for (const socket of next.sockets) if (socket.server === server) closeByServer(socket)
        })
    }
  }

  /** What holds in every state. */
  const check = (state: State): void => {
    const { client, sockets, servers } = state
    if (client.out.sent.length > world.window)
      violate(state, 'OVERRUN: the client wrote more than the window')
    const kept = new Set([...client.out.queue, ...client.out.sent])
    let isSettled = kept.size === 0
    for (const sessions of servers)
      for (const session of sessions) {
        const { sid, out, isTold, isEnded } = session
        if (out.sent.length > world.window) violate(state, 'OVERRUN: the server wrote more than the window')
        for (const id of [...out.queue, ...out.sent]) kept.add(id)
        if (isTold && !(client.knows & (1 << sid)))
          violate(state, 'PHANTOM: a session that no client knows of')
        const living = sockets.filter((socket, index) => session.sockets & (1 << index) && socket.isUp)
        if (living.length > 1) violate(state, `TWO: session ${sid} is live on two sockets`)
        isSettled &&= isEnded || out.sent.length + out.queue.length === 0 || session.sockets === 0
      }
    for (let id = 1; id <= total; id++)
      if (state.fate[id] === open && !kept.has(id)) violate(state, `LOST WITHOUT A WORD: ${id}`)

    // Two ends that are connected and have nothing under way must have nothing left to say.
    const socket = clientSocket(state)
    if (client.phase !== 'live' || client.isDraining || !socket?.isUp || state.leaks !== (world.leaks ?? 0))
      return
    const session = servers[socket.server]!.find((held) => held.sockets & (1 << client.socket))
    if (!session || session.isEnded || session.sid !== client.sid || session.isDraining) return
    const isQuiet = [socket.c2s, socket.s2c, client.inbox, session.inbox].every(({ length }) => length === 0)
    if (isQuiet && !(isSettled && session.out.sent.length === 0))
      violate(state, 'STUCK: a message waits for nothing')
  }

  return { initial, successors, check }
}

export function cloneState(state: State): State {
  const { client } = state
  return {
    ...state,
    client: { ...client, out: cloneSender(client.out), inbox: client.inbox.slice() },
    servers: state.servers.map((sessions) =>
      sessions.map((session) => ({
        ...session,
        out: cloneSender(session.out),
        inbox: session.inbox.slice(),
      })),
    ),
    sockets: state.sockets.map((socket) => ({ ...socket, c2s: socket.c2s.slice(), s2c: socket.s2c.slice() })),
    fate: state.fate.slice(),
    handled: state.handled.slice(),
    sentAs: state.sentAs.slice(),
    sent: [state.sent[0], state.sent[1]],
  }
}

const cloneSender = ({ queue, sent, acked }: Sender): Sender => ({
  queue: queue.slice(),
  sent: sent.slice(),
  acked,
})

const phases = ['away', 'greeting', 'live', 'bye', 'stopped'] as const
const bit = (flag: boolean): number => (flag ? 1 : 0)

/** A text that two states share only if they are the same in all that matters. */
export function keyOf(state: State): string {
  const key: number[] = []
  const list = (items: readonly number[]): void => {
    key.push(items.length)
    for (const item of items) key.push(item)
  }
  const sender = ({ queue, sent, acked }: Sender): void => {
    list(queue)
    list(sent)
    key.push(acked)
  }
  const frames = (items: readonly Frame[]): void => {
    key.push(items.length)
    for (const frame of items)
      switch (frame.t) {
        case 'hi':
          key.push(1, frame.sid, frame.key, frame.n, frame.rx, frame.user)
          break
        case 'ok':
          key.push(2, frame.sid, frame.key, frame.rx, frame.user, frame.lost + 2)
          break
        case 'm':
          key.push(3, frame.seq, frame.ack, frame.id)
          break
        case 'a':
          key.push(4, frame.ack)
          break
        case 'drain':
          key.push(5)
          break
        case 'bye':
          key.push(6, frame.rx)
          break
        case '4409':
          key.push(7)
      }
  }
  const { client } = state
  key.push(phases.indexOf(client.phase), client.socket + 1, client.sid, client.key, client.n, client.rx)
  key.push(bit(client.isDraining), client.user, client.lastUser, client.knows, client.last)
  sender(client.out)
  frames(client.inbox)
  for (const sessions of state.servers) {
    key.push(sessions.length)
    for (const session of sessions) {
      const { sid, user, n, rx, sockets, last, isTold, isDraining, isEnded, awaitsBye } = session
      key.push(sid, session.key, user, n, rx, sockets, last)
      key.push(bit(isTold) | (bit(isDraining) << 1) | (bit(isEnded) << 2) | (bit(awaitsBye) << 3))
      sender(session.out)
      frames(session.inbox)
    }
  }
  for (const { server, isUp, isLeft, c2s, s2c } of state.sockets) {
    key.push(server | (bit(isUp) << 1) | (bit(isLeft) << 2))
    frames(c2s)
    frames(s2c)
  }
  for (let id = 1; id < state.fate.length; id++)
    key.push(state.fate[id]! | (state.handled[id]! << 3) | ((state.sentAs[id]! + 1) << 6))
  key.push(state.nextSid, state.sent[0], state.sent[1], state.crashes, state.drains, state.byes, state.logins)
  key.push(state.thefts, state.closes, state.withdrawals, state.leaks, bit(state.wasStolen))
  return String.fromCharCode(...key)
}
