import { decodeText, defaultDecodeLimits, encodeControl, isPoison, isServerControl } from '../../src/index.ts'
import type { Body, Clock, Control, Ok, Outgoing, Payload, Window } from '../../src/index.ts'
import type { Socket } from './network.ts'
import { createParty } from './party.ts'
import type { App, Party } from './party.ts'

export interface ClientOptions {
  readonly clock: Clock
  readonly app: App
  readonly id?: string
  readonly window?: Window
  readonly token?: string
  /** How long an attempt may take, and until the next one, in milliseconds. */
  readonly attemptTimeout?: number
  readonly redialDelay?: number
  dial(): Socket
}

/** The client of PROTOCOL.md, with nothing that it need not have. */
export interface ClientEnd {
  readonly party: Party
  readonly phase: Phase
  readonly losses: readonly (Ok['lost'] | undefined)[]
  /** What it must never see: violations of the server. */
  readonly violations: readonly string[]
  readonly resumes: number
  /** The session and its key, for whoever steals them. */
  readonly ticket: { readonly id: string; readonly key: string } | undefined
  token: string | undefined
  connect(): void
  /** Gives the connection up, without a word, and dials at once. */
  redial(): void
  /** Leaves with a bye. */
  leave(): void
  /** Like a page that is closed. */
  destroy(): void
  /** Takes over the session of another client. */
  adopt(ticket: { readonly id: string; readonly key: string }): void
}

type Phase = 'away' | 'banner' | 'ok' | 'live' | 'bye' | 'stopped'

/** How long a message may stay unacknowledged before the connection is in doubt, and then the connection silent. */
const doubtDelay = 2_000

export function createClientEnd(options: ClientOptions): ClientEnd {
  const { clock, id = 'c1', window = [1_024, 1_048_576], attemptTimeout = 1_000, redialDelay = 20 } = options
  const violations: string[] = []
  const losses: (Ok['lost'] | undefined)[] = []
  let phase: Phase = 'away'
  let socket: Socket | undefined
  let held: { readonly id: string; readonly key: string } | undefined
  let identity: string | null | undefined
  let dials = 0
  let resumes = 0
  let carried: Outgoing<Body>[] = []
  let token = options.token
  let timer: unknown
  let watch: unknown
  let heardAt = 0
  let ping = 0
  let progressAt = 0
  let isLeaving = false
  let isSuspect = false

  const party = createParty({
    clock,
    app: options.app,
    window,
    isControl: isServerControl,
    control: onControl,
    progressed() {
      progressAt = clock.now()
      sayByeWhenDone()
    },
    violated(code, why) {
      if (code !== 1007) violations.push(`${code} ${why}`)
      if (code === 4400) endSession(undefined)
      fail(code)
    },
  })

  const endSession = (cursor: number | undefined): void => {
    if (held) carried.push(...party.end(cursor))
    held = undefined
  }

  const drop = (): void => {
    clock.clearTimer(timer)
    clock.clearTimer(watch)
    party.close()
    party.isDraining = false
    if (socket) socket.onMessage = socket.onClose = () => {}
    socket = undefined
  }

  /** Gives the connection up, and tells the other end if it can be told. */
  const fail = (code: number): void => {
    const old = socket
    drop()
    old?.close(code)
    retry(redialDelay)
  }

  const retry = (delay: number): void => {
    phase = 'away'
    timer = clock.setTimer(dial, delay)
  }

  const dial = (): void => {
    const old = socket
    drop()
    old?.close(1000)
    if (phase === 'bye') endSession(undefined)
    phase = 'banner'
    dials++
    const opened = options.dial()
    socket = opened
    opened.onMessage = received
    opened.onClose = (code) => {
      isSuspect = isPoison(code)
      drop()
      // Superseded: another client has the session, and is not fought.
      if (code === 4409 || isLeaving) stop()
      else retry(redialDelay)
    }
    timer = clock.setTimer(() => fail(1000), attemptTimeout)
  }

  function received(payload: Payload): void {
    heardAt = clock.now()
    if (phase === 'live') return party.line?.received(payload)
    const decoded = typeof payload === 'string' && decodeText(payload, defaultDecodeLimits, isServerControl)
    const control = decoded && 'control' in decoded ? decoded.control : undefined
    if (phase === 'bye') return control?.[0] === 'bye' ? onBye(control[1].rx) : undefined
    if (phase === 'banner' && control?.[0] === 'holdfast') {
      phase = 'ok'
      const resume = held && { session: held.id, key: held.key, rx: party.session.rx }
      socket!.send(
        encodeControl([
          'hi',
          { v: 1, client: id, n: dials, window, maxPayload: 1_048_576, ...(token && { token }), ...resume },
        ]),
      )
    } else if (control?.[0] === 'ok') onOk(control[1])
    else violations.push(`unexpected ${String(payload)}`)
  }

  const onOk = (ok: Ok): void => {
    const isResumed = held?.id === ok.session
    if (isResumed && !party.session.acknowledge(ok.rx)) {
      violations.push('ok with a cursor of the future')
      return fail(4400)
    }
    if (!isResumed) {
      if (held) losses.push(ok.lost)
      endSession(ok.lost?.rx ?? undefined)
      if (identity !== undefined && identity !== ok.identity) {
        for (const message of carried.splice(0))
          message.settle({ status: 'undelivered', reason: 'session-lost' })
        party.discard('session-lost')
      }
      held = { id: ok.session, key: ok.key }
      party.begin(carried.splice(0))
    } else resumes++
    identity = ok.identity
    ping = ok.ping
    clock.clearTimer(timer)
    phase = 'live'
    party.open(socket!, ok, isResumed && isSuspect && party.session.quarantineOldest())
    isSuspect = false
    progressAt = clock.now()
    doubt()
  }

  /** An unacknowledged message is its own probe, and so is the ping that the server has promised. */
  const doubt = (): void => {
    watch = clock.setTimer(() => {
      const now = clock.now()
      if (now - heardAt > ping + doubtDelay) return fail(1000)
      if (party.session.unacknowledged > 0 && now - progressAt > doubtDelay) {
        if (now - heardAt > doubtDelay) return fail(1000)
        party.line?.control(['p', party.session.rx])
      }
      doubt()
    }, doubtDelay)
  }

  function onControl(control: Control): void {
    if (control[0] === 'bye') onBye(control[1].rx)
    else if (control[0] === 'drain') {
      party.isDraining = true
      sayByeWhenDone()
    } else violations.push(`unexpected ${control[0]}`)
  }

  const sayByeWhenDone = (): void => {
    if (phase === 'live' && party.isDraining && party.isDone) sayBye()
  }

  const sayBye = (): void => {
    party.line?.control(['bye', { rx: party.session.rx }])
    party.close()
    phase = 'bye'
    timer = clock.setTimer(() => fail(1000), attemptTimeout)
  }

  const onBye = (rx: number): void => {
    if (phase === 'live') sayBye()
    endSession(rx)
    // The server closes now; what then, is for who waits for that.
    phase = 'away'
  }

  const stop = (): void => {
    drop()
    phase = 'stopped'
    endSession(undefined)
    for (const message of carried.splice(0)) message.settle({ status: 'undelivered', reason: 'closed' })
    party.dispose()
  }

  return {
    party,
    violations,
    losses,
    get phase() {
      return phase
    },
    get resumes() {
      return resumes
    },
    get ticket() {
      return held
    },
    get token() {
      return token
    },
    set token(value) {
      token = value
    },
    connect: dial,
    redial: dial,
    leave() {
      isLeaving = true
      if (phase === 'live') sayBye()
    },
    destroy() {
      const old = socket
      stop()
      old?.close(1000)
    },
    adopt(ticket) {
      held = ticket
    },
  }
}
