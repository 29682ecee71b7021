import {
  closeHint,
  decodeText,
  defaultDecodeLimits,
  encodeControl,
  HoldfastError,
  isServerControl,
  Line,
  misuse,
} from '@holdfast/protocol'
import type {
  Body,
  Bye,
  Control,
  DelayRange,
  Drain,
  Hi,
  Ok,
  Outgoing,
  Payload,
  Session,
} from '@holdfast/protocol'
import { fatal, retry } from '../../connection/attempt.ts'
import type { Conversation, OpenSocket, RefusedFrame } from '../../connection/attempt.ts'
import type { Cause } from '../../connection/cause.ts'
import { createHeartbeat } from '../../connection/heartbeat.ts'
import { closeTimeout } from '../../connection/machine.ts'
import { decodeUtf8, encodeText, missing } from '../../platform/ports.ts'
import type { Queue, WireHost } from '../wire.ts'
import { createAckWatch } from './ack-watch.ts'
import type { AckWatch } from './ack-watch.ts'
import type { Exchange } from './exchange.ts'
import type { ResumableSession } from './resumable-session.ts'

/** What a client says instead of 1007 and 1009, because pages cannot close a socket with codes below 3000. */
const clientCodes: Readonly<Record<number, number>> = { 1007: 4422, 1009: 4413 }
/** How much later than announced a ping of the server may come, in milliseconds. */
const pingSlack = 5_000
/** How long a server may take to say that it knows of sessions, in milliseconds. */
const bannerTimeout = 5_000
/** How many connections without a word from the server it takes to believe that it will never speak first. */
const silentServer = { reason: 'wire-mismatch', limit: 2 }
const sliceLength = 12

export interface ConversationParts {
  readonly host: WireHost
  readonly queue: Queue
  readonly session: ResumableSession
  readonly exchange: Exchange
  /** What the client says of itself in its greeting. */
  readonly hi: Pick<Hi, 'v' | 'client' | 'n' | 'window' | 'maxPayload'>
}

/**
 * The session wire on one connection: the server's banner and our `hi`, its `ok`, the line, and the goodbye.
 *
 * After our `bye` nothing is taken any more, but the other one's.
 */
export class SessionConversation implements Conversation {
  readonly socket: OpenSocket
  /** While messages can be exchanged. */
  line: Line | undefined = undefined
  /** The server of the line. */
  peer: Ok | undefined = undefined
  private phase: 'banner' | 'greeting' | 'live' | 'bye' | 'over' = 'banner'
  private readonly parts: ConversationParts
  private readonly acks: AckWatch
  private drain: Drain | undefined = undefined
  /** The window of the server was full. */
  private isBlocked = false
  /** The application wants the connection closed. */
  private isClosing = false
  private greetedAt = 0
  private timer: unknown = undefined

  constructor(socket: OpenSocket, parts: ConversationParts) {
    this.socket = socket
    this.parts = parts
    this.acks = createAckWatch(parts.host.clock, socket, parts.session, () => this.live())
    this.limit(bannerTimeout, () => {
      if (this.phase === 'banner') this.mismatch(silentServer)
    })
  }

  received(data: Payload): void {
    const error = typeof data === 'string' ? undefined : missing('TextDecoder')
    if (error) return this.unreadable(error)
    if (this.line) return this.line.received(data)
    const decoded =
      typeof data === 'string' ? decodeText(data, defaultDecodeLimits, isServerControl) : undefined
    const control = decoded && 'control' in decoded ? decoded.control : undefined
    if (this.phase === 'banner') this.onBanner(control)
    else if (this.phase === 'greeting') this.onOk(control)
    else if (control?.[0] === 'bye') this.onBye(control[1])
  }

  refused({ reason }: RefusedFrame): void {
    if (reason === 'too-large') this.violate(1009, 'message too large')
    else this.unreadable(misuse('the socket brought neither text nor bytes'))
  }

  probe(): void {
    this.line?.control(['p', this.parts.session.session!.rx])
  }

  retryAfter(text: string | undefined): DelayRange | undefined {
    return this.drain?.after ?? closeHint(text)
  }

  close({ code, text }: Cause): boolean {
    this.isClosing = true
    this.sayBye({ code, reason: text })
    return this.phase === 'bye'
  }

  ended(cause: Cause): void {
    if (this.live()) this.parts.session.disconnected(cause)
    this.phase = 'over'
    this.closeLine()
    this.parts.host.clock.clearTimer(this.timer)
  }

  // What the client sends

  isWritable(bytes: number): boolean {
    const isOpen = !this.drain && this.line !== undefined
    this.isBlocked = isOpen && !this.line!.isWritable(bytes)
    return isOpen && !this.isBlocked
  }

  write(message: Outgoing<Body>): boolean {
    const isTaken = this.line!.write(message)
    this.acks.start()
    return isTaken
  }

  /** Something came to be owed in this turn. */
  due(): void {
    if (!this.drain) this.parts.queue.flush()
    this.sendOwed()
  }

  /** Ends the session: after this, nothing of ours follows on it. */
  sayBye(how?: Pick<Bye, 'code' | 'reason'>): void {
    const session = this.live()
    if (!session) return
    this.phase = 'bye'
    this.line?.control(['bye', { rx: session.rx, ...how }])
    this.closeLine()
  }

  violate(code: number, why: string): void {
    const { session, host } = this.parts
    // The state of a peer that breaks the rules cannot be relied on, save for what may be the network's fault.
    const loss = code === 4400 && session.end(undefined, 'session-lost')
    if (loss) host.lost({ why: 'protocol', missed: undefined, ...loss })
    this.socket.fail(
      {
        cause: { reason: 'protocol', text: `the server broke the protocol: ${why}` },
        rule: code === 4400 ? { reason: 'protocol', limit: 3 } : retry,
      },
      clientCodes[code] ?? code,
    )
  }

  // Greeting

  private onBanner(control: Control | undefined): void {
    const { host, hi, session } = this.parts
    if (control?.[0] !== 'holdfast') return this.mismatch(fatal)
    this.phase = 'greeting'
    this.greetedAt = host.clock.now()
    const token = host.token()
    const greeting: Hi = { ...hi, ...(token !== undefined && { token }), ...session.claim() }
    this.socket.write(encodeControl(['hi', greeting]))
  }

  private onOk(control: Control | undefined): void {
    const { host, session } = this.parts
    if (control?.[0] !== 'ok') return this.violate(4400, 'no ok after the greeting')
    const [, ok] = control
    const isResumed = session.resume(ok)
    if (isResumed === undefined) return this.violate(4400, 'a resume that cannot be')
    if (this.socket.path.rtt === undefined) this.socket.path.measured(host.clock.now() - this.greetedAt)
    this.accepted(ok, isResumed)
  }

  /** The server has taken us in, and goes on with the session that is held, or gives a new one. */
  private accepted(ok: Ok, isResumed: boolean): void {
    const { session, queue } = this.parts
    if (!isResumed) session.begin(ok, queue)
    // A listener that heard of an outcome or a loss may have ended all this.
    const { session: current } = session
    if (!current || this.phase !== 'greeting' || this.isClosing) return
    current.window = ok.window
    const resumption = { resumed: isResumed, replayed: isResumed ? current.unacknowledged : 0 }
    this.line = this.openLine(current, ok, isResumed && session.quarantineOldest())
    this.phase = 'live'
    this.peer = ok
    this.line.resume()
    this.acks.start()
    this.socket.confirm({
      // A large message on a slow path looks like silence, and would do so on every connection.
      heartbeat: createHeartbeat({ interval: (ok.ping + pingSlack) * session.patience }),
      resumption,
    })
    this.sendOwed()
  }

  private mismatch(rule: typeof silentServer | typeof fatal): void {
    this.socket.fail({
      cause: {
        reason: 'wire-mismatch',
        error: new HoldfastError('wire-mismatch', 'the server does not speak the session wire: use plain()'),
      },
      rule,
    })
  }

  // Line

  /** The session, while it is on the connection, and no greeting or goodbye is under way. */
  private live(): Session<Body> | undefined {
    return this.phase === 'live' ? this.parts.session.session : undefined
  }

  private openLine(session: Session<Body>, ok: Ok, unpacked: boolean): Line {
    const { socket, acks, parts } = this
    return new Line({
      session,
      clock: parts.host.clock,
      limits: defaultDecodeLimits,
      window: parts.hi.window,
      sliceLength,
      unpacked,
      maxPayload: ok.maxPayload,
      isControl: isServerControl,
      send: socket.write,
      isOpen: socket.isWritable,
      bufferedAmount: socket.bufferedAmount,
      encodeText,
      decodeUtf8,
      deliver: (frame) => {
        acks.heard()
        parts.exchange.endpoint.deliver(frame)
        this.sayByeWhenDone()
      },
      control: (control) => this.onControl(control),
      answered: acks.answered,
      pinged: acks.heard,
      progressed: () => this.progressed(),
      violated: (code, why) => this.violate(code, why),
    })
  }

  private onControl(control: Control): void {
    if (control[0] === 'renew') void this.renew()
    else if (control[0] === 'drain') {
      this.drain = control[1]
      this.sayByeWhenDone()
    } else if (control[0] === 'bye') this.onBye(control[1])
    else this.violate(4400, `'${control[0]}' at the wrong time`)
  }

  private async renew(): Promise<void> {
    const { host } = this.parts
    try {
      const token = await host.renew()
      if (token !== undefined) this.line?.control(['token', token])
    } catch (error) {
      // The server will close the connection, and then the token is asked for again.
      host.report(error)
    }
  }

  private progressed(): void {
    this.acks.progressed()
    this.sendOwed()
    this.sayByeWhenDone()
    if (this.isBlocked && !this.drain) {
      this.isBlocked = false
      this.parts.queue.flush()
    }
  }

  private sendOwed(): void {
    if (this.parts.exchange.write(this.line)) this.acks.start()
  }

  /** A message that cannot be read. The server hears that, and gives it up if the next connection ends in the same way. */
  private unreadable(error: HoldfastError): void {
    this.socket.fail({ cause: { reason: 'unreadable', error }, rule: retry }, clientCodes[1007])
  }

  // Goodbye

  /** For a server that is about to stop: as soon as nothing is under way. */
  private sayByeWhenDone(): void {
    if (this.drain && this.live()?.unacknowledged === 0 && this.parts.exchange.isSettled()) this.sayBye()
  }

  /** The session is over on both ends. What to do next, the server tells by its close. */
  private onBye({ rx, total }: Bye): void {
    const { host, session: held } = this.parts
    this.sayBye()
    const { session } = held
    // What comes after our goodbye is not taken any more.
    const missed = session && total !== undefined ? Math.max(0, total - session.rx) : undefined
    const why = this.drain ? 'drained' : 'closed'
    const loss = held.end(rx, 'session-lost')
    if (!loss || this.isClosing) return
    host.lost({ why, missed, ...loss })
    const rule = { reason: why, retryAfter: this.drain?.after }
    this.limit(closeTimeout, () => this.socket.fail({ cause: { reason: why }, rule }, 1000))
  }

  private closeLine(): void {
    this.acks.stop()
    this.line?.close()
    this.line = this.peer = undefined
  }

  // One limit at a time is all that a connection needs: for the banner, then for the close after bye.
  private limit(delay: number, onPassed: () => void): void {
    const { clock } = this.parts.host
    clock.clearTimer(this.timer)
    this.timer = clock.setTimer(onPassed, delay)
  }
}
