// An executable model of the session wire: what client, servers and network can do in every state, by PROTOCOL.md.
import { violate } from './books.ts'
import { createClientRules } from './client.ts'
import type { Model, Step as StepOf } from './search.ts'
import { createServerRules } from './server.ts'
import { cloneState, createState, encodeState, fates, thief } from './state.ts'
import type { Frame, Session, State } from './state.ts'
import type { Breach, Chances, World } from './world.ts'

type Step = StepOf<State>

/** What is not delivered, and so waits for nothing. */
function isAck({ t }: Frame): boolean {
  return t === 'a' || t === 'p' || t === 'q'
}

export function createModel(world: World, breach?: Breach): Model<State> {
  const [toServer, toClient] = world.messages
  const client = createClientRules(world, breach)
  const server = createServerRules(world, breach)

  const clientSteps = (state: State, step: Step): void => {
    const { phase, inbox, out, sid, isParking, isAsked } = state.client
    if (phase === 'stopped') return
    const { chances, sockets } = state
    if (state.sent[0] < toServer) step('client sends', client.send)
    if (sockets.length < world.sockets)
      for (let to = 0; to < world.servers; to++)
        step(`client dials server ${to}`, (next) => client.dial(next, to))

    const [frame] = client.socketOf(state)?.s2c ?? []
    // A pack of two is enough to tell what is received from what is delivered.
    if (frame && (inbox.length < 2 || isAck(frame))) {
      step('client receives', (next) => client.receive(next, false))
      const oldest = frame.t === 'ok' && frame.sid === sid ? out.sent[Math.max(0, frame.rx - out.acked)] : 0
      if (oldest && chances.withdrawals > 0)
        step('client receives and withdraws', (next) => client.receive(next, true))
    }
    if (inbox.length > 0) step('client hands on', client.handOn)
    if (chances.logins > 0)
      step('another user logs in', (next) => {
        next.chances.logins--
        next.client.user ^= 1
      })
    if (phase !== 'live') return
    if (world.lateAcks && isAsked) step('client acknowledges', client.confirm)
    if (client.isDone(state))
      step(isParking ? 'client parks' : 'client says bye', isParking ? client.park : client.sayBye)
    if (chances.byes > 0)
      step('client leaves with bye', (next) => {
        next.chances.byes--
        client.sayBye(next)
      })
    if (breach === 'withdraw-numbered' && chances.withdrawals > 0 && out.sent[0])
      step('client withdraws', client.withdraw)
  }

  const socketSteps = (state: State, step: Step): void => {
    for (const [index, { isUp, c2s, s2c, server: at }] of state.sockets.entries()) {
      if (isUp)
        step(`socket ${index} is cut`, (next) => {
          const socket = next.sockets[index]!
          socket.isUp = false
          socket.c2s = []
          socket.s2c = []
        })
      if (c2s[0]) {
        const session = state.servers[at]!.find(({ sockets }) => sockets & (1 << index))
        if (!session || session.inbox.length < 2 || isAck(c2s[0]))
          step(`server receives on ${index}`, (next) => server.receive(next, index))
      }
      if (state.chances.leaks > 0)
        for (const [way, line] of Object.entries({ c2s, s2c }))
          if (line[0]?.t === 'm')
            step(`a frame is lost on ${index} ${way}`, (next) => {
              next.chances.leaks--
              next.sockets[index]![way as 'c2s' | 's2c'].shift()
            })
    }
  }

  const sessionSteps = (state: State, session: Session, pick: (next: State) => Session, step: Step): void => {
    const { sid, inbox, sockets, isTold, isDraining, isParking, isEnded, isAsked, awaitsBye } = session
    const { chances } = state
    const happen = (
      label: string,
      what: (next: State, held: Session) => void,
      chance?: keyof Chances,
    ): void =>
      step(`${label} ${sid}`, (next) => {
        if (chance) next.chances[chance]--
        what(next, pick(next))
      })

    if (inbox.length > 0) happen('server hands on in', server.handOn)
    const ghost = state.sockets.findIndex(
      ({ isUp, isLeft }, index) => sockets & (1 << index) && (!isUp || isLeft),
    )
    if (ghost >= 0)
      happen(`server notices the end of ${ghost} in`, (next, held) => server.notice(next, held, ghost))
    if (sockets & thief) happen('the other client leaves', (_, held) => void (held.sockets &= ~thief))
    if (isEnded) {
      const forget = (next: State, held: Session): void => {
        next.servers = next.servers.map((sessions) => sessions.filter((other) => other !== held))
      }
      if (world.amnesia && !awaitsBye && sockets === 0) happen('server forgets', forget)
      return
    }
    if (isTold && !isDraining && state.sent[1] < toClient)
      happen('server sends in', (next, held) => {
        const id = toServer + ++next.sent[1]
        next.fate[id] = fates.open
        held.out.queue.push(id)
        server.flush(next, held)
      })
    if (world.lateAcks && isAsked) happen('server acknowledges in', server.confirm)
    if (isParking) happen('server parks', server.park)
    else if (isDraining) happen('server says bye in', server.sayBye)
    if (world.expiry && sockets === 0) happen('time is over for', server.stop)
    if (chances.closes > 0) happen('server ends', server.stop, 'closes')
    if (chances.thefts > 0 && isTold) happen('another client resumes', server.giveToAnother, 'thefts')
  }

  const serverSteps = (state: State, step: Step): void => {
    for (const [index, sessions] of state.servers.entries()) {
      for (const [which, session] of sessions.entries())
        sessionSteps(state, session, (next) => next.servers[index]![which]!, step)
      // The store does nothing by itself.
      if (index === world.servers) continue
      if (state.chances.drains > 0 && sessions.some(({ isTold }) => isTold))
        step(`server ${index} drains`, (next) => {
          next.chances.drains--
          server.drain(next, index, false)
        })
      if (state.chances.parks > 0 && sessions.some(({ isTold }) => isTold))
        step(`node ${index} drains`, (next) => {
          next.chances.parks--
          server.drain(next, index, world.canPark ?? false)
        })
      if (state.chances.crashes > 0 && sessions.length > 0)
        step(`server ${index} crashes`, (next) => {
          next.chances.crashes--
          server.crash(next, index)
        })
    }
  }

  const check = (state: State): void => {
    const { out, knows } = state.client
    if (out.sent.length > world.window) violate(state, 'OVERRUN: the client wrote more than the window')
    let kept = 0
    const keep = (ids: readonly number[]): void => {
      for (const id of ids) kept |= 1 << id
    }
    keep(out.queue)
    keep(out.sent)
    for (const sessions of state.servers)
      for (const session of sessions) {
        const { sid, sockets, isTold } = session
        if (session.out.sent.length > world.window)
          violate(state, 'OVERRUN: the server wrote more than the window')
        keep(session.out.queue)
        keep(session.out.sent)
        if (isTold && !(knows & (1 << sid))) violate(state, 'PHANTOM: a session that no client knows of')
        // One bit at most.
        if (sockets & (sockets - 1)) violate(state, `TWO: session ${sid} is live on two sockets`)
      }
    for (let id = 1; id < state.fate.length; id++)
      if (state.fate[id] === fates.open && !(kept & (1 << id))) violate(state, `SILENTLY: ${id} is lost`)
    if (isStuck(state)) violate(state, 'STUCK: a message waits for nothing')
  }

  /** Two ends that are connected, with nothing under way between them, must have nothing left to say. */
  const isStuck = (state: State): boolean => {
    const { phase, sid, inbox, out, isDraining, isAsked } = state.client
    const socket = client.socketOf(state)
    // What was lost without a trace is found out by a ping, which has no place here.
    const hasLeaked = state.chances.leaks !== (world.chances?.leaks ?? 0)
    if (phase !== 'live' || !socket?.isUp || hasLeaked) return false
    const session = state.servers[socket.server]!.find(({ sockets }) => sockets & (1 << state.client.socket))
    if (!session || session.isEnded || session.sid !== sid) return false
    const isOwed = world.lateAcks && (isAsked || session.isAsked)
    const isQuiet = [socket.c2s, socket.s2c, inbox, session.inbox].every(({ length }) => length === 0)
    if (!isQuiet || isOwed) return false
    // Nothing new is written then.
    if (isDraining) return out.sent.length > 0
    return [out, session.out].some(({ queue, sent }) => queue.length + sent.length > 0)
  }

  return {
    initial: () => createState(world),
    successors(state, step) {
      clientSteps(state, step)
      socketSteps(state, step)
      serverSteps(state, step)
    },
    check,
    clone: cloneState,
    encode: encodeState,
  }
}
