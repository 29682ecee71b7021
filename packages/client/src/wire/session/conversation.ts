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
import type { Body, Bye, Control, Drain, Hi, Ok, Outgoing, Session } from '@holdfast/protocol'
import { fatal, retry } from '../../connection/attempt.ts'
import type { Conversation, OpenSocket } from '../../connection/attempt.ts'
import { createHeartbeat } from '../../connection/heartbeat.ts'
import { closeTimeout } from '../../connection/times.ts'
import { decodeUtf8, encodeText, missing } from '../../platform/ports.ts'
import type { ChannelWire, Queue, WireHost } from '../wire.ts'
import { createAckWatch } from './ack-watch.ts'
import type { Exchange } from './exchange.ts'
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
  /** Returns a token that the server asks for. */
  renew(): Promise<string | undefined>
  /** What the client says of itself in its greeting. */
  readonly hi: Pick<Hi, 'v' | 'client' | 'n' | 'window' | 'maxPayload'>
}

/** The session wire on one connection, as long as it lasts. */
export interface SessionConversation extends Conversation {
  readonly socket: OpenSocket
  /** While messages can be exchanged. */
  readonly line: Line | undefined
  /** The server of the line. */
  readonly peer: Ok | undefined
  isWritable(bytes: number): boolean
  write(message: Outgoing<Body>): boolean
  /** Something came to be owed in this turn. */
  due(): void
  /** Ends the session: no message of ours follows on it. */
  sayBye(how?: Pick<Bye, 'code' | 'reason'>): void
  violate(code: number, why: string): void
}

/**
 * Leads a conversation: the server's banner and our `hi`, its `ok`, the line, and the goodbye.
 *
 * After our `bye` nothing is taken any more, but the other one's.
 */
export function converse(
  socket: OpenSocket,
  { host, queue, session: held, exchange, channels, renew, hi }: ConversationParts,
): SessionConversation {
  const { clock } = host
  let phase: 'banner' | 'greeting' | 'live' | 'bye' | 'over' = 'banner'
  let line: Line | undefined
  let peer: Ok | undefined
  let drain: Drain | undefined
  /** The window of the server was full. */
  let isBlocked = false
  /** The application wants the connection closed. */
  let isClosing = false
  let greetedAt = 0
  let timer: unknown

  /** The session, while it is on the connection, and no greeting or goodbye is under way. */
  const live = (): Session<Body> | undefined => (phase === 'live' ? held.session : undefined)

  const acks = createAckWatch(clock, socket, held, live)

  // A connection needs one limit at a time: for the banner, then for the close after `bye`.
  const limit = (delay: number, onPassed: () => void): void => {
    clock.clearTimer(timer)
    timer = clock.setTimer(onPassed, delay)
  }

  const violate = (code: number, why: string): void => {
    // The state of a peer that violates the protocol is unreliable, except for violations that the network may cause.
    const loss = code === 4400 && held.end(undefined, 'session-lost')
    if (loss) host.lost({ why: 'protocol', missed: undefined, ...loss })
    socket.fail(
      {
        cause: { reason: 'protocol', text: `the server broke the protocol: ${why}` },
        rule: code === 4400 ? { reason: 'protocol', limit: 3 } : retry,
      },
      clientCodes[code] ?? code,
    )
  }

  /**
   * An unreadable message. The server is notified, and withdraws the message if the next connection ends in the same
   * way.
   */
  const unreadable = (error: HoldfastError): void =>
    socket.fail({ cause: { reason: 'unreadable', error }, rule: retry }, clientCodes[1007])

  const mismatch = (rule: typeof silentServer | typeof fatal): void =>
    socket.fail({
      cause: {
        reason: 'wire-mismatch',
        error: new HoldfastError(
          'wire-mismatch',
          'the server does not support the session wire: use plain()',
        ),
      },
      rule,
    })

  // Greeting

  const onBanner = (control: Control | undefined): void => {
    if (control?.[0] !== 'holdfast') return mismatch(fatal)
    phase = 'greeting'
    greetedAt = clock.now()
    const token = host.token()
    const greeting: Hi = { ...hi, ...(token !== undefined && { token }), ...held.claim() }
    socket.write(encodeControl(['hi', greeting]))
  }

  const onOk = (control: Control | undefined): void => {
    if (control?.[0] !== 'ok') return violate(4400, 'no ok after the greeting')
    const [, ok] = control
    const isResumed = held.resume(ok)
    if (isResumed === undefined) return violate(4400, 'a resume that cannot be')
    if (socket.path.rtt === undefined) socket.path.measured(clock.now() - greetedAt)
    accepted(ok, isResumed)
  }

  /** The server has accepted the client, and resumes the session or creates a new one. */
  const accepted = (ok: Ok, isResumed: boolean): void => {
    if (!isResumed) held.begin(ok, queue)
    // A listener of an outcome or a loss may have closed the client.
    const { session } = held
    if (!session || phase !== 'greeting' || isClosing) return
    session.window = ok.window
    const resumption = { resumed: isResumed, replayed: isResumed ? session.unacknowledged : 0 }
    line = openLine(session, ok, isResumed && held.quarantineOldest())
    phase = 'live'
    peer = ok
    line.resume()
    acks.start()
    socket.confirm({
      // A large message on a slow path looks like silence, on every connection.
      heartbeat: createHeartbeat({ interval: (ok.ping + pingSlack) * held.patience }),
      resumption,
    })
    sendOwed()
  }

  // Line

  const openLine = (session: Session<Body>, ok: Ok, unpacked: boolean): Line =>
    new Line({
      session,
      clock,
      limits: defaultDecodeLimits,
      window: hi.window,
      sliceLength,
      unpacked,
      maxPayload: ok.maxPayload,
      isControl: isServerControl,
      send: socket.write,
      isOpen: socket.isWritable,
      bufferedAmount: socket.bufferedAmount,
      encodeText,
      decodeUtf8,
      deliver(frame) {
        acks.heard()
        if (!channels.receiver?.take(frame)) exchange.endpoint.deliver(frame)
        sayByeWhenDone()
      },
      control: onControl,
      dropped: () => channels.receiver?.dropped(),
      answered: acks.answered,
      pinged: acks.heard,
      progressed,
      violated: violate,
    })

  const onControl = (control: Control): void => {
    if (control[0] === 'renew') void giveToken()
    else if (control[0] === 'drain') {
      drain = control[1]
      sayByeWhenDone()
    } else if (control[0] === 'bye') onBye(control[1])
    else if (control[0] === 'channel') channels.receiver?.control(control[1])
    else violate(4400, `'${control[0]}' at the wrong time`)
  }

  const giveToken = async (): Promise<void> => {
    try {
      const token = await renew()
      if (token !== undefined) line?.control(['token', token])
    } catch (error) {
      // The server will close the connection, and then the token is asked for again.
      host.report(error)
    }
  }

  const progressed = (): void => {
    acks.progressed()
    sendOwed()
    sayByeWhenDone()
    if (isBlocked && !drain) {
      isBlocked = false
      queue.flush()
    }
  }

  const sendOwed = (): void => {
    if (exchange.write(line)) acks.start()
  }

  // End of the session

  const sayBye = (how?: Pick<Bye, 'code' | 'reason'>): void => {
    const session = live()
    if (!session) return
    phase = 'bye'
    line?.control(['bye', { rx: session.rx, ...how }])
    closeLine()
  }

  /** For a server that drains: ends the session as soon as no message is in flight. */
  const sayByeWhenDone = (): void => {
    if (drain && live()?.unacknowledged === 0 && exchange.isSettled()) sayBye()
  }

  /** The session has ended at both ends. The close of the server determines the next step. */
  const onBye = ({ rx, total }: Bye): void => {
    sayBye()
    const { session } = held
    // Messages after our `bye` are ignored.
    const missed = session && total !== undefined ? Math.max(0, total - session.rx) : undefined
    const why = drain ? 'drained' : 'closed'
    const loss = held.end(rx, 'session-lost')
    if (!loss || isClosing) return
    host.lost({ why, missed, ...loss })
    const rule = { reason: why, retryAfter: drain?.after }
    limit(closeTimeout, () => socket.fail({ cause: { reason: why }, rule }, 1000))
  }

  const closeLine = (): void => {
    acks.stop()
    line?.close()
    line = peer = undefined
  }

  limit(bannerTimeout, () => {
    if (phase === 'banner') mismatch(silentServer)
  })

  return {
    socket,
    get line() {
      return line
    },
    get peer() {
      return peer
    },
    received(data) {
      const error = typeof data === 'string' ? undefined : missing('TextDecoder')
      if (error) return unreadable(error)
      if (line) return line.received(data)
      const decoded =
        typeof data === 'string' ? decodeText(data, defaultDecodeLimits, isServerControl) : undefined
      const control = decoded && 'control' in decoded ? decoded.control : undefined
      if (phase === 'banner') onBanner(control)
      else if (phase === 'greeting') onOk(control)
      else if (control?.[0] === 'bye') onBye(control[1])
    },
    refused({ reason }) {
      if (reason === 'too-large') violate(1009, 'message too large')
      else unreadable(misuse('the socket brought neither text nor bytes'))
    },
    probe: () => line?.control(['p', held.session!.rx]),
    retryAfter: (text) => drain?.after ?? closeHint(text),
    close({ code, text }) {
      isClosing = true
      sayBye({ code, reason: text })
      return phase === 'bye'
    },
    ended(cause) {
      if (live()) held.disconnected(cause)
      phase = 'over'
      closeLine()
      clock.clearTimer(timer)
    },
    isWritable(bytes) {
      const isOpen = !drain && line !== undefined
      isBlocked = isOpen && !line!.isWritable(bytes)
      return isOpen && !isBlocked
    },
    write(message) {
      const isTaken = line!.write(message)
      acks.start()
      return isTaken
    },
    due() {
      if (!drain) queue.flush()
      sendOwed()
    },
    sayBye,
    violate,
  }
}
