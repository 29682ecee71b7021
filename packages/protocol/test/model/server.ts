import {
  acknowledge,
  acknowledgeHanded,
  answer,
  endSender,
  handle,
  put,
  replay,
  settle,
  violate,
  writeQueue,
} from './books.ts'
import { cloneEnd, fates, newSender, newSession, noCursor, nothingLost, thief } from './state.ts'
import type { Frame, Hi, Session, Socket, State } from './state.ts'
import type { Breach, World } from './world.ts'

/** What a server does, by PROTOCOL.md or by a breach of it. */
export function createServerRules(world: World, breach: Breach | undefined) {
  const socketOf = (state: State, session: Session): Socket | undefined =>
    state.sockets.find((_, index) => session.sockets & (1 << index))

  const writer = (state: State, session: Session) => (frame: Frame) =>
    put(socketOf(state, session), 's2c', frame)

  const flush = (state: State, session: Session): void => {
    if (socketOf(state, session)) writeQueue(world, breach, session.out, session.rx, writer(state, session))
  }

  const close = (socket: Socket | undefined, last?: Frame): void => {
    if (!socket) return
    if (last) put(socket, 's2c', last)
    socket.isUp = false
    socket.c2s = []
  }

  const dropPack = (session: Session): void => {
    if (breach !== 'keep-the-pack' && breach !== 'cursor-before-fence') session.inbox = []
    session.isAsked = false
  }

  /** Nothing of the old connection is read or written any more. */
  const fence = (state: State, session: Session, by: 'itself' | 'another'): void => {
    const { client } = state
    for (const [index, socket] of state.sockets.entries()) {
      if (!(session.sockets & (1 << index))) continue
      if (by === 'itself' && client.socket === index && breach !== 'supersede-oneself')
        violate(state, 'EVICTED: a late greeting cut the live connection of its own client')
      const isRefused = by === 'another' || breach === 'supersede-oneself'
      close(socket, isRefused ? { t: '4409' } : undefined)
    }
    session.sockets = 0
    dropPack(session)
  }

  const end = (state: State, session: Session, cursor: number): void => {
    const rest = endSender(state, session.out, cursor, breach)
    // Only a client carries messages over.
    for (const id of [...rest, ...session.out.queue]) settle(state, id, fates.undelivered)
    session.out = newSender()
    session.isEnded = true
    session.isTold = false
    session.awaitsBye = false
    dropPack(session)
  }

  const detach = (state: State, session: Session): void => {
    for (const [index, socket] of state.sockets.entries()) if (session.sockets & (1 << index)) close(socket)
    session.sockets = 0
    dropPack(session)
  }

  const resume = (state: State, session: Session, index: number, hi: Hi): void => {
    session.n = hi.n
    if (breach === 'no-fence') session.sockets |= 1 << index
    else {
      fence(state, session, 'itself')
      session.sockets = 1 << index
    }
    if (breach === 'rotate-keys') session.key++
    acknowledge(state, session.out, hi.rx)
    const { sid, key, rx, out } = session
    const write = (frame: Frame): void => put(state.sockets[index], 's2c', frame)
    write({ t: 'ok', sid, key, rx, user: hi.user, lost: nothingLost })
    replay(world, out, rx, write)
    writeQueue(world, breach, out, rx, write)
  }

  const move = (state: State, session: Session, to: number): void => {
    for (const sessions of state.servers) {
      const at = sessions.indexOf(session)
      if (at >= 0) sessions.splice(at, 1)
    }
    state.servers[to]!.push(session)
    session.isDraining = session.isParking = false
    session.writtenBefore = 0
  }

  /** The session of a greeting. Another node, or the store, hands it over. */
  const find = (state: State, at: number, hi: Hi): Session | undefined => {
    const isIts = ({ sid }: Session): boolean => sid === hi.sid
    const own = state.servers[at]!.find(isIts)
    if (own || !world.isShared) return own
    const session = state.servers.flat().find(isIts)
    if (!session || session.isEnded || hi.n <= session.n) return session
    if (breach === 'ask-nobody') {
      if (hi.user === session.user && state.client.sid === hi.sid)
        violate(state, 'FALSE LOSS: a living session is not given to its client')
      return undefined
    }
    move(state, session, at)
    return session
  }

  const greet = (state: State, index: number, hi: Hi): void => {
    const { client } = state
    const socket = state.sockets[index]!
    const sessions = state.servers[socket.server]!
    // A node that is about to end takes no session.
    if (sessions.some(({ sid, isParking }) => sid === hi.sid && isParking)) return close(socket)
    const old = find(state, socket.server, hi)
    const isCurrent = client.socket === index
    if (old && !old.isEnded) {
      const isSameUser = old.user === hi.user || breach === 'resume-for-anybody'
      const isChecked = isSameUser || breach !== 'identity-before-counter'
      const isUnknown = breach === 'no-counter' || breach === 'supersede-oneself'
      if (hi.n <= old.n && isChecked && !isUnknown) return close(socket)
      const hasKey = breach !== 'rotate-keys' || old.key === hi.key
      const canResume = breach !== 'no-resume-from-zero' || old.rx > 0 || hi.rx > 0
      if (isSameUser && hasKey && canResume) return resume(state, old, index, hi)
      if (isSameUser && isCurrent) violate(state, 'FALSE LOSS: a living session is not given to its client')
      if (!isSameUser) {
        if (!isCurrent && client.phase === 'live' && client.sid === old.sid)
          violate(state, 'FALSE LOSS: a late greeting ended a living session')
        fence(state, old, 'itself')
        end(state, old, noCursor)
      }
    }
    const session = newSession(state.nextSid++, hi.user, hi.n)
    session.sockets = 1 << index
    session.isTold = breach === 'tell-provisional'
    sessions.push(session)
    const lost = hi.sid === 0 ? nothingLost : old?.isEnded ? old.rx : noCursor
    put(socket, 's2c', { t: 'ok', sid: session.sid, key: session.key, rx: 0, user: hi.user, lost })
  }

  const receive = (state: State, index: number): void => {
    const socket = state.sockets[index]!
    const frame = socket.c2s.shift()!
    if (frame.t === 'hi') return greet(state, index, frame)
    const session = state.servers[socket.server]!.find(({ sockets }) => sockets & (1 << index))
    if (!session) return
    // The application is told of a session once the client has shown that it knows of it.
    if (!session.isEnded) session.isTold = true
    if (frame.t === 'close') return closed(state, session, index)
    if (frame.t === 'a' || frame.t === 'p' || frame.t === 'q') {
      if (session.isEnded) return
      if (frame.t === 'p') answer(breach, session, writer(state, session))
      acknowledge(state, session.out, frame.ack)
      return flush(state, session)
    }
    const isFenced = session.isEnded && breach !== 'take-after-bye' && breach !== 'cursor-before-fence'
    if (!isFenced || (session.awaitsBye && frame.t === 'bye')) session.inbox.push(frame)
    if (breach === 'ack-on-arrival' && frame.t === 'm')
      writer(state, session)({ t: 'a', ack: Math.max(session.rx, frame.seq) })
  }

  /** The client has closed the connection, and everything that it had written has come. */
  const closed = (state: State, session: Session, index: number): void => {
    if (session.isParking && session.out.acked < session.writtenBefore)
      violate(state, 'UNKNOWN: a node that does not know an outcome parks the session')
    notice(state, session, index)
  }

  /** Sends the ack that is due. */
  const confirm = (state: State, session: Session): void => {
    session.isAsked = false
    writer(state, session)({ t: 'a', ack: session.rx })
  }

  const handOn = (state: State, session: Session): void => {
    const frame = session.inbox.shift()!
    if (frame.t === 'bye') {
      if (session.isParking && state.chances.byes === (world.chances?.byes ?? 0))
        violate(state, 'FALSE LOSS: a session ends that was to be parked')
      const answers = !session.awaitsBye
      end(state, session, frame.rx)
      if (answers) writer(state, session)({ t: 'bye', rx: session.rx })
      return detach(state, session)
    }
    if (frame.t !== 'm') return
    const { seq, ack, id } = frame
    if (!session.isEnded) {
      acknowledge(state, session.out, ack)
      flush(state, session)
    }
    if (seq > session.rx + 1 && breach !== 'take-gap') {
      if (state.chances.leaks === (world.chances?.leaks ?? 0))
        violate(state, 'VIOLATION: a gap that nobody made')
      return detach(state, session)
    }
    if (seq > session.rx || breach === 'take-old') {
      session.rx = Math.max(session.rx, seq)
      if (id > 0) {
        if (id < session.last) violate(state, `REORDERED: ${id} comes after ${session.last}`)
        session.last = id
        if (state.sentAs[id] !== session.user) violate(state, `IDENTITY: ${id} was sent by another user`)
      }
      handle(state, id)
    }
    if (breach !== 'no-acks') acknowledgeHanded(world, session, writer(state, session))
  }

  /** The server no longer waits for the client to come to an end. */
  const sayBye = (state: State, session: Session): void => {
    if (breach !== 'take-after-bye') dropPack(session)
    const rx = breach === 'bye-without-cursor' ? session.out.acked : session.rx
    writer(state, session)({ t: 'bye', rx })
    session.isEnded = true
    session.isTold = false
    session.awaitsBye = true
    if (!socketOf(state, session)) end(state, session, noCursor)
  }

  /** Hears that a connection has ended. */
  const notice = (state: State, session: Session, index: number): void => {
    session.sockets &= ~(1 << index)
    dropPack(session)
    close(state.sockets[index])
    if (session.awaitsBye) end(state, session, noCursor)
  }

  const crash = (state: State, server: number): void => {
    // Its own promises go with it.
    for (const { out } of state.servers[server]!)
      for (const id of [...out.sent, ...out.queue]) if (id !== 0) state.fate[id] = fates.unknown
    state.servers[server] = []
    for (const socket of state.sockets) if (socket.server === server) close(socket)
  }

  const drain = (state: State, server: number, isParking: boolean): void => {
    for (const session of state.servers[server]!)
      if (session.isTold && !session.isEnded) {
        const { acked, sent } = session.out
        session.isDraining = true
        session.isParking = isParking
        session.writtenBefore = acked + sent.length
        writer(state, session)({ t: 'drain', isParking })
      }
  }

  /** Puts the session into the store, at any time after the drain. */
  const park = (state: State, session: Session): void => {
    if (breach === 'park-a-copy') {
      state.servers.at(-1)!.push({ ...cloneEnd(session), isDraining: false, isParking: false, sockets: 0 })
      session.isParking = false
      return
    }
    detach(state, session)
    if (breach === 'park-without-messages') session.out.sent = []
    move(state, session, state.servers.length - 1)
  }

  const stop = (state: State, session: Session): void => {
    if (breach !== 'cursor-before-fence') detach(state, session)
    end(state, session, noCursor)
  }

  const giveToAnother = (state: State, session: Session): void => {
    state.wasStolen = true
    fence(state, session, 'another')
    session.sockets = thief
  }

  return { receive, handOn, flush, confirm, sayBye, notice, crash, drain, park, stop, giveToAnother }
}
