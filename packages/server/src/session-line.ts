import { isClientControl, Line } from '@holdfast/protocol'
import type { Body, Clock, Control, DecodeLimits, Frame, IsControl } from '@holdfast/protocol'
import type { LineOptions, Payload, Session, Window } from '@holdfast/protocol'
import type { Connection } from './connection.ts'
import type { SessionRecord } from './session-record.ts'
import type { Inbound } from './inbound.ts'
import type { Policy } from './options.ts'
import { decodeUtf8, encodeText } from './ports.ts'
import { TokenBucket } from './token-bucket.ts'

export interface SessionLinePorts {
  readonly policy: Policy
  readonly inbound: Inbound
  violated(record: SessionRecord, code: number, why: string): void
  /** So many volatile messages of a client were dropped. */
  dropped(count: number): void
}

/** How long handlers may run in one go before other clients get a turn, in milliseconds. */
const sliceLength = 10
/** How often messages are handed on that come faster than `messageRate`, a second. */
const batchRate = 50
/** How long they are let wait at most, in milliseconds: meanwhile the client may say that it sends no more. */
const longestWait = 1_000

/** Puts a session on a connection. `unpacked` is for a client that has refused a message. */
export function createSessionLine(
  ports: SessionLinePorts,
  record: SessionRecord,
  connection: Connection,
  unpacked: boolean,
): Line {
  return new Line(new SessionLineOptions(ports, record, connection, unpacked))
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class SessionLineOptions implements LineOptions {
  readonly session: Session<Body>
  readonly clock: Clock
  readonly limits: DecodeLimits
  readonly window: Window
  readonly sliceLength: number = sliceLength
  readonly unpacked: boolean
  readonly maxPayload: number
  // The line takes these three without their object.
  readonly isControl: IsControl = isClientControl
  readonly encodeText: LineOptions['encodeText'] = encodeText
  readonly decodeUtf8: LineOptions['decodeUtf8'] = decodeUtf8
  readonly #ports: SessionLinePorts
  readonly #record: SessionRecord
  readonly #connection: Connection
  /** The client has said bye. */
  #isLeaving = false

  constructor(ports: SessionLinePorts, record: SessionRecord, connection: Connection, unpacked: boolean) {
    const { limits, ports: platform } = ports.policy
    this.session = record.session
    this.clock = platform.clock
    this.limits = limits.decode
    this.window = limits.window
    this.unpacked = unpacked
    this.maxPayload = record.maxPayload
    this.#ports = ports
    this.#record = record
    this.#connection = connection
  }

  send(payload: Payload): boolean {
    return this.#connection.send(payload)
  }

  isOpen(): boolean {
    return this.#connection.isOpen
  }

  bufferedAmount(): number {
    return this.#connection.bufferedAmount
  }

  pace([seq]: Frame | Control): number | undefined {
    // Only numbered messages wait: the window bounds how many.
    if (this.#isLeaving || seq === 0 || typeof seq === 'string') return undefined
    const tokens = this.#tokens()
    if (tokens.take()) return undefined
    return Math.min(tokens.wait(this.#ports.policy.limits.messageRate / batchRate), longestWait)
  }

  controlled(control: Control, isBounded: boolean): void {
    const [name] = control
    // There is a time limit on it, and messages that are slowed down may be ahead of it.
    if (name === 'token') this.#ports.inbound.control(this.#record, control)
    // Nothing comes after it, so nobody is held back by what waits.
    this.#isLeaving ||= name === 'bye'
    if (!isBounded) this.#connection.charge()
  }

  dropped(count: number): void {
    this.#ports.dropped(count)
  }

  deliver(frame: Frame): void {
    this.#record.silences = 0
    if (frame[0] === 0 && !this.#tokens().take()) return this.dropped(1)
    this.#ports.inbound.deliver(this.#record, frame)
  }

  control(control: Control): void {
    if (control[0] !== 'token') this.#ports.inbound.control(this.#record, control)
  }

  violated(code: number, why: string): void {
    this.#ports.violated(this.#record, code, why)
  }

  progressed(): void {
    if (!this.#record.isBlocked) return
    this.#record.isBlocked = false
    this.#record.outbox?.flush()
  }

  answered(): void {
    this.#record.silences = 0
  }

  pinged(): void {
    this.#record.silences = 0
  }

  #tokens(): TokenBucket {
    const { limits, ports } = this.#ports.policy
    return (this.#record.messageTokens ??= new TokenBucket(
      ports.clock,
      limits.messageRate,
      limits.messageBurst,
    ))
  }
}
