import type { IsControl } from './controls.ts'
import type { Control, Frame } from './frame.ts'
import type { Body, DecodeLimits } from './frame-codec.ts'
import type { Clock } from './ports.ts'
import type { Session } from './session.ts'

/** The content of a WebSocket message. */
export type Payload = string | Uint8Array<ArrayBuffer>

export interface LineOptions {
  readonly session: Session<Body>
  readonly clock: Clock
  readonly limits: DecodeLimits
  /** The receive window that was announced to the peer. */
  readonly window: readonly [messages: number, bytes: number]
  /** How long handlers may run before the event loop gets a turn, in milliseconds. */
  readonly sliceLength: number
  /** Whether every frame is sent as a message of its own: after a refused message, to identify the frame at fault. */
  readonly unpacked?: boolean
  /** The largest message that the peer accepts, in bytes; packs stay below it. */
  readonly maxPayload?: number
  readonly isControl: IsControl
  /**
   * Returns how long the next frame or control must wait before it is delivered, in whole milliseconds, after which
   * it is called again; undefined if the frame may be delivered now, and then it is. Absent: frames wait only for
   * their turn.
   */
  pace?(next: Frame | Control): number | undefined
  /** Writes a message to the socket. False if the socket refused it, which ends the connection. */
  send(payload: Payload): boolean
  isOpen(): boolean
  bufferedAmount(): number
  encodeText(text: string): Uint8Array
  decodeUtf8(bytes: Uint8Array): string
  /** Delivers a message to the application. The receive cursor has already advanced. Must not throw. */
  deliver(frame: Frame): void
  /** A control, other than acks, pings and pongs, in order with the messages. */
  control(control: Control): void
  /** The peer answered a ping: the last one, or one before it. */
  answered(isLast: boolean): void
  /** The peer sent a ping. */
  pinged?(): void
  /** A control of any kind arrived. Its ack, if any, has been processed. */
  controlled?(control: Control, isBounded: boolean): void
  /**
   * That many volatile messages were dropped, because too much data waited. What came before them has been delivered.
   */
  dropped?(count: number): void
  /** The peer acknowledged something new. */
  progressed(): void
  /** The peer violated the protocol: the connection must be closed with this code. */
  violated(code: number, why: string): void
}
