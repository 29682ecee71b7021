import { createAttempt } from './attempt.ts'
import type { Attempt, AttemptHost, Path } from './attempt.ts'
import { longestTimer } from '@holdfast/protocol'
import { deadlineOf, initialState, step } from './machine.ts'
import { isOverslept } from './sleep.ts'
import type { Moment, Sample } from './sleep.ts'
import type {
  Closing,
  Command,
  DelayQuestion,
  Discovery,
  Facts,
  Input,
  Open,
  Policy,
  RunnableDiagnosis,
  State,
} from './states.ts'
import type { Ports } from '../platform/ports.ts'
import type { Signal } from '../platform/page.ts'

export interface ConnectionOptions extends Pick<
  AttemptHost,
  'prepare' | 'open' | 'received' | 'closed' | 'errored'
> {
  readonly policy: Policy
  readonly ports: Ports
  /** What the application wants to wait; `isHidden` and `random` are those of the moment. Absent unless the policy asks. */
  readonly delay?: (question: DelayQuestion, sample: Sample) => number
  /** The connection is open, and no listener was called yet. */
  opened(facts: Facts): void
  /** Writes everything that can still be written: the page is being left. */
  flush(): void
  /** Finds out why sockets do not open. Undefined if the application does not use the reason. */
  readonly diagnosis: RunnableDiagnosis | undefined
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
      signals.isOffline() ? { reason: 'offline' } : { reason: 'unreachable', ...known?.cause },
  }
  let attempt: Attempt | undefined
  /** Why sockets do not open, as far as the diagnosis has found out. */
  let known: Discovery | undefined
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
      else advance(input, { ...sample, customDelay: options.delay!(command, sample) })
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
      known = undefined
      observe?.('stop')
      stopListening?.()
      stopListening = undefined
    } else stopListening ??= signals.listen(notice)
  }

  const notice = (signal: Signal, blocked?: string): void => {
    observe?.(signal, blocked)
    if (signal === 'leave') {
      options.flush()
      dispatch({ type: 'leave' })
    } else if (signal === 'offline') dispatch({ type: 'probe' })
    else if (signal !== 'blocked') dispatch({ type: 'wake', doubtful: signal === 'change' })
  }

  const run = (command: Exclude<Command, DelayQuestion>): void => {
    observe?.(command, attempt?.url)
    switch (command) {
      case 'prepare':
        attempt = createAttempt(host, host.state)
        return
      case 'dial':
        return attempt!.dial()
      case 'greet':
        known = undefined
        return attempt!.converse()
      case 'announce':
        return options.opened((host.state as Open).facts)
      case 'probe':
        return attempt!.probe()
      case 'close':
        return attempt!.close((host.state as Closing).cause)
      case 'abandon':
      case 'destroy':
        return end(command === 'destroy')
      case 'diagnose':
      // This command is for the observer below.
    }
  }

  const observe = options.diagnosis?.begin(ports, (discovery) => {
    known = discovery
    if (discovery) dispatch({ type: 'diagnosed', epoch: host.state.epoch, discovery })
  })

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
