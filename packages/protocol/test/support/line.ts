import { createVirtualClock } from '@holdfast/testing'
import type { ClockFaults } from '@holdfast/testing'
import { isServerControl } from '../../src/controls.ts'
import type { Control, Frame } from '../../src/frame.ts'
import {
  bodyBytes,
  decodeBinary,
  decodeText,
  defaultDecodeLimits,
  encodeBody,
  encodeFrame,
} from '../../src/frame-codec.ts'
import type { Body } from '../../src/frame-codec.ts'
import { Line } from '../../src/line.ts'
import type { LineOptions, Payload } from '../../src/line-options.ts'
import type { Outgoing } from '../../src/message.ts'
import type { Outcome } from '../../src/outcome.ts'
import { createOutbox } from '../../src/outbox.ts'
import { createSession } from '../../src/session.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
export const encodeText = (text: string): Uint8Array => encoder.encode(text)
const decodeUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

export type LineSetup = Partial<LineOptions> & { readonly faults?: ClockFaults }

/** A line with an outbox in front of it; what it sends, delivers and reports is recorded. */
export function setUpLine({ faults, ...options }: LineSetup = {}) {
  const clock = createVirtualClock(faults)
  const session = options.session ?? createSession<Body>()
  session.window = [1_000, 1_000_000]
  const sent: Payload[] = []
  const handed: unknown[] = []
  const controls: Control[] = []
  const violations: (readonly [number, string])[] = []
  const socket = { isOpen: true, refuses: false, buffered: 0 }
  const on = {
    deliver: (_frame: Frame): void => {},
    control: (_control: Control): void => {},
    progressed: (): void => {},
    answered: [] as boolean[],
    progress: 0,
  }
  const line = new Line({
    session,
    clock,
    limits: defaultDecodeLimits,
    window: [1_000, 1_000_000],
    sliceLength: 12,
    isControl: isServerControl,
    send(payload) {
      if (socket.refuses) return false
      sent.push(payload)
      return true
    },
    isOpen: () => socket.isOpen,
    bufferedAmount: () => socket.buffered,
    encodeText,
    decodeUtf8,
    deliver(frame) {
      handed.push(frame[3])
      on.deliver(frame)
    },
    control(control) {
      controls.push(control)
      on.control(control)
    },
    answered: (isLast) => void on.answered.push(isLast),
    progressed() {
      on.progress++
      on.progressed()
    },
    violated(code, why) {
      violations.push([code, why])
      line.close()
    },
    ...options,
  })
  const outbox = createOutbox<Body>(
    {},
    () => 1_000_000,
    line,
    clock,
    () => {},
  )
  const push = (data: unknown, volatile = false) => {
    const body = encodeBody('e', data)
    return outbox.push(body, bodyBytes(body), 'e', { volatile })
  }
  return { clock, session, line, sent, handed, controls, violations, socket, on, outbox, push }
}

export function message(data: unknown, volatile = false): Outgoing<Body> & { readonly outcomes: Outcome[] } {
  const body = encodeBody('e', data)
  const outcomes: Outcome[] = []
  return {
    body,
    bytes: bodyBytes(body),
    volatile,
    outcomes,
    settle: (outcome) => void outcomes.push(outcome),
  }
}

export const frame = (seq: number, data: unknown, ack = 0): string =>
  encodeFrame(seq, ack, encodeBody('e', data) as string)
export const pack = (from: number, to: number, ack = 0): string => {
  const frames = Array.from({ length: to - from + 1 }, (_, index) => frame(from + index, from + index, ack))
  return `[${frames.join(',')}]`
}
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** The data of everything that was sent, message by message. */
export const packsOf = (sent: readonly Payload[]): unknown[][] =>
  sent.map((payload) => {
    const decoded =
      typeof payload === 'string'
        ? decodeText(payload, defaultDecodeLimits, isServerControl)
        : decodeBinary(payload, defaultDecodeLimits, decodeUtf8)
    return 'frames' in decoded ? decoded.frames.map(([, , , data]) => data) : [decoded]
  })
