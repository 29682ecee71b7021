import {
  bodyBytes,
  closeHint,
  createAnswers,
  createLine,
  createRequests,
  createSession,
  decodeText,
  defaultDecodeLimits,
  defaultMaxFrameBytes,
  encodeBody,
  encodeControl,
  HoldfastError,
  isServerControl,
  misuse,
  validate,
} from '@holdfast/protocol'
import type {
  Answerer,
  Body,
  Bye,
  Control,
  Drain,
  Frame,
  Hi,
  Line,
  Meta,
  Ok,
  Outcome,
  Outgoing,
  RequestSchema,
  Session,
  StandardSchema,
  UndeliveredReason,
  UnknownReason,
} from '@holdfast/protocol'
import { fatal, retry } from './connection/connection.ts'
import type { Payload } from './connection/connection.ts'
import { createHeartbeat } from './connection/heartbeat.ts'
import { closeTimeout, lost } from './connection/machine.ts'
import { decodeUtf8, encodeText, newAbort } from './connection/ports.ts'
import type { Loss, Resumption, Wire, WireEnd, WireHost } from './wire.ts'

/** How a session is to be held. */
export interface SessionOptions {
  /**
   * The largest message to take, in bytes. The server says how large those may be that it takes.
   *
   * @default 16_777_216
   */
  readonly maxFrameBytes?: number
  /**
   * How many messages, and how many bytes of them, the server may send ahead of their acknowledgement.
   *
   * @default [1_024, 1_048_576]
   */
  readonly window?: readonly [messages: number, bytes: number]
}

/** What outlives connections. */
interface Held {
  readonly id: string
  readonly key: string
  readonly session: Session<Body>
}

/** What a connection is waiting for, or doing. */
type Phase = 'banner' | 'ok' | 'live' | 'bye'

/** How long a server may take to say that it knows of sessions, in milliseconds. */
const bannerTimeout = 5_000
/** How many connections without a word from the server it takes to believe that it will never speak first. */
const silentServer = { reason: 'wire-mismatch', limit: 2 }
/** After one of these closes, a message that was written may be at fault. */
const poisonCodes = [1003, 1007, 1009]
/** What a client says instead of 1007 and 1009, because pages cannot close a socket with codes below 3000. */
const clientCodes: Readonly<Record<number, number>> = { 1007: 4422, 1009: 4413 }
/** How much later than announced a ping of the server may come, in milliseconds. */
const pingSlack = 5_000
/** How many of them may go unanswered while a message waits for its ack. */
const maxUnanswered = 2
/** How long an answer may take at least, in milliseconds. */
const shortestAnswer = 2_000
/** How fast a path is at least that is not taken for dead, in bytes a millisecond. */
const slowestPath = 32
const sliceLength = 12

/**
 * The wire for servers with `@holdfast/server`, or any that speak its protocol: every message is numbered, acknowledged
 * and, after a broken connection, resumed, so that it is handed on exactly once per session, in both directions.
 *
 * The server speaks first. Nothing leaves the client before that, so no token reaches a server of another kind.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const client = createClient<Chat>({ url: '/ws', wire: session(), token: () => 'a token' })
 * client.watch('lost', ({ why }) => console.warn('start over:', why))
 * @see PROTOCOL.md
 */
/* @__NO_SIDE_EFFECTS__ */
export function session(options: SessionOptions = {}): Wire {
  const { maxFrameBytes = defaultMaxFrameBytes, window = [1_024, 1_048_576] } = options
  if (!(maxFrameBytes >= 1_024)) throw misuse('maxFrameBytes must be a number from 1,024 on')
  if (!window.every((size) => Number.isInteger(size) && size > 0))
    throw misuse('the numbers of a window must be integers above 0')
  return { maxFrameBytes, attach: (host) => attach(host, maxFrameBytes, window) }
}

function attach(host: WireHost, maxFrame: number, window: Hi['window']): WireEnd {
  const { connection, clock } = host
  const clientId = Array.from({ length: 4 }, () => Math.floor(host.random() * 2 ** 32).toString(36)).join('')
  const answerers = new Map<string, Answerer>()

  let dials = 0
  let held: Held | undefined
  let identity: string | null | undefined
  /** What belongs to the session and waits to be written: answers, and what concerns requests. */
  let owed: Body[] = []
  let isOwing = false
  let isDisposed = false
  /** Messages that were written, and certainly not handed on: the first ones of the next session. */
  let carried: Outgoing<Body>[] = []
  let phase: Phase = 'banner'
  let line: Line | undefined
  let drain: Drain | undefined
  let heartbeat = createHeartbeat({ interval: 25_000 + pingSlack })
  let maxSendBytes: number | undefined
  let resumption: Resumption = { resumed: false, replayed: 0 }
  let greetedAt = 0
  let limitTimer: unknown
  /** The last connection ended as if a message of ours had been at fault. */
  let isSuspect = false
  /** The number of the message that was the oldest one when that last happened. */
  let suspect = 0
  /** When the oldest message went out that is not acknowledged, or the last ack came in. */
  let progressAt = 0
  let ackTimer: unknown
  /** How many pings have gone out for an ack that is late, and not been answered. */
  let unanswered = 0
  /** How many connections in a row were given up before they brought an ack. */
  let silences = 0
  /** The first message after quiet is acknowledged at once, so it measures the round trip. */
  let isSampling = false
  /** The window of the server was full. */
  let isBlocked = false

  const requests = createRequests(clock, (id) => post(encodeBody(null, null, { off: id })))
  const answers = createAnswers({
    find: (name) => answerers.get(name),
    reply,
    newAbort,
    report: host.report,
  })

  // Loss and end

  const settleAll = (messages: readonly Outgoing<Body>[], reason: UndeliveredReason): void => {
    for (const message of messages) message.settle({ status: 'undelivered', reason })
  }

  const discard = (reason: UndeliveredReason): void => settleAll(carried.splice(0), reason)

  /**
   * Settles what was written: by the final cursor of the server if it is known, else as unknown. Tells how many messages
   * were undelivered or unknown, if there was a session.
   */
  const endSession = (
    finalCursor: number | undefined,
    reason: UnknownReason,
  ): Pick<Loss, 'undelivered' | 'unknown'> | undefined => {
    if (!held) return undefined
    const { session: ended } = held
    const written = ended.unacknowledged
    held = undefined
    const unknown: Outcome = { status: 'unknown', reason }
    // A cursor above what was written is a lie, and tells nothing.
    const isKnown = finalCursor !== undefined && finalCursor <= ended.tx
    const rest = ended.end(isKnown ? finalCursor : undefined, unknown)
    // An answer is of no use in another session.
    const undelivered = rest.filter((message) => !message.own)
    carried.push(...undelivered)
    owed = []
    if (isDisposed) discard('disposed')
    requests.lost()
    answers.lost()
    return { undelivered: undelivered.length, unknown: isKnown ? 0 : written }
  }

  const violate = (code: number, why: string): void => {
    // The state of a peer that breaks the rules cannot be relied on, save for what may be the network's fault.
    const loss = code === 4400 && endSession(undefined, 'session-lost')
    if (loss) host.lost({ why: 'protocol', missed: undefined, ...loss })
    const text = `the server broke the protocol: ${why}`
    const rule = code === 4400 ? { reason: 'protocol', limit: 3 } : retry
    connection.fail({ cause: { reason: 'protocol', text }, rule }, clientCodes[code] ?? code)
  }

  const mismatch = (isSilent: boolean): void =>
    connection.fail({
      cause: {
        reason: 'wire-mismatch',
        error: new HoldfastError('wire-mismatch', 'the server does not speak the session wire: use plain()'),
      },
      rule: isSilent ? silentServer : fatal,
    })

  // Greeting

  const sayHi = (): void => {
    greetedAt = clock.now()
    const token = host.token()
    const hi: Hi = {
      v: 1,
      client: clientId,
      n: dials,
      window,
      maxFrame,
      ...(token !== undefined && { token }),
      ...(held && { session: held.id, key: held.key, rx: held.session.rx }),
    }
    connection.write(encodeControl(['hi', hi]))
  }

  const onOk = (ok: Ok): void => {
    const isResumed = held?.id === ok.session
    const isSameUser = identity === undefined || identity === ok.identity
    if (held && isResumed && (!isSameUser || !held.session.acknowledge(ok.rx)))
      return violate(4400, 'a resume that cannot be')
    if (connection.rtt === undefined) connection.measured(clock.now() - greetedAt)

    maxSendBytes = ok.maxFrame - 64
    if (!isResumed) begin(ok, isSameUser)
    identity = ok.identity
    heartbeat = createHeartbeat({ interval: ok.ping + pingSlack })

    // A listener that heard of an outcome or a loss may have ended all this.
    if (!held || connection.state.name !== 'greeting') return
    const { session: current } = held
    current.window = ok.window
    const unpacked = isResumed && isSuspect
    if (unpacked) accuse(current)
    isSuspect = false
    resumption = { resumed: isResumed, replayed: isResumed ? current.unacknowledged : 0 }
    line = openLine(current, ok.maxFrame, unpacked)
    phase = 'live'
    line.resume()
    watchAcks()
    connection.confirm()
    sendOwed()
  }

  const begin = (ok: Ok, isSameUser: boolean): void => {
    const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
    if (!isSameUser) {
      discard('session-lost')
      host.discard('session-lost')
    }
    const current = createSession<Body>()
    held = { id: ok.session, key: ok.key, session: current }
    for (const message of carried.splice(0))
      if (message.bytes > maxSendBytes!) message.settle({ status: 'undelivered', reason: 'too-large' })
      else current.number(message)
    const { why = 'unknown', missed } = ok.lost ?? {}
    if (loss) host.lost({ why, missed: missed ?? undefined, ...loss })
  }

  /** A message that is refused twice in a row as the oldest one is at fault: a void frame takes its number. */
  const accuse = (current: Session<Body>): void => {
    const oldest = current.tx - current.unacknowledged + 1
    if (current.unacknowledged === 0) return
    if (suspect === oldest) current.withdraw({ status: 'undelivered', reason: 'rejected' })
    suspect = oldest
  }

  // Connection

  const openLine = (current: Session<Body>, serverMaxFrame: number, unpacked: boolean): Line =>
    createLine({
      session: current,
      clock,
      limits: defaultDecodeLimits,
      window,
      sliceLength,
      unpacked,
      maxFrame: serverMaxFrame,
      isControl: isServerControl,
      send: connection.write,
      isOpen: connection.isWritable,
      bufferedAmount: connection.bufferedAmount,
      encodeText,
      decodeUtf8,
      deliver,
      control: onControl,
      answered() {
        progressAt = clock.now()
        isSampling = false
        unanswered = 0
        connection.answered()
      },
      progressed,
      violated: violate,
    })

  const deliver = ([seq, , name, data, meta]: Frame): void => {
    const value = meta?.absent ? undefined : data
    if (typeof name === 'string') {
      if (meta?.id === undefined) host.event(name, value)
      else if (seq === 0) violate(4400, 'a volatile request')
      else answers.request(meta.id, name, value)
    } else if (meta?.re !== undefined) {
      const { re, error: reason, message = '' } = meta
      if (reason === undefined) requests.answer(re, value)
      else requests.refuse(re, message, { reason, data: value })
    } else if (meta?.off !== undefined) answers.off(meta.off)
    else if (meta?.raw && (typeof value === 'string' || value instanceof Uint8Array)) host.raw(value)
    else violate(4400, 'a frame of no kind')
    if (drain) sayByeWhenDone()
  }

  const onControl = (control: Control): void => {
    switch (control[0]) {
      case 'renew':
        return void renew()
      case 'drain':
        drain = control[1]
        return sayByeWhenDone()
      case 'bye':
        return onBye(control[1])
      case 'holdfast':
      case 'hi':
      case 'ok':
      case 'token':
      case 'a':
      case 'p':
      case 'q':
        violate(4400, `'${control[0]}' at the wrong time`)
    }
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
    const now = clock.now()
    if (isSampling) connection.measured(now - progressAt)
    isSampling = false
    progressAt = now
    unanswered = silences = 0
    sendOwed()
    if (drain) sayByeWhenDone()
    else if (isBlocked) {
      isBlocked = false
      host.flush()
    }
  }

  /** How long the oldest message may go without an ack. A dead path is to be noticed soon, a slow one takes its time. */
  const ackLimit = (current: Session<Body>): number => {
    const [[, oldest] = []] = current.replay()
    return answerLimit(connection.rtt) * 2 ** Math.min(silences, 4) + (oldest?.bytes ?? 0) / slowestPath
  }

  // An unacknowledged message is its own probe.
  const watchAcks = (): void => {
    if (ackTimer !== undefined || !held || held.session.unacknowledged === 0) return
    progressAt = clock.now()
    isSampling = true
    unanswered = 0
    const check = (): void => {
      ackTimer = undefined
      if (phase !== 'live' || !held || held.session.unacknowledged === 0) return
      const rest = unanswered > 0 ? 0 : progressAt + ackLimit(held.session) - clock.now()
      if (rest <= 0) {
        // What else comes in does not prove that the server hears of anything.
        if (unanswered++ === maxUnanswered)
          return connection.fail({ cause: { reason: 'silent' }, rule: lost })
        connection.doubt()
      }
      // An ack can only make it shorter.
      const delay = rest > 0 ? Math.min(Math.ceil(rest), shortestAnswer) : answerLimit(connection.rtt)
      ackTimer = clock.setTimer(check, delay)
    }
    check()
  }

  // Bye

  const sayBye = (): void => {
    if (!held || phase !== 'live') return
    phase = 'bye'
    line?.control(['bye', { rx: held.session.rx }])
    closeLine()
  }

  const sayByeWhenDone = (): void => {
    const isSettled = held?.session.unacknowledged === 0 && owed.length === 0
    if (isSettled && requests.unanswered === 0 && answers.size === 0) sayBye()
  }

  /** The session is over on both ends. What to do next, the server tells by its close. */
  const onBye = ({ rx, total }: Bye): void => {
    sayBye()
    // What comes after our goodbye is not taken any more.
    const missed = held && total !== undefined ? Math.max(0, total - held.session.rx) : undefined
    const why = drain ? 'drained' : 'closed'
    const loss = endSession(rx, 'session-lost')
    if (!loss || connection.state.name === 'closing') return
    host.lost({ why, missed, ...loss })
    const delay = drain?.after
    limit(closeTimeout, () =>
      connection.fail({ cause: { reason: why }, rule: { reason: why, ...(delay && { delay }) } }, 1000),
    )
  }

  // Messages

  /** Sends what is no event at the end of the turn, after the events of the turn. */
  const post = (body: Body): void => {
    owed.push(body)
    if (isOwing) return
    isOwing = true
    void Promise.resolve().then(() => {
      isOwing = false
      if (!drain) host.flush()
      sendOwed()
    })
  }

  /** @throws {HoldfastError} `misuse` for an answer that is larger than the server takes */
  function reply(data: unknown, meta: Meta): void {
    const body = encodeBody(null, data, meta)
    if (bodyBytes(body) <= maxSendBytes!) return post(body)
    if (meta.error === undefined) throw misuse('the answer is larger than the server takes')
    post(encodeBody(null, null, { ...meta, error: 'too-large', message: 'the error is too large' }))
  }

  const sendOwed = (): void => {
    if (owed.length === 0) return
    let count = 0
    for (const body of owed) {
      const bytes = bodyBytes(body)
      if (!line?.isWritable(bytes)) break
      count++
      line.write({ body, bytes, volatile: false, own: true, settle() {} })
    }
    owed.splice(0, count)
    line?.flushed?.()
    watchAcks()
  }

  // One limit at a time is all that a connection needs: for the banner, then for the close after bye.
  const limit = (delay: number, onPassed: () => void): void => {
    clock.clearTimer(limitTimer)
    const dial = dials
    limitTimer = clock.setTimer(() => dial === dials && onPassed(), delay)
  }

  const closeLine = (): void => {
    line?.close()
    line = undefined
  }

  const clear = (): void => {
    closeLine()
    clock.clearTimer(limitTimer)
    clock.clearTimer(ackTimer)
    ackTimer = undefined
  }

  return {
    link: {
      batchBytes: 16_384,
      bufferedAmount: connection.bufferedAmount,
      isWritable(bytes) {
        isBlocked = !drain && line !== undefined && !line.isWritable(bytes)
        return !drain && line !== undefined && !isBlocked
      },
      write(message) {
        const isTaken = line!.write(message as Outgoing<Body>)
        watchAcks()
        return isTaken
      },
      flushed: () => line?.flushed?.(),
    },
    get heartbeat() {
      return heartbeat
    },
    get maxSendBytes() {
      return maxSendBytes ?? defaultMaxFrameBytes
    },
    get resumption() {
      return resumption
    },
    get unacknowledged() {
      return carried.length + (held?.session.unacknowledged ?? 0)
    },
    encode: (name, data, id) => encodeBody(name, data, id === undefined ? id : { id }),
    encodeRaw: (data: Payload) => encodeBody(null, data, { raw: true }),
    sizeOf: (body) => bodyBytes(body as Body),

    greet() {
      clear()
      phase = 'banner'
      dials++
      drain = undefined
      limit(bannerTimeout, () => {
        if (phase === 'banner' && connection.state.name === 'greeting') mismatch(true)
      })
    },
    received(data) {
      if (phase === 'live') return line?.received(data)
      const decoded =
        typeof data === 'string' ? decodeText(data, defaultDecodeLimits, isServerControl) : undefined
      const control = decoded && 'control' in decoded ? decoded.control : undefined
      // Nothing is taken any more after bye, but the other one's.
      if (phase === 'bye') return control?.[0] === 'bye' ? onBye(control[1]) : undefined
      if (phase === 'banner') {
        if (control?.[0] !== 'holdfast') return mismatch(false)
        phase = 'ok'
        sayHi()
      } else if (control?.[0] === 'ok') onOk(control[1])
      else violate(4400, 'no ok after the greeting')
    },
    tooLarge: () => violate(1009, 'message too large'),
    probe: () => line?.control(['p', held!.session.rx]),
    closeHint: (text) => drain?.after ?? closeHint(text),

    request: requests.open,
    handle(name, answerer) {
      if (typeof answerer !== 'function') throw misuse('a handler must be a function')
      if (answerers.has(name)) throw misuse(`'${name}' has a handler`)
      const checked = checkInput(host.contract?.toClient?.[name], name, answerer)
      answerers.set(name, checked)
      return () => {
        if (answerers.get(name) === checked) answerers.delete(name)
      }
    },

    down({ reason, code = 0 }) {
      if (reason === 'silent') silences++
      isSuspect = reason === 'send-failed' || (reason !== 'protocol' && poisonCodes.includes(code))
      if (connection.state.name !== 'closing') clear()
    },
    close() {
      sayBye()
      return phase === 'bye'
    },
    closed(isFatal) {
      clear()
      endSession(undefined, 'closed')
      if (isFatal) discard('closed')
    },
    discard,
    dispose() {
      isDisposed = true
      requests.dispose()
      sayBye()
      clear()
      endSession(undefined, 'disposed')
      discard('disposed')
      answerers.clear()
    },
  }
}

/** The answerer behind the schema of its input, if the contract has one. */
function checkInput(
  schema: StandardSchema | RequestSchema | undefined,
  name: string,
  answerer: Answerer,
): Answerer {
  if (!schema) return answerer
  if (!('input' in schema)) throw misuse(`'${name}' is no request in the contract`)
  return (input, context) => {
    const result = validate(schema.input, input)
    if (!result.issues) return answerer(result.value, context)
    throw new HoldfastError('remote', 'the input does not fit its schema', {
      reason: 'invalid',
      data: result.issues,
    })
  }
}

/** How long a server may take to answer, in milliseconds, by the round trips before. */
function answerLimit(rtt = Infinity): number {
  return Math.min(Math.max(3 * rtt, shortestAnswer), 8_000)
}
