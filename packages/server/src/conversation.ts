import { isClientControl, Line } from '@holdfast/protocol'
import type { Body, Clock, Control, DecodeLimits, Frame, IsControl } from '@holdfast/protocol'
import type { LineOptions, Payload, Session, Window } from '@holdfast/protocol'
import type { Connection, ConnectionOwner } from './connection.ts'
import { countOne } from './counters.ts'
import type { HubParts } from './hub-parts.ts'
import { decodeUtf8, encodeText } from './ports.ts'
import type { SessionRecord } from './session-record.ts'

/** How long handlers may run before other clients get a turn, in milliseconds. */
const sliceLength = 10
/** How many batches per second are delivered of messages that exceed `messageRate`. */
const batchRate = 50
/** How long such messages wait at most, in milliseconds: meanwhile the client may end the session. */
const longestWait = 1_000
/** The number of intervals that a client may be silent; more after each connection that received nothing at all. */
const maxSilence = 2
const maxSilences = 4

/**
 * A session on one connection. A class, because there is one per client: separate closures would take most of the
 * memory.
 */
export class Conversation implements LineOptions, ConnectionOwner {
  readonly connection: Connection
  readonly line: Line
  readonly session: Session<Body>
  readonly unpacked: boolean
  readonly #parts: HubParts
  readonly #record: SessionRecord
  /** The client has sent `bye`. */
  #isLeaving = false
  /** The number of ping intervals without an inbound message. */
  #silence = 0
  /** The unsent bytes at the last ping. */
  #backlog = 0
  /** When the unanswered ping was sent; 0 if there is none. */
  #pingedAt = 0

  /** `unpacked` is for a client that has refused a message. */
  constructor(parts: HubParts, record: SessionRecord, connection: Connection, unpacked: boolean) {
    this.session = record.session
    this.unpacked = unpacked
    this.connection = connection
    this.#parts = parts
    this.#record = record
    this.line = new Line(this)
    connection.take(this)
    parts.heartbeats.add(this)
  }

  /** Leaves the connection to another owner. */
  end(): void {
    this.#parts.heartbeats.delete(this)
    this.line.close()
  }

  /** An interval of pings has passed. */
  beat(): void {
    const { bufferedAmount } = this.connection
    // A large message on a slow path looks like silence. But a client that still receives data is alive.
    if (bufferedAmount < this.#backlog) this.#silence = 0
    this.#backlog = bufferedAmount
    if (this.#silence >= maxSilence * 2 ** Math.min(this.#record.silences, maxSilences)) {
      this.#record.fellSilent()
      return this.connection.cut('silent')
    }
    this.#silence++
    this.#record.rest()
    this.#parts.heartbeats.add(this)
    this.#pingedAt = this.clock.now()
    this.line.control(['p', this.session.rx])
  }

  // Input of the connection

  receive(payload: Payload): void {
    this.#silence = 0
    if (this.#record.stage === 'provisional') this.#record.confirm()
    this.line.received(payload)
  }

  ended(code: number, reason: string): void {
    this.#record.disconnected(code, reason)
  }

  exceeded(code: number, reason: string): void {
    this.#record.refuse(code, 'over the limits', { reason })
  }

  // Callbacks of the line

  get clock(): Clock {
    return this.#parts.policy.ports.clock
  }

  get limits(): DecodeLimits {
    return this.#parts.policy.limits.decode
  }

  get window(): Window {
    return this.#parts.policy.limits.window
  }

  get sliceLength(): number {
    return sliceLength
  }

  get maxPayload(): number {
    return this.#record.maxPayload
  }

  get isControl(): IsControl {
    return isClientControl
  }

  get encodeText(): LineOptions['encodeText'] {
    return encodeText
  }

  get decodeUtf8(): LineOptions['decodeUtf8'] {
    return decodeUtf8
  }

  send(payload: Payload): boolean {
    return this.connection.send(payload)
  }

  isOpen(): boolean {
    return this.connection.isOpen
  }

  bufferedAmount(): number {
    return this.connection.bufferedAmount
  }

  pace([seq]: Frame | Control): number | undefined {
    // Only numbered messages wait: the window bounds how many.
    if (this.#isLeaving || seq === 0 || typeof seq === 'string') return undefined
    const tokens = this.#record.messageTokens
    if (tokens.take()) return undefined
    this.#exceededRate()
    return Math.min(tokens.wait(this.#parts.policy.limits.messageRate / batchRate), longestWait)
  }

  controlled(control: Control, isBounded: boolean): void {
    const [name] = control
    // It has a time limit, and slowed-down messages may be ahead of it.
    if (name === 'token') this.#parts.renewals.token(this.#record, control[1])
    // No message follows it, so the waiting messages need no pacing.
    this.#isLeaving ||= name === 'bye'
    if (!isBounded) this.connection.charge()
  }

  dropped(count: number): void {
    this.#parts.lifecycle.counters.droppedMessages += count
  }

  deliver(frame: Frame): void {
    this.#record.showedLife()
    if (frame[0] === 0 && !this.#record.messageTokens.take()) {
      this.#exceededRate()
      return this.dropped(1)
    }
    this.#parts.lifecycle.counters.receivedMessages++
    if (!this.#isNew(frame)) return
    const off = frame[4]?.off
    if (off !== undefined) this.#parts.moves?.abort(this.#record, off)
    try {
      this.#record.endpoint.deliver(frame)
    } catch (error) {
      // An answer that cannot be sent; exceptions of the application do not get here.
      this.#parts.reports.of(this.#record)(error)
    }
  }

  control(control: Control): void {
    switch (control[0]) {
      case 'token':
        // It did not wait for its turn.
        return
      case 'bye':
        return this.#record.leave(control[1])
      case 'channel':
        if (this.#parts.channels.isOffered) return this.#parts.channels.control(this.#record, control[1])
        return this.violated(4400, 'a channel control to a hub without channels')
      case 'holdfast':
      case 'hi':
      case 'ok':
      case 'a':
      case 'p':
      case 'q':
      case 'renew':
      case 'drain':
        this.violated(4400, `'${control[0]}' at the wrong time`)
    }
  }

  violated(code: number, why: string): void {
    this.#record.violated(code, why)
  }

  progressed(): void {
    this.#record.messages.progressed()
  }

  answered(isLast: boolean): void {
    this.#record.showedLife()
    if (isLast) this.#measure()
  }

  pinged(): void {
    this.#record.showedLife()
  }

  #exceededRate(): void {
    countOne(this.#parts.lifecycle.counters.limitHits, 'messageRate')
  }

  /** Deliveries that are awaited cause pings as well: one that left after the measured one makes its round trip seem longer. */
  #measure(): void {
    if (this.#pingedAt === 0) return
    const rtt = this.clock.now() - this.#pingedAt
    this.#pingedAt = 0
    const { lifecycle } = this.#parts
    lifecycle.counters.rtt.count++
    lifecycle.counters.rtt.sum += rtt
    lifecycle.announce('rtt', { peer: this.#record.peer, rtt })
  }

  /** Whether no other session has brought that message of its producer, if it is of one. */
  #isNew([seq, , , , meta]: Frame): boolean {
    if (!meta?.producer) return true
    if (seq > 0) return this.#parts.producers.take(this.#record, meta.producer)
    this.violated(4400, 'a volatile message in a producer')
    return false
  }
}
