import { decodeText, defaultDecodeLimits, encodeControl, isClientControl } from '../../src/index.ts'
import type { Clock, Control, Hi, Lost, Ok, Payload, Window } from '../../src/index.ts'
import type { Socket } from './network.ts'
import { createParty } from './party.ts'
import type { App, Party } from './party.ts'

export interface ServerOptions {
  readonly clock: Clock
  /** What the application does in a session, by its id. */
  app(session: string): App
  readonly window?: Window
  readonly ttl?: number
  readonly ping?: number
  /** Who a token is of. The token itself, unless told otherwise. */
  readonly authenticate?: (token: string | undefined) => string | null
  /** A session that its client knows of. */
  onPeer?(peer: Peer): void
}

/** A session of the server. */
export interface Peer {
  readonly id: string
  readonly party: Party
  /** Whether a connection is there. */
  readonly isLive: boolean
  /** The application ends the session. */
  end(): void
}

/** The server of PROTOCOL.md, with nothing that it need not have. */
export interface ServerEnd {
  /** The sessions that the application knows of. */
  readonly peers: readonly Peer[]
  /** How many it holds, provisional ones included. */
  readonly sessions: number
  /** What it must never see: violations of the client. */
  readonly violations: readonly string[]
  accept(socket: Socket): void
  drain(within: number): void
  /** Loses all it knows. */
  crash(): void
  /** Ends all sessions, as when the process is done. */
  dispose(): void
}

interface Held extends Peer {
  readonly key: string
  readonly identity: string | null
  /** The last dial of each instance of a client. */
  readonly dials: Map<string, number>
  client: string
  socket: Socket | undefined
  isTold: boolean
  /** Its own bye is out. */
  hasSaidBye: boolean
  timer: unknown
  drainTimer: unknown
}

/** What is left of a session. */
interface Tombstone extends Pick<Held, 'key'> {
  readonly lost: Omit<Lost, 'missed'>
  readonly tx: number
}

const provisionalTtl = 10_000
const greetingTimeout = 5_000
const after = [0, 100] as const

let lastId = 0

export function createServerEnd(options: ServerOptions): ServerEnd {
  const { clock, window = [1_024, 1_048_576], ttl = 120_000, ping = 5_000 } = options
  const { authenticate = (token: string | undefined) => token ?? null } = options
  const violations: string[] = []
  const sessions = new Map<string, Held>()
  const tombstones = new Map<string, Tombstone>()
  const stops = new Set<() => void>()
  let isGone = false

  const say = (socket: Socket, control: Control): boolean => socket.send(encodeControl(control))

  /** Nothing of its connection is read or written any more. */
  const fence = (held: Held, code: number): void => {
    held.party.close()
    const old = held.socket
    held.socket = undefined
    if (!old) return
    old.onMessage = () => {}
    old.close(code)
  }

  const wait = (held: Held): void => {
    clock.clearTimer(held.timer)
    held.timer = clock.setTimer(() => end(held, 'expired', undefined), held.isTold ? ttl : provisionalTtl)
  }

  /** Ends a session: fences it first, so that its cursor is final. */
  const end = (held: Held, why: Lost['why'], cursor: number | undefined, code = 4410): void => {
    if (sessions.get(held.id) !== held) return
    sessions.delete(held.id)
    fence(held, code)
    clock.clearTimer(held.timer)
    clock.clearTimer(held.drainTimer)
    const { party, id, key } = held
    tombstones.set(id, { key, lost: { why, rx: party.session.rx }, tx: party.session.tx + party.queued })
    for (const message of party.end(cursor)) message.settle({ status: 'undelivered', reason: 'session-lost' })
    party.discard('session-lost')
    party.dispose()
  }

  const begin = (identity: string | null): Held => {
    const id = `s${++lastId}`
    const held: Held = {
      id,
      key: `key of ${id}`,
      identity,
      dials: new Map(),
      client: '',
      socket: undefined,
      isTold: false,
      hasSaidBye: false,
      timer: undefined,
      drainTimer: undefined,
      get isLive() {
        return held.socket !== undefined
      },
      end: () => end(held, 'closed', undefined),
      party: createParty({
        clock,
        app: options.app(id),
        window,
        isControl: isClientControl,
        control(control) {
          if (control[0] === 'bye') onBye(held, control[1].rx)
          else violations.push(`unexpected ${control[0]}`)
        },
        violated(code, why) {
          violations.push(`${code} ${why}`)
          if (code === 4400) end(held, 'protocol', undefined, 4400)
          else {
            fence(held, code)
            wait(held)
          }
        },
      }),
    }
    sessions.set(id, held)
    return held
  }

  const lossOf = (hi: Hi): Lost | undefined => {
    if (hi.session === undefined) return undefined
    const tombstone = tombstones.get(hi.session)
    if (!tombstone || tombstone.key !== hi.key) return { why: 'unknown', rx: null, missed: null }
    return { ...tombstone.lost, missed: Math.max(0, tombstone.tx - hi.rx!) }
  }

  const greet = (hi: Hi, socket: Socket): void => {
    const identity = authenticate(hi.token)
    const known = hi.session === undefined ? undefined : sessions.get(hi.session)
    const old = known?.key === hi.key ? known : undefined
    // A late one touches nothing, whoever it is of.
    if (old && hi.n <= (old.dials.get(hi.client) ?? 0)) return socket.close(1000)
    let held = old
    if (old && old.identity !== identity) {
      end(old, 'identity', undefined)
      held = undefined
    }
    if (held) {
      fence(held, held.client === hi.client ? 1000 : 4409)
      if (!held.party.session.acknowledge(hi.rx!)) {
        violations.push('a hi with a cursor of the future')
        return end(held, 'protocol', undefined, 4400)
      }
    }
    const lost = held ? undefined : lossOf(hi)
    const current = held ?? begin(identity)
    current.dials.set(hi.client, hi.n)
    current.client = hi.client
    current.socket = socket
    clock.clearTimer(current.timer)
    const ok: Ok = {
      session: current.id,
      key: current.key,
      rx: current.party.session.rx,
      identity,
      ttl,
      ping,
      window,
      maxPayload: 1_048_576,
      ...(lost && { lost }),
    }
    say(socket, ['ok', ok])
    serve(current, socket)
    current.party.open(socket, hi)
    if (current.party.isDraining) current.party.line?.control(['drain', { after, within: 0 }])
  }

  const serve = (held: Held, socket: Socket): void => {
    let heardAt = clock.now()
    socket.onMessage = (payload) => {
      heardAt = clock.now()
      // The client has shown that it knows of the session.
      if (!held.isTold) {
        held.isTold = true
        options.onPeer?.(held)
      }
      if (held.hasSaidBye) return hearBye(held, payload)
      held.party.line?.received(payload)
    }
    const lose = (): void => {
      stop()
      if (held.socket !== socket) return
      held.socket = undefined
      held.party.close()
      if (held.hasSaidBye) end(held, 'drained', undefined)
      else if (sessions.has(held.id)) wait(held)
    }
    socket.onClose = lose
    let pings: unknown
    const beat = (): void => {
      pings = clock.setTimer(() => {
        if (held.socket !== socket) return stop()
        if (clock.now() - heardAt >= 2 * ping) {
          socket.close(1001)
          return lose()
        }
        held.party.line?.control(['p', held.party.session.rx])
        beat()
      }, ping)
    }
    const stop = (): void => {
      clock.clearTimer(pings)
      stops.delete(stop)
    }
    stops.add(stop)
    beat()
  }

  const onBye = (held: Held, rx: number): void => {
    const { socket, party } = held
    if (socket) say(socket, ['bye', { rx: party.session.rx }])
    end(held, party.isDraining ? 'drained' : 'closed', rx, 1000)
  }

  const sayBye = (held: Held): void => {
    if (!held.socket) return end(held, 'drained', undefined)
    held.hasSaidBye = true
    clock.clearTimer(held.timer)
    held.party.close()
    say(held.socket, ['bye', { rx: held.party.session.rx }])
    held.timer = clock.setTimer(() => end(held, 'drained', undefined, 1012), 1_000)
  }

  const hearBye = (held: Held, payload: Payload): void => {
    const decoded = typeof payload === 'string' && decodeText(payload, defaultDecodeLimits, isClientControl)
    const control = decoded && 'control' in decoded ? decoded.control : undefined
    if (control?.[0] === 'bye') end(held, 'drained', control[1].rx, 1012)
  }

  const dispose = (): void => {
    isGone = true
    for (const stop of stops) stop()
    for (const held of [...sessions.values()]) {
      fence(held, 1001)
      clock.clearTimer(held.timer)
      clock.clearTimer(held.drainTimer)
      held.party.end(undefined)
      held.party.discard('closed')
      held.party.dispose()
    }
    sessions.clear()
    tombstones.clear()
  }

  return {
    get peers() {
      return [...sessions.values()].filter(({ isTold }) => isTold)
    },
    get sessions() {
      return sessions.size
    },
    violations,
    accept(socket) {
      if (isGone) return socket.close(1001)
      say(socket, ['holdfast', { v: 1 }])
      const timer = clock.setTimer(() => socket.close(4408), greetingTimeout)
      const stop = (): void => {
        clock.clearTimer(timer)
        stops.delete(stop)
      }
      stops.add(stop)
      socket.onClose = stop
      socket.onMessage = (payload) => {
        stop()
        const decoded =
          typeof payload === 'string' && decodeText(payload, defaultDecodeLimits, isClientControl)
        if (decoded && 'control' in decoded && decoded.control[0] === 'hi')
          return greet(decoded.control[1], socket)
        violations.push(`no greeting: ${String(payload)}`)
        socket.close(4400)
      }
    },
    drain(within) {
      for (const held of sessions.values()) {
        if (held.hasSaidBye) continue
        held.party.isDraining = true
        held.party.line?.control(['drain', { after, within }])
        clock.clearTimer(held.drainTimer)
        held.drainTimer = clock.setTimer(() => sayBye(held), within)
      }
    },
    crash: dispose,
    dispose,
  }
}
