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
import { fates, newSender, newSocket, noCursor, nothingLost } from './state.ts'
import type { Frame, Ok, Socket, State } from './state.ts'
import type { Breach, World } from './world.ts'

/** What the client does, by PROTOCOL.md or by a breach of it. */
export function createClientRules(world: World, breach: Breach | undefined) {
  const socketOf = ({ client, sockets }: State): Socket | undefined => sockets[client.socket]

  const writer = (state: State) => (frame: Frame) => put(socketOf(state), 'c2s', frame)

  const flush = (state: State): void => {
    const { phase, isDraining, out, rx } = state.client
    if (phase === 'live' && !isDraining) writeQueue(world, breach, out, rx, writer(state))
  }

  const leave = (state: State): void => {
    const { client } = state
    const socket = socketOf(state)
    if (socket) {
      socket.isLeft = true
      socket.s2c = []
    }
    if (breach !== 'keep-the-pack') client.inbox = []
    client.socket = -1
    client.isAsked = false
    client.isDraining = client.isParking = false
  }

  /** What is certainly undelivered goes ahead of what waits. */
  const forget = (state: State, cursor: number): void => {
    const { client } = state
    if (client.sid === 0) return
    const fated = breach === 'resend-unknown' && cursor === noCursor ? client.out.acked : cursor
    const rest = endSender(state, client.out, fated, breach)
    if (breach !== 'forget-undelivered') client.out.queue.unshift(...rest)
    client.sid = 0
  }

  const send = (state: State): void => {
    const { out, lastUser } = state.client
    const id = ++state.sent[0]
    state.fate[id] = fates.open
    state.sentAs[id] = lastUser
    out.queue.push(id)
    if (breach === 'evict-the-oldest' && out.sent.length >= world.window) {
      settle(state, out.sent.shift()!, fates.undelivered)
      out.acked++
    }
    flush(state)
  }

  const dial = (state: State, server: number): void => {
    const { client } = state
    leave(state)
    if (client.phase === 'bye') forget(state, noCursor)
    client.phase = 'greeting'
    client.n++
    client.socket = state.sockets.length
    state.sockets.push(newSocket(server))
    const { sid, key, n, rx, user } = client
    writer(state)({ t: 'hi', sid, key, n, rx, user })
  }

  const withdraw = (state: State): void => {
    const { out } = state.client
    settle(state, out.sent[0]!, fates.undelivered)
    if (breach === 'leave-a-hole') {
      out.sent.shift()
      out.acked++
    } else out.sent[0] = 0
    state.chances.withdrawals--
  }

  const begin = (state: State, ok: Ok): void => {
    const { client } = state
    const { out } = client
    forget(state, ok.lost === nothingLost ? noCursor : ok.lost)
    // What was sent before the first greeting is for whoever it turns out to be.
    const isFirst = client.knows === 0
    if (client.lastUser !== ok.user && !isFirst && breach !== 'carry-to-anybody') {
      for (const id of out.queue) settle(state, id, fates.undelivered)
      out.queue = []
    }
    if (isFirst) for (const id of out.queue) state.sentAs[id] = ok.user
    client.sid = ok.sid
    client.rx = 0
    client.last = 0
    client.knows |= 1 << ok.sid
  }

  const resume = (state: State, ok: Ok, withdraws: boolean): void => {
    const { client } = state
    const { out } = client
    client.phase = 'live'
    client.key = ok.key
    if (ok.sid !== client.sid) begin(state, ok)
    else if (breach === 'renumber-on-resume') out.acked = ok.rx
    else if (breach !== 'take-old') acknowledge(state, out, ok.rx)
    if (withdraws) withdraw(state)
    client.lastUser = ok.user
    writer(state)({ t: 'a', ack: client.rx })
    replay(world, out, client.rx, writer(state))
    flush(state)
  }

  /** Gives up, and does not fight back. */
  const stop = (state: State): void => {
    const { client } = state
    if (!state.wasStolen) violate(state, 'DEAD: a client gives up because of itself')
    leave(state)
    endSender(state, client.out, noCursor, breach)
    for (const id of client.out.queue) settle(state, id, fates.undelivered)
    client.out = newSender()
    client.phase = 'stopped'
  }

  const receive = (state: State, withdraws: boolean): void => {
    const { client } = state
    const frame = socketOf(state)!.s2c.shift()!
    switch (frame.t) {
      case 'hi':
      case 'close':
        return
      case 'ok':
        return resume(state, frame, withdraws)
      case '4409':
        return stop(state)
      case 'a':
      case 'p':
      case 'q':
        if (client.phase !== 'live') return
        if (frame.t === 'p') answer(breach, client, writer(state))
        acknowledge(state, client.out, frame.ack)
        return flush(state)
      case 'm':
      case 'drain':
      case 'bye':
        // Nothing is taken any more after bye, but the other one's.
        if (client.phase === 'live' || frame.t === 'bye') client.inbox.push(frame)
        if (breach === 'ack-on-arrival' && frame.t === 'm') writer(state)({ t: 'a', ack: frame.seq })
    }
  }

  const sayBye = (state: State): void => {
    const { client } = state
    writer(state)({ t: 'bye', rx: client.rx })
    client.phase = 'bye'
    client.inbox = []
  }

  /** Whether nothing is in flight any more that must be before the client leaves. */
  const isDone = ({ client: { isDraining, isParking, out, inbox } }: State): boolean =>
    isDraining &&
    inbox.length === 0 &&
    (out.sent.length === 0 || (isParking && breach === 'close-before-acks'))

  /** Leaves the session to another node. */
  const park = (state: State): void => {
    const { client } = state
    if (client.out.sent.length > 0) violate(state, 'UNKNOWN: a client moves that does not know an outcome')
    if (breach !== 'close-without-ack') writer(state)({ t: 'a', ack: client.rx })
    writer(state)({ t: 'close' })
    client.phase = 'away'
    leave(state)
  }

  /** Sends the ack that is due. */
  const confirm = (state: State): void => {
    state.client.isAsked = false
    writer(state)({ t: 'a', ack: state.client.rx })
  }

  const handOn = (state: State): void => {
    const { client } = state
    const frame = client.inbox.shift()!
    if (frame.t === 'drain') {
      client.isDraining = true
      client.isParking = frame.isParking && breach !== 'bye-when-parking'
      return
    }
    if (frame.t === 'bye') {
      if (client.phase === 'live') sayBye(state)
      forget(state, frame.rx)
      client.phase = 'away'
      return leave(state)
    }
    if (frame.t !== 'm') return
    const { seq, ack, id } = frame
    acknowledge(state, client.out, ack)
    if (seq > client.rx + 1 && breach !== 'take-gap') {
      if (state.chances.leaks === (world.chances?.leaks ?? 0))
        violate(state, 'VIOLATION: a gap that nobody made')
      client.phase = 'away'
      return leave(state)
    }
    if (seq > client.rx) {
      client.rx = seq
      if (id < client.last) violate(state, `REORDERED: ${id} comes after ${client.last}`)
      client.last = id
      handle(state, id)
    }
    acknowledgeHanded(world, client, writer(state))
    flush(state)
  }

  return { socketOf, send, dial, receive, handOn, isDone, park, confirm, sayBye, withdraw }
}
