import { Acks } from './acks.ts'
import { Arrivals } from './arrivals.ts'
import {
  decodeBinary,
  decodeText,
  encodeBinary,
  encodeControl,
  encodeFrame,
  voidBody,
} from './frame-codec.ts'
import type { Body } from './frame-codec.ts'
import type { Outcome } from './outcome.ts'
import type { Control, Frame } from './frame.ts'
import type { LineOptions, Payload } from './line-options.ts'
import type { Outgoing } from './message.ts'
import type { Link } from './link.ts'
import type { Session } from './session.ts'
import { maxPackLength } from './limits.ts'
import { atTurnEnd } from './turn.ts'

const missed: Outcome = { status: 'undelivered', reason: 'volatile' }

/** A session on one connection: packs and unpacks, acknowledges, delivers in order. Ends with the connection. */
export class Line implements Link<Body> {
  readonly batchBytes: number
  readonly #options: LineOptions
  readonly #session: Session<Body>
  #isClosed = false

  #pack = ''
  #packed = 0
  /** Volatile messages in the pack, which settle as sent with the pack. */
  #volatile: Outgoing<Body>[] = []

  readonly #acks: Acks
  /** At the end of the turn, a ping or an ack is sent that is due then. */
  #isTurnEnding = false
  /** How many of the waiting frames and controls came before the last ping of the peer, which asks for their ack. */
  #asked = 0
  /** A numbered frame has come since the last ping of the peer, so the next ping may ask for its ack. */
  #canAsk = false

  /** How many pings are not answered. */
  #pings = 0
  /** The highest number that was written. */
  #written = 0
  /** The highest number whose ack the last ping asked for. */
  #pingedFor = 0
  #isPingDue = false

  readonly #arrivals = new Arrivals()
  #isHanding = false
  #sliceTimer: unknown

  constructor(options: LineOptions) {
    this.#options = options
    this.#session = options.session
    this.#acks = new Acks(options)
    this.batchBytes = Math.min(maxPackLength, (options.maxPayload ?? Infinity) / 3)
  }

  // Sending

  bufferedAmount(): number {
    return this.#options.bufferedAmount()
  }

  isWritable(bytes: number): boolean {
    return !this.#isClosed && this.#options.isOpen() && this.#session.hasRoom(bytes)
  }

  write(message: Outgoing<Body>): boolean {
    if (!message.volatile) {
      // The message is numbered and kept: if the socket refuses it, it is replayed on the next connection.
      this.#writeFrame(this.#session.number(message), message.body)
      return true
    }
    const isWritten = this.#writeFrame(0, message.body)
    if (typeof message.body === 'string' && isWritten) this.#volatile.push(message)
    else if (isWritten) message.settle({ status: 'sent' })
    return isWritten
  }

  flushed(): void {
    this.#sendPack()
  }

  /** Sends the ack that confirms the session, then all unacknowledged messages. */
  resume(): void {
    this.#options.send(`["a",${this.#session.rx}]`)
    for (const [seq, message] of this.#session.replay())
      if (!this.#writeFrame(seq, message ? message.body : voidBody)) return
    this.#sendPack()
  }

  control(control: Control): void {
    if (!this.#sendPack()) return
    if (control[0] === 'p') this.#pinged()
    this.#options.send(encodeControl(control))
  }

  ask(): void {
    if (this.#pingedFor === this.#session.tx) return
    this.#isPingDue = true
    this.#endTurn()
  }

  #pinged(): void {
    this.#isPingDue = false
    this.#pings++
    this.#pingedFor = this.#written
  }

  /** Drops messages that were not delivered yet, and clears timers. */
  close(): void {
    const { clock } = this.#options
    this.#isClosed = true
    this.#acks.close()
    clock.clearTimer(this.#sliceTimer)
    this.#arrivals.clear()
    // Numbered messages of the pack are replayed.
    this.#packed = 0
    this.#settleVolatile(missed)
  }

  #sendPack(): boolean {
    if (this.#packed === 0) return true
    let message = this.#pack
    if (this.#isPingDue && !this.#options.unpacked) {
      message = `[${message},["p",${this.#acks.take()}]]`
      this.#pinged()
    } else if (this.#packed > 1) message = `[${message}]`
    this.#pack = ''
    this.#packed = 0
    const isSent = this.#options.send(message)
    this.#settleVolatile(isSent ? { status: 'sent' } : missed)
    return isSent
  }

  #settleVolatile(outcome: Outcome): void {
    const messages = this.#volatile
    this.#volatile = []
    for (const message of messages) message.settle(outcome)
  }

  #writeFrame(seq: number, body: Body): boolean {
    const options = this.#options
    const ack = this.#acks.take()
    const isWritten =
      typeof body === 'string'
        ? this.add(encodeFrame(seq, ack, body))
        : this.#sendPack() && options.send(encodeBinary(seq, ack, body, options.encodeText))
    if (seq > 0) this.#written = seq
    return isWritten
  }

  /**
   * Adds an encoded frame, which leaves with `flushed()`. One that is added from outside is volatile, its ack is 0, and
   * its outcome is not reported. False if the socket refused what was written before.
   */
  add(frame: string): boolean {
    // Two brackets and a comma.
    const isFull = this.#options.unpacked || this.#pack.length + frame.length + 3 > this.batchBytes
    if (this.#packed > 0 && isFull && !this.#sendPack()) return false
    this.#pack = this.#packed++ === 0 ? frame : `${this.#pack},${frame}`
    return true
  }

  // Acknowledging

  /** Acks do not leave at once, so that one stands for all that comes in the turn, and can ride on what is written in it. */
  #endTurn(): void {
    if (this.#isTurnEnding) return
    this.#isTurnEnding = true
    atTurnEnd(() => {
      const isAsking = this.#isPingDue && this.#session.unacknowledged > 0
      this.#isTurnEnding = this.#isPingDue = false
      if (!isAsking) this.#acks.send()
      else if (!this.#isClosed) this.control(['p', this.#acks.take()])
    })
  }

  #oweAck(): void {
    if (this.#acks.owe()) this.#endTurn()
  }

  #acknowledge(ack: number): boolean {
    const session = this.#session
    const before = session.acknowledged
    const isKnown = session.acknowledge(ack)
    if (!isKnown) this.#options.violated(4400, 'ack of the future')
    else if (session.acknowledged > before) this.#options.progressed()
    return isKnown
  }

  // Receiving

  /** Processes one message of the socket. */
  received(payload: Payload): void {
    if (this.#isClosed) return
    const options = this.#options
    const { limits, isControl } = options
    const decoded =
      typeof payload === 'string'
        ? decodeText(payload, limits, isControl)
        : decodeBinary(payload, limits, options.decodeUtf8)
    if ('fault' in decoded) return options.violated(decoded.code, decoded.fault)
    if ('control' in decoded) {
      if (!this.#takeControl(decoded.control) && !this.#isClosed)
        this.#take([decoded.control], payload.length)
      return
    }
    this.#take(decoded.frames, payload.length)
    if (decoded.ping && !this.#isClosed) this.#takeControl(decoded.ping)
  }

  #take(items: readonly (Frame | Control)[], bytes: number): void {
    const options = this.#options
    const arrivals = this.#arrivals
    const { window: size, limits } = options
    this.#canAsk ||= items.some(([seq]) => typeof seq === 'number' && seq > 0)
    if (items.length === 1 && this.#handAlone(items[0]!, bytes)) return
    arrivals.add(items, bytes, size)
    if (this.#sliceTimer === undefined) this.#handOn()
    // An ack is processed at once, even if the message that carries it waits or is dropped.
    const ack = items[items.length - 1]?.[1]
    if (!this.#isClosed && typeof ack === 'number') this.#acknowledge(ack)
    // A peer that follows the window stays far below: messages of a lost session may exceed it, and numbers and
    // volatile messages are not part of it.
    const isOverrun =
      arrivals.count > 2 * size[0] + limits.maxFrames || arrivals.bytes > 4 * size[1] + 64 * size[0]
    if (isOverrun) options.violated(4400, 'window overrun')
  }

  /** A single message needs no queue while no other waits. Returns whether it was delivered. */
  #handAlone(item: Frame | Control, bytes: number): boolean {
    if (this.#arrivals.count > 0 || this.#isHanding || this.#options.pace?.(item) !== undefined) return false
    this.#isHanding = true
    this.#acks.length += bytes
    this.#hand(item)
    this.#isHanding = false
    // A handler may have had the socket bring more.
    if (this.#arrivals.count > 0) this.#handOn()
    return true
  }

  /** Returns whether the control is processed: acks, pings and pongs never wait. */
  #takeControl(control: Control): boolean {
    const options = this.#options
    const [name, content] = control
    const before = this.#session.acknowledged
    let isBounded = false
    if (name === 'p') {
      options.send(`["q",${this.#acks.take()}]`)
      options.pinged?.()
      this.#asked = this.#arrivals.count
      isBounded = this.#canAsk
      this.#canAsk = false
    } else if (name === 'q') {
      isBounded = this.#pings > 0
      if (isBounded) this.#pings--
      options.answered(this.#pings === 0)
    }
    const isAck = name === 'a' || name === 'p' || name === 'q'
    if (isAck) this.#acknowledge(content)
    options.controlled?.(control, isBounded || this.#session.acknowledged > before)
    return isAck
  }

  /**
   * Delivers the received messages, and continues in a later task when handlers take long, or when messages have to
   * wait.
   */
  #handOn(): void {
    this.#sliceTimer = undefined
    if (this.#isHanding) return
    this.#isHanding = true
    const { clock, sliceLength } = this.#options
    const arrivals = this.#arrivals
    // A single message needs no clock.
    const startedAt = arrivals.count > 1 ? clock.now() : Infinity
    let isFirst = true
    for (let item = arrivals.next; item; item = arrivals.next) {
      const isLong = !isFirst && clock.now() - startedAt > sliceLength
      const wait = isLong ? 0 : this.#options.pace?.(item)
      if (wait !== undefined) {
        this.#sliceTimer = clock.setTimer(() => this.#handOn(), wait)
        break
      }
      isFirst = false
      const { bytes, dropped } = arrivals.shift()
      this.#acks.length += bytes
      this.#hand(item)
      if (dropped && !this.#isClosed) this.#options.dropped?.(dropped)
      if (this.#asked > 0 && --this.#asked === 0) this.#endTurn()
    }
    this.#isHanding = false
  }

  #hand(item: Frame | Control): void {
    if (isControlItem(item)) this.#options.control(item)
    else this.#handFrame(item)
  }

  #handFrame(frame: Frame): void {
    const [seq, ack] = frame
    if (!this.#acknowledge(ack) || this.#isClosed) return
    if (seq > 0) {
      const verdict = this.#session.accept(seq)
      if (verdict === 'gap') return this.#options.violated(4425, 'gap')
      if (verdict === 'old') return this.#oweAck()
    }
    // A void frame only takes a number.
    if (frame.length > 2) this.#options.deliver(frame)
    if (this.#acks.isBehind && !this.#isClosed) this.#oweAck()
  }
}

function isControlItem(item: Frame | Control): item is Control {
  return typeof item[0] === 'string'
}
