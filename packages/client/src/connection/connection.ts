import { closeRule, longestTimer, readClose } from '@holdfast/protocol'
import type { AbortSignalLike, CloseRule, CloseRules, DelayRange, Payload } from '@holdfast/protocol'
import type { Cause } from './cause.ts'
import type { Diagnose } from './diagnose.ts'
import { closeTimeout, deadlineOf, initialState, lost, step } from './machine.ts'
import { isOverslept } from './sleep.ts'
import type { Moment, Sample } from './sleep.ts'
import type {
  Aftermath,
  Closing,
  Command,
  DelayQuestion,
  Facts,
  Finding,
  Input,
  Policy,
  State,
  Tally,
} from './states.ts'
import { newAbort } from './ports.ts'
import type { Ports, SocketLike } from './ports.ts'
import type { Signal } from './page.ts'
import { isSameOrigin } from './url.ts'

export type { Payload } from '@holdfast/protocol'

export interface ConnectionOptions {
  readonly policy: Policy
  readonly ports: Ports
  readonly closeRules: CloseRules
  /** Asks for whatever an attempt needs before it can open a socket. Must not reject. */
  prepare(attempt: AttemptContext): Promise<Prepared>
  /** What the application wants to wait, if it gives delays; `isHidden` and `random` are those of the moment. */
  delay(question: DelayQuestion, sample: Sample): number
  /** The socket opened: say what has to be said first, then call `confirm()`, at once or after an answer. */
  greet(): void
  /** The connection is open, and nobody has been told yet. */
  opened(): void
  /** Ask the peer for a sign of life. */
  probe(): void
  /** Write what can still be written: the page is being left. */
  flush(): void
  /** Undefined when the application did not ask for diagnosis. */
  readonly diagnose: Diagnose | undefined
  /** The application wants the connection closed. True when the wire has said so itself, and waits for the peer. */
  close(): boolean
  /** When the peer wants to be dialed again, by the reason that it gave with its close. */
  closeHint(text: string | undefined): DelayRange | undefined
  received(data: unknown): void
  /** The state changed. Inputs given here wait their turn. */
  changed(state: State, previous: State): void
}

export interface AttemptContext {
  readonly tally: Tally
  /** Aborted when the attempt is given up before it has a socket. */
  readonly signal: AbortSignalLike
}

/** How to open the socket of an attempt, or why there is nothing to open. */
export type Prepared = { readonly url: string; readonly open: () => SocketLike } | Failure

export interface Failure {
  readonly cause: Cause
  readonly rule: Aftermath
}

/** Runs the lifecycle: feeds {@link step} with what happens, and does what it commands. */
export interface Connection {
  readonly state: State
  readonly rtt: number | undefined
  bufferedAmount(): number
  connect(): void
  reconnect(): void
  stop(cause: Cause, graceful: boolean): void
  /** The handshake of the wire is done. */
  confirm(facts: Facts): void
  /** How many frames the current connection has brought. */
  readonly heardFrames: number
  /** The subprotocol that the server chose for the current connection; empty for none. */
  readonly protocol: string | undefined
  /** Ends the current attempt or connection for a cause of our own, and tells the peer by a close code if given. */
  fail(failure: Failure, closeCode?: number): void
  /** Asks the peer for a sign of life, if there is a way to. */
  probe(): void
  /** A round trip took so long, in milliseconds. */
  measured(time: number): void
  /** The peer answered the last probe; its time gives the rtt. */
  answered(): void
  /** Whether a write would be handed to an open socket now. */
  isWritable(): boolean
  /** Hands a payload to the socket. If that throws, the connection ends, and the answer is false. */
  write(payload: Payload): boolean
}

/** What follows a failure that may well be gone the next time. */
export const retry: CloseRule = { reason: 'failed' }
/** What follows a failure that will be there the next time. */
export const fatal: CloseRule = { reason: 'failed', action: 'fatal' }

/** The policy of the page allows no dial. */
const csp: Finding = { cause: { reason: 'csp' } }
const socketOpen = 1

export function createConnection(options: ConnectionOptions): Connection {
  const { policy, ports } = options
  const { clock, signals } = ports

  let state = initialState
  let abort: ReturnType<typeof newAbort> | undefined
  let target: Exclude<Prepared, Failure> | undefined
  /** Why sockets do not open, as far as it was found out. */
  let finding: Finding | undefined
  let diagnosis: ReturnType<typeof newAbort> | undefined
  // `ws` can destroy a socket without a closing handshake.
  let socket: (SocketLike & { terminate?(): void }) | undefined
  /** The socket threw at a write. Until the connection has ended, nothing more is to be written. */
  let isBroken = false
  /** The wire takes part in the closing. */
  let isLingering = false
  let heardFrames = 0
  let closeCode: number | undefined
  let timer: unknown
  let stopListening: (() => void) | undefined
  let heardAt = 0
  let probedAt: number | undefined
  let rtt: number | undefined
  /** When the clocks were last looked at. */
  let seen: Moment = { now: 0, wall: 0 }

  const queue: Input[] = []
  let running = false

  const dispatch = (input: Input): void => {
    queue.push(input)
    if (running) return
    running = true
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const previous = state
        const sample = {
          now: clock.now(),
          wall: clock.wall(),
          random: ports.random(),
          heardAt,
          rtt,
          readyState: socket?.readyState,
          isHidden: signals.isHidden?.() ?? false,
        }
        const due = next.type === 'tick' ? deadlineOf(state) : undefined
        if (stopListening && isOverslept(seen, sample, due)) queue.push({ type: 'wake', doubtful: true })
        seen = sample
        advance(next, sample)
        arm()
        listen()
        if (state !== previous) options.changed(state, previous)
      }
    } finally {
      running = false
    }
  }

  const advance = (input: Input, sample: Sample): void => {
    const [committed, ...commands] = step(state, input, policy, sample)
    state = committed
    for (const command of commands)
      if (typeof command === 'string') run(command)
      else advance(input, { ...sample, customDelay: options.delay(command, sample) })
  }

  /** The machine looks at the clock and at the socket. */
  const look = (): void => dispatch({ type: 'tick' })

  // Set anew after every input: a tick that came early has changed nothing, and a delay is never rounded down.
  const arm = (): void => {
    clock.clearTimer(timer)
    const deadline = deadlineOf(state)
    if (deadline === undefined) return
    const delay = Math.min(Math.max(Math.ceil(deadline - clock.now()), 0), longestTimer)
    timer = clock.setTimer(look, delay, true)
  }

  const listen = (): void => {
    if (state.name === 'idle' || state.name === 'closed') {
      forget()
      stopListening?.()
      stopListening = undefined
    } else stopListening ??= signals.listen(notice)
  }

  const notice = (signal: Signal, url?: string): void => {
    if (signal === 'leave') {
      diagnosis?.abort()
      options.flush()
      dispatch({ type: 'leave' })
    } else if (signal === 'offline') dispatch({ type: 'probe' })
    else if (signal !== 'blocked') dispatch({ type: 'wake', doubtful: signal === 'change' })
    // What else the page may not do with this host, ask over HTTP for one, is no reason.
    else if (target && isSameOrigin(target.url, url)) diagnosed(csp)
  }

  const diagnosed = (found: Finding | undefined): void => {
    finding = found
    if (found) dispatch({ type: 'diagnosed', epoch: state.epoch, finding: found })
  }

  const diagnose = async (): Promise<void> => {
    // Whoever dials fast has failed again before there is an answer. What the page forbids is known, and the server may
    // well answer over HTTP.
    if (!options.diagnose || diagnosis?.signal.aborted === false || finding === csp) return
    const { signal } = (diagnosis = newAbort())
    let found: Finding | undefined
    try {
      found = await options.diagnose(target!.url, { signal, clock })
    } catch (error) {
      // A request that was aborted rejects, too.
      if (!signal.aborted) ports.report(error)
    }
    if (signal.aborted) return
    diagnosis = undefined
    diagnosed(found)
  }

  const run = (command: Exclude<Command, DelayQuestion>): void => {
    switch (command) {
      case 'prepare':
        return void prepare(state)
      case 'dial':
        return dial(state)
      case 'greet':
        return options.greet()
      case 'announce':
        return options.opened()
      case 'probe':
        probedAt = clock.now()
        return options.probe()
      case 'diagnose':
        return void diagnose()
      case 'close':
        return close(state as Closing)
      case 'abandon':
      case 'destroy':
        return abandon(command === 'destroy')
    }
  }

  const close = ({ cause: { code = 1000, text } }: Closing): void => {
    isLingering = options.close()
    if (!isLingering) socket!.close(code, ...(text ? [text] : []))
  }

  const prepare = async ({ epoch, tally }: State): Promise<void> => {
    abort = newAbort()
    const result = await options.prepare({ tally, signal: abort.signal })
    // An attempt that was given up has nothing to say any more, of where to dial neither.
    if (epoch !== state.epoch) return
    if ('cause' in result) return dispatch({ type: 'ended', epoch, ...result })
    if (target && !isSameOrigin(target.url, result.url)) forget()
    target = result
    dispatch({ type: 'prepared', epoch })
  }

  const dial = ({ epoch }: State): void => {
    let error: unknown
    try {
      socket = target!.open()
    } catch (thrown) {
      // The standard throws a SyntaxError for a URL or a subprotocol that can never work.
      const rule = (thrown as Error | undefined)?.name === 'SyntaxError' ? fatal : retry
      return dispatch({ type: 'ended', epoch, cause: { reason: 'blocked', error: thrown }, rule })
    }
    socket.binaryType = 'arraybuffer'
    isBroken = isLingering = false
    heardFrames = 0
    socket.onopen = () => {
      forget()
      dispatch({ type: 'opened', epoch })
    }
    socket.onmessage = (event: { readonly data: unknown }) => {
      if (state.name !== 'open' && state.name !== 'greeting' && !(isLingering && state.name === 'closing'))
        return
      heardFrames++
      if (state.name !== 'open' || state.heartbeat) heardAt = clock.now()
      if (state.name === 'open' && state.watch && state.watch.phase !== 'quiet')
        dispatch({ type: 'heard', epoch })
      options.received(event.data)
    }
    // Carries no facts in browsers; other runtimes say here what went wrong.
    socket.onerror = (event?: { readonly error?: unknown }) => {
      error = event?.error
      dispatch({ type: 'failed', epoch, failure: unreachable({}, error) })
    }
    socket.onclose = (event?: unknown) => {
      const facts = readClose(event)
      // Before it opened, the code is the socket's own and says nothing of the server.
      if (state.name === 'opening')
        return dispatch({ type: 'ended', epoch, cause: unreachable(facts, error), rule: retry })
      const known = facts.code ? closeRule(facts.code, options.closeRules) : lost
      const hint = options.closeHint(facts.text)
      const rule = hint ? { ...known, retryAfter: hint } : known
      const cause = { reason: known.reason, ...facts, ...(error !== undefined && { error }) }
      dispatch({ type: 'ended', epoch, cause, rule })
    }
  }

  const unreachable = (facts: Pick<Cause, 'code' | 'text'>, error: unknown): Cause => ({
    reason: signals.isOffline() ? 'offline' : 'unreachable',
    ...facts,
    ...(error !== undefined && { error }),
    ...(!signals.isOffline() && finding?.cause),
  })

  const forget = (): void => {
    diagnosis?.abort()
    diagnosis = finding = undefined
  }

  const abandon = (dead: boolean): void => {
    abort?.abort()
    const old = socket
    const code = closeCode
    abort = socket = probedAt = closeCode = undefined
    if (!old) return
    old.onopen = old.onmessage = old.onclose = null
    // `ws` emits an error when a connecting socket is closed, and Node ends the process if nobody listens.
    old.onerror = () => {}
    try {
      if (dead && code === undefined && old.terminate) return old.terminate()
      old.close(code ?? 1000)
      if (!old.terminate) return
      // It would keep a process alive for as long as its peer does not answer.
      const patience = clock.setTimer(() => old.terminate?.(), closeTimeout)
      old.onclose = () => clock.clearTimer(patience)
    } catch {
      // It is gone already as far as we are concerned.
    }
  }

  const fail = (failure: Failure, code?: number): void => {
    closeCode = code
    dispatch({ type: 'ended', epoch: state.epoch, ...failure })
  }

  const measured = (time: number): void => {
    rtt = rtt === undefined ? time : rtt + (time - rtt) / 8
  }

  return {
    get state() {
      return state
    },
    get rtt() {
      return rtt
    },
    bufferedAmount: () => socket?.bufferedAmount ?? 0,
    get heardFrames() {
      return heardFrames
    },
    get protocol() {
      return socket?.protocol
    },
    connect: () => dispatch({ type: 'connect' }),
    reconnect: () => dispatch({ type: 'reconnect' }),
    stop: (cause, graceful) => dispatch({ type: 'stop', cause, graceful }),
    confirm: (facts) => dispatch({ type: 'accepted', epoch: state.epoch, facts }),
    fail,
    probe: () => dispatch({ type: 'probe' }),
    measured,
    answered() {
      if (probedAt === undefined) return
      measured(clock.now() - probedAt)
      probedAt = undefined
    },
    isWritable() {
      if (state.name !== 'open' || isBroken) return false
      const isOpen = socket?.readyState === socketOpen
      if (!isOpen) look()
      return isOpen
    },
    write(payload) {
      try {
        socket!.send(payload)
        return true
      } catch (error) {
        isBroken = true
        fail({ cause: { reason: 'send-failed', error }, rule: retry })
        return false
      }
    },
  }
}
