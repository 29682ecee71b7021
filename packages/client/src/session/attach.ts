import {
  bodyBytes,
  closeHint,
  decodeText,
  defaultDecodeLimits,
  defaultMaxPayloadBytes,
  isServerControl,
  Line,
  misuse,
} from '@holdfast/protocol'
import type { Body, Bye, Control, Drain, Hi, Ok, Outgoing, Session } from '@holdfast/protocol'
import { retry } from '../connection/connection.ts'
import type { Payload } from '../connection/connection.ts'
import { createHeartbeat } from '../connection/heartbeat.ts'
import { closeTimeout } from '../connection/machine.ts'
import { decodeUtf8, encodeText, missing } from '../connection/ports.ts'
import type { Resumption } from '../lifecycle.ts'
import type { PeerLink } from '../store.ts'
import type { WireEnd, WireHost } from '../wire.ts'
import { createAckWatch } from './ack-watch.ts'
import { encode } from './encode.ts'
import { createExchange } from './exchange.ts'
import { createGreeting } from './greeting.ts'
import { createHeldSession } from './held-session.ts'

/** What a client says instead of 1007 and 1009, because pages cannot close a socket with codes below 3000. */
const clientCodes: Readonly<Record<number, number>> = { 1007: 4422, 1009: 4413 }
/** After one of these closes, a message that was written may be at fault. */
const poisonCodes = [1003, 1007, 1009]
/** How much later than announced a ping of the server may come, in milliseconds. */
const pingSlack = 5_000
const sliceLength = 12

/** Leads the session over one connection after the other: from the greeting, by a line, to the goodbye. */
export function attach(host: WireHost, maxPayload: number, window: Hi['window']): WireEnd {
  const { connection, clock } = host

  /** Who hears what comes in while the connection is not live: the greeting, and after our goodbye who waits for theirs. */
  let hear: ((control: Control | undefined) => void) | undefined
  let line: Line | undefined
  /** The server of the line. */
  let peer: Ok | undefined
  let drain: Drain | undefined
  let heartbeat = createHeartbeat({ interval: 25_000 + pingSlack })
  let maxSendBytes = defaultMaxPayloadBytes
  let resumption: Resumption = { resumed: false, replayed: 0 }
  let limitTimer: unknown
  /** The last connection ended as if a message of ours had been at fault. */
  let isSuspect = false
  /** The window of the server was full. */
  let isBlocked = false
  /** How many connections in a row fell silent before they brought a message or a ping. */
  let silences = 0

  // Goodbye

  /** Ends the session: after this, nothing of ours follows on it. */
  const sayBye = (how?: Pick<Bye, 'code' | 'reason'>): void => {
    const session = live()
    if (!session) return
    hear = hearBye
    line?.control(['bye', { rx: session.rx, ...how }])
    closeLine()
  }

  /** For a server that is about to stop: as soon as nothing is under way. */
  const sayByeWhenDone = (): void => {
    if (drain && live()?.unacknowledged === 0 && exchange.isSettled()) sayBye()
  }

  // Nothing is taken any more after bye, but the other one's.
  const hearBye = (control: Control | undefined): void => {
    if (control?.[0] === 'bye') onBye(control[1])
  }

  /** The session is over on both ends. What to do next, the server tells by its close. */
  const onBye = ({ rx, total }: Bye): void => {
    sayBye()
    const { session } = held
    // What comes after our goodbye is not taken any more.
    const missed = session && total !== undefined ? Math.max(0, total - session.rx) : undefined
    const why = drain ? 'drained' : 'closed'
    const loss = held.end(rx, 'session-lost')
    if (!loss || connection.state.name === 'closing') return
    host.lost({ why, missed, ...loss })
    const told = drain?.after
    limit(closeTimeout, () => connection.fail({ cause: { reason: why }, rule: { reason: why, told } }, 1000))
  }

  // One limit at a time is all that a connection needs: for the banner, then for the close after bye.
  const limit = (delay: number, onPassed: () => void): void => {
    clock.clearTimer(limitTimer)
    limitTimer = clock.setTimer(onPassed, delay)
  }

  const closeLine = (): void => {
    line?.close()
    line = peer = undefined
  }

  const clear = (): void => {
    closeLine()
    clock.clearTimer(limitTimer)
    acks.stop()
  }

  // Line

  const onControl = (control: Control): void => {
    if (control[0] === 'renew') void renew()
    else if (control[0] === 'drain') {
      drain = control[1]
      sayByeWhenDone()
    } else if (control[0] === 'bye') onBye(control[1])
    else violate(4400, `'${control[0]}' at the wrong time`)
  }

  const renew = async (): Promise<void> => {
    const current = line
    try {
      const token = await host.renew()
      if (token !== undefined && current === line) current?.control(['token', token])
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
      host.flush()
    }
  }

  const sendOwed = (): void => {
    if (exchange.write(line)) acks.start()
  }

  const violate = (code: number, why: string): void => {
    // The state of a peer that breaks the rules cannot be relied on, save for what may be the network's fault.
    const loss = code === 4400 && held.end(undefined, 'session-lost')
    if (loss) host.lost({ why: 'protocol', missed: undefined, ...loss })
    connection.fail(
      {
        cause: { reason: 'protocol', text: `the server broke the protocol: ${why}` },
        rule: code === 4400 ? { reason: 'protocol', limit: 3 } : retry,
      },
      clientCodes[code] ?? code,
    )
  }

  /** A message that cannot be read. The server hears that, and gives it up if the next connection ends in the same way. */
  const unreadable = (error = misuse('the socket brought neither text nor bytes')): void =>
    connection.fail({ cause: { reason: 'unreadable', error }, rule: retry }, clientCodes[1007])

  // Greeting

  /** The server has taken us in, and goes on with the session that is held, or gives a new one. */
  const greeted = (ok: Ok, isResumed: boolean): void => {
    maxSendBytes = ok.maxPayload - 64
    if (!isResumed) held.begin(ok, maxSendBytes)
    // A large message on a slow path looks like silence, and would do so on every connection.
    heartbeat = createHeartbeat({ interval: (ok.ping + pingSlack) * 2 ** Math.min(silences, 4) })

    // A listener that heard of an outcome or a loss may have ended all this.
    const { session: current } = held
    if (!current || connection.state.name !== 'greeting') return
    current.window = ok.window
    resumption = { resumed: isResumed, replayed: isResumed ? current.unacknowledged : 0 }
    const unpacked = isResumed && isSuspect
    if (unpacked) held.accuse()
    isSuspect = false
    line = new Line({
      session: current,
      clock,
      limits: defaultDecodeLimits,
      window,
      sliceLength,
      unpacked,
      maxPayload: ok.maxPayload,
      isControl: isServerControl,
      send: connection.write,
      isOpen: connection.isWritable,
      bufferedAmount: connection.bufferedAmount,
      encodeText,
      decodeUtf8,
      deliver(frame) {
        silences = 0
        exchange.deliver(frame)
        sayByeWhenDone()
      },
      control: onControl,
      answered(isLast) {
        silences = 0
        acks.answered(isLast)
      },
      pinged() {
        silences = 0
      },
      progressed,
      violated: violate,
    })
    hear = undefined
    peer = ok
    line.resume()
    acks.start()
    connection.confirm()
    sendOwed()
  }

  // Parts

  /** The session, while it is on a connection, and no greeting or goodbye is under way. */
  const live = (): Session<Body> | undefined => (hear || !line ? undefined : held.session)

  const acks = createAckWatch(clock, connection, live)
  const exchange = createExchange(
    host,
    violate,
    () => maxSendBytes,
    () => {
      if (!drain) host.flush()
      sendOwed()
    },
  )
  const held = createHeldSession(host, exchange.lost)
  const startGreeting = createGreeting(host, held, { window, maxPayload }, limit, greeted, violate)

  const link: PeerLink = {
    batchBytes: 16_384,
    get peer() {
      return connection.state.name === 'open' ? peer : undefined
    },
    bufferedAmount: connection.bufferedAmount,
    isWritable(bytes) {
      const isOpen = !drain && line !== undefined
      isBlocked = isOpen && !line!.isWritable(bytes)
      return isOpen && !isBlocked
    },
    write(message) {
      const isTaken = line!.write(message as Outgoing<Body>)
      acks.start()
      return isTaken
    },
    ask: () => line?.ask(),
    flushed: () => line?.flushed?.(),
  }

  return {
    link,
    get heartbeat() {
      return heartbeat
    },
    get maxSendBytes() {
      return maxSendBytes
    },
    get resumption() {
      return resumption
    },
    get unacknowledged() {
      return held.unacknowledged
    },
    encode: (name, data, id) => encode(name, data, id === undefined ? id : { id }),
    encodeRaw: (data: Payload) => encode(null, data, { raw: true }),
    sizeOf: (body) => bodyBytes(body as Body),

    greet() {
      clear()
      drain = undefined
      hear = startGreeting()
    },
    received(data) {
      const error = typeof data === 'string' ? undefined : missing('TextDecoder')
      if (error) return unreadable(error)
      if (!hear) return line?.received(data)
      const decoded =
        typeof data === 'string' ? decodeText(data, defaultDecodeLimits, isServerControl) : undefined
      hear(decoded && 'control' in decoded ? decoded.control : undefined)
    },
    tooLarge: () => violate(1009, 'message too large'),
    unreadable: () => unreadable(),
    probe: () => line?.control(['p', held.session!.rx]),
    closeHint: (text) => drain?.after ?? closeHint(text),

    request: exchange.request,
    handle: exchange.handle,

    down({ reason, code = 0 }) {
      if (reason === 'silent') {
        silences++
        acks.silent()
      }
      isSuspect = reason === 'send-failed' || (reason !== 'protocol' && poisonCodes.includes(code))
      if (connection.state.name !== 'closing') clear()
    },
    close() {
      const { state } = connection
      const { code, text: reason } = ('cause' in state && state.cause) || {}
      sayBye({ code, reason })
      return hear === hearBye
    },
    closed(isFatal) {
      clear()
      held.end(undefined, 'closed')
      if (isFatal) held.discard('closed')
    },
    discard: held.discard,
    dispose() {
      exchange.dispose()
      sayBye()
      clear()
      held.end(undefined, 'disposed')
      held.discard('disposed')
    },
  }
}
