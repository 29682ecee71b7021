import type { IsControl } from './controls.ts'
import {
  decodeBinary,
  decodeText,
  encodeBinary,
  encodeControl,
  encodeFrame,
  voidBody,
} from './frame-codec.ts'
import type { Body, Decoded, DecodeLimits } from './frame-codec.ts'
import type { Outcome } from './outcome.ts'
import type { Control, Frame } from './frame.ts'
import type { Link, Outgoing } from './outbox.ts'
import type { Clock } from './ports.ts'
import type { Session } from './session.ts'

/** What travels over a connection. */
export type Payload = string | Uint8Array<ArrayBuffer>

export interface LineOptions {
  readonly session: Session<Body>
  readonly clock: Clock
  readonly limits: DecodeLimits
  /** The receive window that was announced to the peer. */
  readonly window: readonly [messages: number, bytes: number]
  /** How long handlers may run in one go before the platform gets a turn, in milliseconds. */
  readonly sliceLength: number
  /** Whether every frame is to be a message of its own: after a message was refused, to find the frame at fault. */
  readonly unpacked?: boolean
  /** The largest message that the peer takes, in bytes: what a pack must not be above. */
  readonly maxPayload?: number
  readonly isControl: IsControl
  /**
   * How long the next frame or control must wait before it is handed on, in whole milliseconds, after which this is asked
   * again; undefined when it may be handed on now, and then it is. Absent: none waits for anything but its turn.
   */
  pace?(next: Frame | Control): number | undefined
  /** Hands a message to the socket. False if that refused it, which ends the connection. */
  send(payload: Payload): boolean
  isOpen(): boolean
  bufferedAmount(): number
  encodeText(text: string): Uint8Array
  decodeUtf8(bytes: Uint8Array): string
  /** A message for the application. Its number is taken already. Must not throw. */
  deliver(frame: Frame): void
  /** A control, other than acks, pings and pongs, in order with the messages. */
  control(control: Control): void
  /** The peer answered a ping. */
  answered(): void
  /** The peer asked for a sign of life. */
  pinged?(): void
  /** A control came in, of whatever kind. If it carried an ack, that was processed. */
  controlled?(control: Control): void
  /** So many volatile messages were dropped, because too much waits to be handed on. */
  dropped?(count: number): void
  /** The peer acknowledged something new. */
  progressed(): void
  /** The peer broke the rules: the connection is to be closed with this code. */
  violated(code: number, why: string): void
}

/** A session on one connection: packs and unpacks, acknowledges, hands on in order. Dies with the connection. */
export interface Line extends Link<Body> {
  /** Takes one message of the socket. */
  received(payload: Payload): void
  /** Sends the ack that confirms the session, then all that the peer has not acknowledged. */
  resume(): void
  control(control: Control): void
  /** What was received and not yet handed on is dropped, and timers are cleared. */
  close(): void
}

/** What came in one message, as far as it is not handed on. */
interface Arrival {
  readonly items: readonly (Frame | Control)[]
  /** They count once the last of the items is handed on. */
  readonly bytes: number
  done: number
}

/** How large a pack gets, in UTF-16 units. They are bytes for ASCII, and three bytes at most. */
const maxPackLength = 16_384
const ackDelay = 50
const ackMessages = 32
const ackBytes = 65_536
const missed: Outcome = { status: 'undelivered', reason: 'volatile' }

export function createLine(options: LineOptions): Line {
  const { session, clock, limits, maxPayload = Infinity } = options
  const [windowMessages, windowBytes] = options.window
  const packLength = Math.min(maxPackLength, maxPayload / 3)
  const halfWindow = Math.max(1, windowMessages >> 1)
  const maxPendingAcks = Math.min(ackMessages, halfWindow)
  // What was received is counted in UTF-16 units too.
  const maxPendingBytes = Math.min(ackBytes, windowBytes / 2) / 3
  // A peer that keeps to the window stays far below: messages of a lost session may be above it, and frames have
  // numbers, and volatile messages beside them.
  const maxInbound = 2 * windowMessages + limits.maxFrames
  const maxInboundBytes = 4 * windowBytes + 64 * windowMessages

  let isClosed = false
  let pack = ''
  let packed = 0
  /** Volatile messages in the pack, which are sent once the pack is. */
  let fleeting: Outgoing<Body>[] = []

  let ackSent = session.rx
  let isAckDue = false
  let bytesToAck = 0
  /** While it runs, acks wait for it. */
  let ackTimer: unknown
  let isQuiet = true

  let arrivals: Arrival[] = []
  /** How many frames and controls are in there, and how much they came with. */
  let inbound = 0
  let inboundBytes = 0
  let handing = false
  let lastAck: number | undefined
  let sliceTimer: unknown

  // Sending

  const sendPack = (): boolean => {
    if (packed === 0) return true
    const message = packed === 1 ? pack : `[${pack}]`
    pack = ''
    packed = 0
    const isSent = options.send(message)
    settleFleeting(isSent ? { status: 'sent' } : missed)
    return isSent
  }

  const settleFleeting = (outcome: Outcome): void => {
    const messages = fleeting
    fleeting = []
    for (const message of messages) message.settle(outcome)
  }

  /** The ack to be written now. */
  const takeAck = (): number => {
    isAckDue = false
    bytesToAck = 0
    return (ackSent = session.rx)
  }

  const writeFrame = (seq: number, body: Body): boolean => {
    const ack = takeAck()
    if (typeof body !== 'string')
      return sendPack() && options.send(encodeBinary(seq, ack, body, options.encodeText))
    const frame = encodeFrame(seq, ack, body)
    // Two brackets and a comma.
    const isFull = options.unpacked || pack.length + frame.length + 3 > packLength
    if (packed > 0 && isFull && !sendPack()) return false
    pack = packed++ === 0 ? frame : `${pack},${frame}`
    return true
  }

  // Acknowledging

  const sendAck = (): void => {
    if (isAckDue && !isClosed) options.send(`["a",${takeAck()}]`)
  }

  const isOverdue = (messages: number): boolean =>
    session.rx - ackSent >= messages || bytesToAck >= maxPendingBytes

  const startAckTimer = (): void => {
    isQuiet = false
    ackTimer = clock.setTimer(() => {
      isQuiet = !isAckDue
      if (isQuiet) return
      sendAck()
      startAckTimer()
    }, ackDelay)
  }

  const oweAck = (): void => {
    isAckDue = true
    // The first message after quiet is acknowledged at the end of the turn, on whatever is written until then.
    // While there is more at hand, one ack at its end is as early for the peer, and costs both ends less.
    const isAtHand = handing && inbound > 0
    if (isOverdue(isAtHand ? halfWindow : maxPendingAcks)) sendAck()
    if (!isQuiet) return
    startAckTimer()
    void Promise.resolve().then(sendAck)
  }

  // Receiving

  const acknowledged = (): number => session.tx - session.unacknowledged

  const acknowledge = (ack: number): boolean => {
    // Most frames bring the same as the one before.
    if (ack === lastAck) return true
    const before = acknowledged()
    if (!session.acknowledge(ack)) {
      options.violated(4400, 'ack of the future')
      return false
    }
    lastAck = ack
    if (acknowledged() > before) options.progressed()
    return true
  }

  const handFrame = (frame: Frame): void => {
    const [seq, ack] = frame
    if (!acknowledge(ack) || isClosed) return
    if (seq > 0) {
      const verdict = session.accept(seq)
      if (verdict === 'gap') return options.violated(4425, 'gap')
      if (verdict === 'old') return oweAck()
    }
    // A void frame has nothing to hand on, but its number.
    if (frame.length > 2) options.deliver(frame)
    if (ackSent < session.rx && !isClosed) oweAck()
  }

  const isControlItem = (item: Frame | Control): item is Control => typeof item[0] === 'string'

  /** Hands on what has come in, and goes on in a later task when the handlers take long, or when messages have to wait. */
  const handOn = (): void => {
    sliceTimer = undefined
    if (handing) return
    handing = true
    // A message that came alone needs no clock.
    const startedAt = inbound > 1 ? clock.now() : Infinity
    let isFirst = true
    for (let arrival = arrivals[0]; arrival; arrival = arrivals[0]) {
      const item = arrival.items[arrival.done]!
      const isLong = !isFirst && clock.now() - startedAt > options.sliceLength
      const wait = isLong ? 0 : options.pace?.(item)
      if (wait !== undefined) {
        sliceTimer = clock.setTimer(handOn, wait)
        break
      }
      isFirst = false
      arrival.done++
      inbound--
      if (arrival.done === arrival.items.length) {
        arrivals.shift()
        inboundBytes -= arrival.bytes
        bytesToAck += arrival.bytes
      }
      if (isControlItem(item)) options.control(item)
      else handFrame(item)
    }
    handing = false
    if (isOverdue(maxPendingAcks)) sendAck()
  }

  const decode = (payload: Payload): Decoded =>
    typeof payload === 'string'
      ? decodeText(payload, limits, options.isControl)
      : decodeBinary(payload, limits, options.decodeUtf8)

  const enqueue = (items: readonly (Frame | Control)[], bytes: number): void => {
    // A volatile message may be lost, so a flood of them must not fill the memory.
    const isFull = inbound >= windowMessages || inboundBytes >= windowBytes
    const taken = isFull ? items.filter(([seq]) => seq !== 0) : items
    const dropped = items.length - taken.length
    if (dropped > 0) options.dropped?.(dropped)
    if (taken.length === 0) return
    // What a peer may send beside the messages that its window bounds must not count as if the window did: neither a
    // message that flies alone, nor the volatile ones that came with others.
    const counted = Math.min(dropped > 0 ? JSON.stringify(taken).length : bytes, windowBytes)
    arrivals.push({ items: taken, bytes: counted, done: 0 })
    inbound += taken.length
    inboundBytes += counted
  }

  return {
    batchBytes: packLength,
    bufferedAmount: () => options.bufferedAmount(),
    isWritable: (bytes) => !isClosed && options.isOpen() && session.hasRoom(bytes),
    write(message) {
      if (!message.volatile) {
        // It is numbered and kept: if the socket refuses it, it is replayed on the next connection.
        writeFrame(session.number(message), message.body)
        return true
      }
      const isWritten = writeFrame(0, message.body)
      if (typeof message.body === 'string' && isWritten) fleeting.push(message)
      else if (isWritten) message.settle({ status: 'sent' })
      return isWritten
    },
    flushed: () => void sendPack(),

    received(payload) {
      if (isClosed) return
      const decoded = decode(payload)
      if ('fault' in decoded) return options.violated(decoded.code, decoded.fault)
      if ('control' in decoded) {
        const [name, content] = decoded.control
        if (name === 'p') {
          options.send(`["q",${takeAck()}]`)
          options.pinged?.()
        }
        if (name === 'q') options.answered()
        const isAck = name === 'a' || name === 'p' || name === 'q'
        if (isAck) acknowledge(content)
        options.controlled?.(decoded.control)
        if (isAck || isClosed) return
      }
      const items = 'control' in decoded ? [decoded.control] : decoded.frames
      enqueue(items, payload.length)
      if (sliceTimer === undefined) handOn()
      // An ack does not wait with the message that carries it, nor is it dropped with it.
      const ack = items[items.length - 1]?.[1]
      if (!isClosed && typeof ack === 'number') acknowledge(ack)
      if (inbound > maxInbound || inboundBytes > maxInboundBytes) options.violated(4400, 'window overrun')
    },

    resume() {
      options.send(`["a",${session.rx}]`)
      for (const [seq, message] of session.replay())
        if (!writeFrame(seq, message ? message.body : voidBody)) return
      sendPack()
    },
    control: (control) => void (sendPack() && options.send(encodeControl(control))),
    close() {
      isClosed = true
      clock.clearTimer(ackTimer)
      clock.clearTimer(sliceTimer)
      arrivals = []
      inbound = inboundBytes = 0
      // What is numbered in the pack is replayed.
      packed = 0
      settleFleeting(missed)
    },
  }
}
