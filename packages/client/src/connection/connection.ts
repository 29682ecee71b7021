import { createAttempt } from './attempt.ts'
import type {
  Attempt,
  AttemptContext,
  AttemptHost,
  Conversation,
  OpenSocket,
  Path,
  Prepared,
} from './attempt.ts'
import { longestTimer } from '@holdfast/protocol'
import type { CloseRules } from '@holdfast/protocol'
import type { Diagnose } from './diagnose.ts'
import { deadlineOf, initialState, step } from './machine.ts'
import { isOverslept } from './sleep.ts'
import type { Moment, Sample } from './sleep.ts'
import type { Closing, Command, DelayQuestion, Facts, Finding, Input, Open, Policy, State } from './states.ts'
import { newAbort } from '../platform/ports.ts'
import type { Ports } from '../platform/ports.ts'
import type { Signal } from '../platform/page.ts'
import { isSameOrigin } from '../platform/url.ts'
import { diagnoseEvery } from './times.ts'

export interface ConnectionOptions {
  readonly policy: Policy
  readonly ports: Ports
  readonly closeRules: CloseRules
  /** What the application wants to wait, if it gives delays; `isHidden` and `random` are those of the moment. */
  delay(question: DelayQuestion, sample: Sample): number
  /** Prepares an attempt before it opens a socket. Must not reject. */
  prepare(context: AttemptContext): Promise<Prepared>
  /** The socket opened: send the greeting, then call `confirm()`, at once or after an answer. */
  open(socket: OpenSocket): Conversation
  /** Brings what the socket has brought to the conversation, if it can be taken. */
  received(data: unknown, conversation: Conversation): void
  /** The connection is open, and no listener was called yet. */
  opened(facts: Facts): void
  /** Writes everything that can still be written: the page is being left. */
  flush(): void
  /** Undefined if the application did not enable diagnosis. */
  readonly diagnose: Diagnose | undefined
  /** The state changed. Inputs dispatched here are queued. */
  changed(state: State, previous: State): void
}

/** Runs the lifecycle: passes inputs to {@link step}, and executes its commands. */
export interface Connection {
  readonly state: State
  readonly path: Path
  bufferedAmount(): number
  /** Runs an input, or queues it while another one runs. */
  dispatch(input: Input): void
}

/** The policy of the page forbids the dial. */
const csp: Finding = { cause: { reason: 'csp' } }

export function createConnection(options: ConnectionOptions): Connection {
  const { policy, ports } = options
  const { clock, signals } = ports

  const path: { -readonly [Key in keyof Path]: Path[Key] } = {
    rtt: undefined,
    measured(time) {
      path.rtt = path.rtt === undefined ? time : path.rtt + (time - path.rtt) / 8
    },
  }
  const host: AttemptHost & { state: State } = {
    ...options,
    path,
    state: initialState,
    dispatch: (input) => dispatch(input),
    unreachable: () =>
      signals.isOffline() ? { reason: 'offline' } : { reason: 'unreachable', ...finding?.cause },
  }
  let attempt: Attempt | undefined
  /** Where the last attempt dialed. */
  let url: string | undefined
  /** Why no socket opens there, as far as it was found out. */
  let finding: Finding | undefined
  let diagnosis: ReturnType<typeof newAbort> | undefined
  /** How many attempts in a row opened no socket. */
  let unopened = 0
  let timer: unknown
  let stopListening: (() => void) | undefined
  /** When the clocks were last read. */
  let seen: Moment = { now: 0, wall: 0 }

  const queue: Input[] = []
  let running = false

  const dispatch = (input: Input): void => {
    queue.push(input)
    if (running) return
    running = true
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const previous = host.state
        const sample = {
          now: clock.now(),
          wall: clock.wall(),
          random: ports.random(),
          heardAt: attempt?.heardAt ?? 0,
          rtt: path.rtt,
          readyState: attempt?.socket?.readyState,
          isHidden: signals.isHidden?.() ?? false,
        }
        const due = next.type === 'tick' ? deadlineOf(host.state) : undefined
        if (stopListening && isOverslept(seen, sample, due)) queue.push({ type: 'wake', doubtful: true })
        seen = sample
        advance(next, sample)
        arm()
        listen()
        if (host.state !== previous) options.changed(host.state, previous)
      }
    } finally {
      running = false
    }
  }

  const advance = (input: Input, sample: Sample): void => {
    const [committed, ...commands] = step(host.state, input, policy, sample)
    host.state = committed
    for (const command of commands)
      if (typeof command === 'string') run(command)
      else advance(input, { ...sample, customDelay: options.delay(command, sample) })
  }

  // Set again after every input: an early tick has changed nothing, and a delay is never rounded down.
  const arm = (): void => {
    clock.clearTimer(timer)
    const deadline = deadlineOf(host.state)
    if (deadline === undefined) return
    const delay = Math.min(Math.max(Math.ceil(deadline - clock.now()), 0), longestTimer)
    timer = clock.setTimer(() => dispatch({ type: 'tick' }), delay, true)
  }

  const listen = (): void => {
    if (host.state.name === 'idle' || host.state.name === 'closed') {
      forget()
      stopListening?.()
      stopListening = undefined
    } else stopListening ??= signals.listen(notice)
  }

  const notice = (signal: Signal, blocked?: string): void => {
    if (signal === 'leave') {
      diagnosis?.abort()
      options.flush()
      dispatch({ type: 'leave' })
    } else if (signal === 'offline') dispatch({ type: 'probe' })
    else if (signal !== 'blocked') dispatch({ type: 'wake', doubtful: signal === 'change' })
    // Other forbidden requests to this host, over HTTP for example, are not a reason.
    else if (url && isSameOrigin(url, blocked)) found(csp)
  }

  const found = (next: Finding | undefined): void => {
    finding = next
    if (next) dispatch({ type: 'diagnosed', epoch: host.state.epoch, finding: next })
  }

  const diagnose = async (): Promise<void> => {
    // A client that dials fast has failed again before there is an answer. What the page forbids to sockets, the server
    // may well answer over HTTP.
    const isDue = ++unopened % diagnoseEvery === 0
    if (!isDue || !options.diagnose || diagnosis?.signal.aborted === false || finding === csp) return
    const { signal } = (diagnosis = newAbort())
    let next: Finding | undefined
    try {
      next = await options.diagnose(url!, { signal, clock })
    } catch (error) {
      // An aborted request rejects, too.
      if (!signal.aborted) ports.report(error)
    }
    if (signal.aborted) return
    diagnosis = undefined
    found(next)
  }

  const forget = (): void => {
    diagnosis?.abort()
    diagnosis = finding = undefined
    unopened = 0
  }

  const run = (command: Exclude<Command, DelayQuestion>): void => {
    switch (command) {
      case 'prepare':
        attempt = createAttempt(host, host.state)
        return
      case 'dial':
        if (url && !isSameOrigin(url, attempt!.url)) forget()
        url = attempt!.url
        return attempt!.dial()
      case 'greet':
        forget()
        return attempt!.converse()
      case 'announce':
        return options.opened((host.state as Open).facts)
      case 'probe':
        return attempt!.probe()
      case 'diagnose':
        return void diagnose()
      case 'close':
        return attempt!.close((host.state as Closing).cause)
      case 'abandon':
      case 'destroy':
        return end(command === 'destroy')
    }
  }

  const end = (isDead: boolean): void => {
    const ended = attempt
    attempt = undefined
    ended?.end((host.state as Closing).cause, isDead)
  }

  return {
    get state() {
      return host.state
    },
    path,
    bufferedAmount: () => attempt?.socket?.bufferedAmount ?? 0,
    dispatch,
  }
}
