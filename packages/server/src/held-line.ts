import { createLine, isClientControl } from '@holdfast/protocol'
import type { Body, Clock, Control, DecodeLimits, Frame, IsControl } from '@holdfast/protocol'
import type { Line, LineOptions, Payload, Session, Window } from '@holdfast/protocol'
import type { Connection } from './connection.ts'
import type { Held } from './held.ts'
import type { Inbound } from './inbound.ts'
import type { Policy } from './options.ts'
import { decodeUtf8, encodeText } from './ports.ts'

export interface HeldLinePorts {
  readonly policy: Policy
  readonly inbound: Inbound
  violated(held: Held, code: number, why: string): void
}

/** How long handlers may run in one go before other clients get a turn, in milliseconds. */
const sliceLength = 10

/** Puts a session on a connection. `unpacked` is for a client that has refused a message. */
export function createHeldLine(
  ports: HeldLinePorts,
  held: Held,
  connection: Connection,
  unpacked: boolean,
): Line {
  return createLine(new HeldLineOptions(ports, held, connection, unpacked))
}

/** A class, because there are as many of these as clients: functions of their own would be most of their memory. */
class HeldLineOptions implements LineOptions {
  readonly session: Session<Body>
  readonly clock: Clock
  readonly limits: DecodeLimits
  readonly window: Window
  readonly sliceLength: number = sliceLength
  readonly unpacked: boolean
  readonly maxFrame: number
  // The line takes these three without their object.
  readonly isControl: IsControl = isClientControl
  readonly encodeText: LineOptions['encodeText'] = encodeText
  readonly decodeUtf8: LineOptions['decodeUtf8'] = decodeUtf8
  readonly #ports: HeldLinePorts
  readonly #held: Held
  readonly #connection: Connection

  constructor(ports: HeldLinePorts, held: Held, connection: Connection, unpacked: boolean) {
    const { limits, ports: platform } = ports.policy
    this.session = held.session
    this.clock = platform.clock
    this.limits = limits.decode
    this.window = limits.window
    this.unpacked = unpacked
    this.maxFrame = held.maxFrame
    this.#ports = ports
    this.#held = held
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

  deliver(frame: Frame): void {
    this.#held.silences = 0
    this.#ports.inbound.deliver(this.#held, frame)
  }

  control(control: Control): void {
    this.#ports.inbound.control(this.#held, control)
  }

  violated(code: number, why: string): void {
    this.#ports.violated(this.#held, code, why)
  }

  progressed(): void {
    if (!this.#held.isBlocked) return
    this.#held.isBlocked = false
    this.#held.outbox?.flush()
  }

  answered(): void {
    this.#held.silences = 0
  }

  pinged(): void {
    this.#held.silences = 0
  }
}
