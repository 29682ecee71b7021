import type { AbortSignalLike, CloseRule, DelayRange, Payload } from '@holdfast/protocol'
import type { Cause } from './cause.ts'
import { closeTimeout } from './times.ts'
import { newAbort } from '../platform/ports.ts'
import type { Ports, SocketLike } from '../platform/ports.ts'
import type { Aftermath, Facts, Input, State, Tally } from './states.ts'

/** The rule for a failure that may be temporary. */
export const retry: CloseRule = { reason: 'failed' }
/** The rule for a permanent failure. */
export const fatal: CloseRule = { reason: 'failed', action: 'fatal' }

const socketOpen = 1

/** What an attempt needs to know before it can open a socket. */
export interface AttemptContext {
  readonly tally: Tally
  /** Aborted when the attempt is abandoned before it has a socket. */
  readonly signal: AbortSignalLike
}

/** How to open the socket of an attempt, or why the attempt failed. */
export type Prepared = Target | Failure

export interface Target {
  readonly url: string
  readonly open: () => SocketLike
}

export interface Failure {
  readonly cause: Cause
  readonly rule: Aftermath
}

/** The conversation of a wire on an open socket: from the handshake to the end. Ended once, and not reused. */
export interface Conversation {
  /** Takes a frame. */
  received(frame: Payload): void
  /** A frame came in that cannot be taken: too large, or neither text nor bytes. */
  refused(frame: RefusedFrame): void
  /** Asks the peer for a sign of life. */
  probe(): void
  /** The application closes the connection. True if the wire has sent its own close, and waits for the peer. */
  close(cause: Cause): boolean
  /** Returns when to dial again, according to the reason of the close. */
  retryAfter(text: string | undefined): DelayRange | undefined
  /** The connection has ended, and its socket is about to be let go. */
  ended(cause: Cause): void
}

export interface RefusedFrame {
  readonly reason: 'too-large' | 'undecodable'
  readonly data: unknown
}

/** What is known of the path to a server. */
export interface Path {
  /** The round-trip time, smoothed, if it was measured. */
  readonly rtt: number | undefined
  /** A round trip took that long, in milliseconds. */
  measured(time: number): void
}

/** A socket that has opened, as its conversation sees it. */
export interface OpenSocket {
  /** The path to the server, on this connection and those before. */
  readonly path: Path
  bufferedAmount(): number
  /** Whether a write would be handed to an open socket now, and the connection counts as open. */
  isWritable(): boolean
  /** Writes a payload to the socket. If that throws, the connection ends, and the result is false. */
  write(payload: Payload): boolean
  /** The handshake of the wire is done. */
  confirm(facts: Facts): void
  /** Ends the connection for a cause of our own, and tells the peer by a close code if given. */
  fail(failure: Failure, closeCode?: number): void
  /** Asks the peer for a sign of life, if there is a way to. */
  probe(): void
  /** The peer answered the last probe, which measures the rtt. */
  answered(): void
}

/** What an attempt does its work with. */
export interface AttemptHost {
  readonly ports: Pick<Ports, 'clock'>
  readonly state: State
  /** Prepares an attempt before it opens a socket. Must not reject. */
  prepare(context: AttemptContext): Promise<Prepared>
  /** The socket opened: send the greeting, then call `confirm()`, at once or after an answer. */
  open(socket: OpenSocket): Conversation
  /** Brings what the socket has brought to the conversation, if it can be taken. */
  received(data: unknown, conversation: Conversation): void
  /** Reads the `close` event of a socket, which had no conversation if it had not opened. */
  closed(event: unknown, conversation: Conversation | undefined): Failure
  /** The `error` event of a socket. Absent if nothing is needed but its error. */
  readonly errored?: (event: unknown) => void
  /** Why a socket did not open, as far as the platform or a diagnosis tells. */
  unreachable(): Cause
  readonly path: Path
  dispatch(input: Input): void
}

/** One dial, from its preparation to the end of its connection. */
export interface Attempt {
  /** Where it dials; undefined until it is prepared. */
  readonly url: string | undefined
  /** Undefined until it dials. */
  readonly socket: SocketLike | undefined
  /** When the last frame came in, where that matters. */
  readonly heardAt: number
  dial(): void
  /** Begins the conversation on the socket that has opened. */
  converse(): void
  probe(): void
  /** Begins the closing handshake. */
  close(cause: Cause): void
  /** Lets go of everything without waiting. It reports nothing more. The path is dead if `isDead`. */
  end(cause: Cause, isDead: boolean): void
}

/** Begins an attempt, which prepares itself at once. */
export function createAttempt(host: AttemptHost, { epoch, tally }: State): Attempt {
  const { clock } = host.ports
  const abort = newAbort()
  let target: Target | undefined
  let conversation: Conversation | undefined
  /** The socket threw in a write. Until the connection has ended, no more is written. */
  let isBroken = false
  /** The closing handshake has begun, and the wire waits for nothing any more. */
  let isDeaf = false
  let probedAt: number | undefined
  let ownCode: number | undefined

  const prepare = async (): Promise<void> => {
    const prepared = await host.prepare({ tally, signal: abort.signal })
    // Results of an abandoned attempt are ignored, the URL included.
    if (abort.signal.aborted) return
    if ('cause' in prepared) return fail(prepared)
    target = prepared
    host.dispatch({ type: 'prepared', epoch })
  }

  const listen = (opening: SocketLike): void => {
    let error: unknown
    const why = (cause: Cause): Cause => (error === undefined ? cause : { ...cause, error })
    opening.onopen = () => host.dispatch({ type: 'opened', epoch })
    opening.onmessage = (event: { readonly data: unknown }) => {
      if (!conversation || isDeaf) return
      const { state } = host
      if (state.name !== 'open' || state.facts.heartbeat) attempt.heardAt = clock.now()
      if (state.name === 'open' && state.watch.phase !== 'quiet') host.dispatch({ type: 'heard', epoch })
      host.received(event.data, conversation)
    }
    // Carries no details in browsers; other runtimes report the error here.
    opening.onerror = (event?: { readonly error?: unknown }) => {
      error = event?.error
      host.errored?.(event)
      host.dispatch({ type: 'failed', epoch, failure: why(host.unreachable()) })
    }
    opening.onclose = (event?: unknown) => {
      const { cause, rule } = host.closed(event, conversation)
      fail({ cause: why(conversation ? cause : { ...cause, ...host.unreachable() }), rule })
    }
  }

  const fail = (failure: Failure, closeCode?: number): void => {
    ownCode = closeCode
    host.dispatch({ type: 'ended', epoch, ...failure })
  }

  const open: OpenSocket = {
    path: host.path,
    bufferedAmount: () => attempt.socket!.bufferedAmount,
    isWritable() {
      const { state } = host
      if (state.name !== 'open' || state.epoch !== epoch || isBroken) return false
      const isOpen = attempt.socket!.readyState === socketOpen
      // The machine looks at the socket.
      if (!isOpen) host.dispatch({ type: 'tick' })
      return isOpen
    },
    write(payload) {
      try {
        attempt.socket!.send(payload)
        return true
      } catch (error) {
        isBroken = true
        fail({ cause: { reason: 'send-failed', error }, rule: retry })
        return false
      }
    },
    confirm: (facts) => host.dispatch({ type: 'accepted', epoch, facts, protocol: attempt.socket!.protocol }),
    fail,
    probe: () => host.dispatch({ type: 'probe' }),
    answered() {
      if (probedAt === undefined) return
      host.path.measured(clock.now() - probedAt)
      probedAt = undefined
    },
  }

  const attempt: { -readonly [Key in keyof Attempt]: Attempt[Key] } = {
    socket: undefined,
    get url() {
      return target?.url
    },
    heardAt: 0,
    dial() {
      try {
        attempt.socket = target!.open()
      } catch (error) {
        // The standard throws a SyntaxError for a URL or a subprotocol that can never work.
        const rule = (error as Error | undefined)?.name === 'SyntaxError' ? fatal : retry
        return fail({ cause: { reason: 'blocked', error }, rule })
      }
      attempt.socket.binaryType = 'arraybuffer'
      listen(attempt.socket)
    },
    converse() {
      conversation = host.open(open)
    },
    probe() {
      probedAt = clock.now()
      conversation!.probe()
    },
    close(cause) {
      isDeaf = !conversation!.close(cause)
      const { code = 1000, text } = cause
      if (isDeaf) attempt.socket!.close(code, ...(text ? [text] : []))
    },
    end(cause, isDead) {
      abort.abort()
      conversation?.ended(cause)
      if (attempt.socket) letGo(attempt.socket, isDead && ownCode === undefined, ownCode, clock)
    },
  }
  void prepare()
  return attempt
}

function letGo(
  // `ws` can destroy a socket without a closing handshake.
  old: SocketLike & { terminate?(): void },
  isDead: boolean,
  code: number | undefined,
  clock: Ports['clock'],
): void {
  old.onopen = old.onmessage = old.onclose = null
  // `ws` emits an error when a connecting socket is closed, and without a listener it ends the Node process.
  old.onerror = () => {}
  try {
    if (isDead && old.terminate) return old.terminate()
    old.close(code ?? 1000)
    if (!old.terminate) return
    // It would keep a process alive until its peer answers.
    const patience = clock.setTimer(() => old.terminate?.(), closeTimeout)
    old.onclose = () => clock.clearTimer(patience)
  } catch {
    // The client has already abandoned it.
  }
}
