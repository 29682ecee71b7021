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
import type { Body, Bye, Control, Drain, Hi, Ok, Payload, Session } from '@holdfast/protocol'
import { fatal, retry } from '../../connection/attempt.ts'
import type { Conversation, OpenSocket, RefusedFrame } from '../../connection/attempt.ts'
import type { Cause } from '../../connection/cause.ts'
import { createHeartbeat } from '../../connection/heartbeat.ts'
import { closeTimeout } from '../../connection/times.ts'
import { decodeUtf8, encodeText, missing } from '../../platform/ports.ts'
import type { ChannelWire, Queue, WireHost } from '../wire.ts'
import { createAckWatch } from './ack-watch.ts'
import type { AckWatch } from './ack-watch.ts'
import type { Exchange } from './exchange.ts'
import type { Renewal } from './renewal.ts'
import type { ResumableSession } from './resumable-session.ts'
import { bannerTimeout, pingSlack, sliceLength } from './times.ts'

/** The codes of a client instead of 1007 and 1009, because pages cannot close a socket with codes below 3000. */
const clientCodes: Readonly<Record<number, number>> = { 1007: 4422, 1009: 4413 }
/** How many silent connections show that the server will never send a banner. */
const silentServer = { reason: 'wire-mismatch', limit: 2 }

export interface ConversationParts {
  readonly host: WireHost
  readonly queue: Queue
  readonly session: ResumableSession
  readonly exchange: Exchange
  readonly channels: ChannelWire
  readonly renew: Renewal
  /** What the client says of itself in its greeting. */
  readonly hi: Pick<Hi, 'v' | 'client' | 'n' | 'window' | 'maxPayload' | 'park'>
}

/** What a conversation has while messages can be exchanged: from the `ok` of the server to the first `bye`. */
export interface Live {
  readonly session: Session<Body>
  readonly line: Line
  readonly acks: AckWatch
  /** The server. */
  readonly peer: Ok
}

/** The session wire on one connection: the server's banner and our `hi`, its `ok`, the line, and the `bye`. */
export class SessionConversation implements Conversation {
  readonly socket: OpenSocket
  live: Live | undefined
  readonly #parts: ConversationParts
  /** After our `bye` nothing is accepted but that of the server. `closing`: the application wants the end. */
  #phase: 'banner' | 'greeting' | 'bye' | 'closing' | 'over' = 'banner'
  #drain: Drain | undefined
  /** The window of the server was full. */
  #isBlocked = false
  #greetedAt = 0
  /** A connection needs one limit at a time: for the banner, then for the close after `bye`. */
  #timer: unknown

  constructor(socket: OpenSocket, parts: ConversationParts) {
    this.socket = socket
    this.#parts = parts
    this.#timer = parts.host.clock.setTimer(() => this.#mismatch(silentServer), bannerTimeout)
  }

  // Receiving

  received(data: Payload): void {
    const isText = typeof data === 'string'
    const error = isText ? undefined : missing('TextDecoder')
    if (error) return this.#unreadable(error)
    if (this.live) return this.live.line.received(data)
    const decoded = isText && decodeText(data, defaultDecodeLimits, isServerControl)
    const control = decoded && 'control' in decoded ? decoded.control : undefined
    if (this.#phase === 'banner') this.#onBanner(control)
    else if (this.#phase === 'greeting') this.#onOk(control)
    else if (control?.[0] === 'bye') this.#onBye(control[1])
  }

  refused({ reason }: RefusedFrame): void {
    if (reason === 'too-large') this.violate(1009, 'message too large')
    else this.#unreadable(misuse('neither text nor bytes'))
  }

  violate(code: number, text: string): void {
    const isBreach = code === 4400
    // The state of a peer that violates the protocol is unreliable, except for violations that the network may cause.
    if (isBreach) this.#parts.session.lose('protocol')
    const rule = isBreach ? { reason: 'protocol', limit: 3 } : retry
    this.socket.fail({ cause: { reason: 'protocol', text }, rule }, clientCodes[code] ?? code)
  }

  /**
   * An unreadable message. The server is notified, and withdraws the message if the next connection ends in the same
   * way.
   */
  #unreadable(error: HoldfastError): void {
    this.socket.fail({ cause: { reason: 'unreadable', error }, rule: retry }, clientCodes[1007])
  }

  #mismatch(rule: typeof silentServer | typeof fatal): void {
    const reason = 'wire-mismatch'
    const error = new HoldfastError(reason, 'the server requires wire: plain()')
    this.socket.fail({ cause: { reason, error }, rule })
  }

  // Greeting

  #onBanner(control: Control | undefined): void {
    if (control?.[0] !== 'holdfast') return this.#mismatch(fatal)
    const { host, session, hi } = this.#parts
    const { clock } = host
    clock.clearTimer(this.#timer)
    this.#phase = 'greeting'
    this.#greetedAt = clock.now()
    this.socket.write(encodeControl(['hi', { ...hi, token: host.token(), ...session.claim() }]))
  }

  #onOk(control: Control | undefined): void {
    const { host, session, queue } = this.#parts
    const { path } = this.socket
    const ok = control?.[0] === 'ok' ? control[1] : undefined
    const isResumed = ok && session.resume(ok)
    if (isResumed === undefined) return this.violate(4400, 'an impossible answer to the greeting')
    if (isResumed === 'forgotten') return this.#finish('lost')
    if (path.rtt === undefined) path.measured(host.clock.now() - this.#greetedAt)
    if (!isResumed) session.begin(ok!, queue)
    // A listener of an outcome or a loss may have closed the client.
    if (this.#phase === 'greeting') this.#goLive(ok!, isResumed)
  }

  /** The server has accepted the client, and resumes the session or has created a new one. */
  #goLive(peer: Ok, resumed: boolean): void {
    const { socket } = this
    const { host, queue, session: held, channels, exchange, renew, hi } = this.#parts
    const session = held.session!
    const acks = createAckWatch(host.clock, socket, held, session)
    session.window = peer.window
    const line = new Line({
      session,
      clock: host.clock,
      limits: defaultDecodeLimits,
      window: hi.window,
      sliceLength,
      unpacked: resumed && held.quarantineOldest(),
      maxPayload: peer.maxPayload,
      isControl: isServerControl,
      send: socket.write,
      isOpen: socket.isWritable,
      bufferedAmount: socket.bufferedAmount,
      encodeText,
      decodeUtf8,
      deliver: (frame) => {
        acks.heard()
        if (!channels.receiver?.take(frame)) exchange.endpoint.deliver(frame)
        this.#leaveWhenDone()
      },
      control: ([name, content]) => {
        if (name === 'renew') void renew((token) => line.control(['token', token]))
        else if (name === 'drain') {
          this.#drain = content
          this.#leaveWhenDone()
        } else if (name === 'bye') this.#onBye(content)
        else if (name === 'channel') channels.receiver?.control(content)
        else this.violate(4400, `'${name}' at the wrong time`)
      },
      dropped: () => channels.receiver?.dropped(),
      answered: acks.answered,
      pinged: acks.heard,
      progressed: () => {
        acks.progressed()
        this.#sendOwed()
        this.#leaveWhenDone()
        if (this.#isBlocked) {
          this.#isBlocked = false
          queue.flush()
        }
      },
      violated: channels.violate,
    })
    this.live = { session, line, acks, peer }
    line.resume()
    acks.start()
    socket.confirm({
      // A large message on a slow path looks like silence, on every connection.
      heartbeat: createHeartbeat({ interval: (peer.ping + pingSlack) * held.patience }),
      resumption: { resumed, replayed: resumed ? session.unacknowledged : 0 },
    })
    this.#sendOwed()
  }

  // Line

  #sendOwed(): void {
    this.#parts.exchange.write(this.live?.line)
    this.live?.acks.start()
  }

  isWritable(bytes: number): boolean {
    const isFree = this.#drain ? undefined : this.live?.line.isWritable(bytes)
    this.#isBlocked = isFree === false
    return isFree === true
  }

  /** The last message of a batch was written. */
  flushed(): void {
    this.live?.line.flushed()
    this.live?.acks.start()
  }

  /** Something came to be owed in this turn. */
  due(): void {
    this.#parts.queue.flush()
    this.#sendOwed()
  }

  probe(): void {
    this.live?.line.control(['p', this.live.session.rx])
  }

  // The end

  /** For a server that drains: leaves as soon as no message is in flight. */
  #leaveWhenDone(): void {
    const { live } = this
    const drain = this.#drain
    if (!drain || live?.session.unacknowledged !== 0 || !this.#parts.exchange.isSettled(drain.park)) return
    if (!drain.park) return this.sayBye()
    // Another node goes on with the session. The outcome of what was delivered is known before.
    live.line.control(['a', live.session.rx])
    this.#finish('drained')
  }

  /** Ends the connection, to dial again when the server has asked for it. */
  #finish(reason: string): void {
    this.socket.fail({ cause: { reason }, rule: { reason, retryAfter: this.#drain?.after } }, 1000)
  }

  /** Ends the session: no message of ours follows on it. */
  sayBye(how?: Pick<Bye, 'code' | 'reason'>): void {
    const { live } = this
    if (!live) return
    this.#phase = 'bye'
    this.#leaveLine(['bye', { rx: live.session.rx, ...how }])
  }

  /** The session has ended at both ends. The close of the server determines the next step. */
  #onBye({ rx, total }: Bye): void {
    this.sayBye()
    const { host, session: held } = this.#parts
    const { session } = held
    // Messages after our `bye` are ignored.
    const missed = session && total !== undefined ? Math.max(0, total - session.rx) : undefined
    const why = this.#drain ? 'drained' : 'closed'
    const loss = held.end(rx, 'session-lost')
    if (!loss || this.#phase === 'closing') return
    host.lost({ why, missed, ...loss })
    this.#timer = host.clock.setTimer(() => this.#finish(why), closeTimeout)
  }

  #leaveLine(last?: Control): void {
    const { live } = this
    this.live = undefined
    if (last) live?.line.control(last)
    live?.acks.stop()
    live?.line.close()
  }

  retryAfter(text: string | undefined): Drain['after'] | undefined {
    return this.#drain?.after ?? closeHint(text)
  }

  close({ code, text }: Cause): boolean {
    this.sayBye({ code, reason: text })
    const isSaid = this.#phase === 'bye'
    this.#phase = 'closing'
    return isSaid
  }

  ended(cause: Cause): void {
    const { host, session } = this.#parts
    if (this.live) session.disconnected(cause)
    this.#phase = 'over'
    this.#leaveLine()
    host.clock.clearTimer(this.#timer)
  }
}
