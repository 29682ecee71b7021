import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockFaults, createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import type { ClockFaults } from '@holdfast/testing'
import { isServerControl } from './controls.ts'
import type { Outcome } from './outcome.ts'
import {
  bodyBytes,
  decodeBinary,
  decodeText,
  defaultDecodeLimits,
  encodeBinary,
  encodeBody,
  encodeFrame,
} from './frame-codec.ts'
import type { BinaryBody, Body } from './frame-codec.ts'
import type { Control, Frame } from './frame.ts'
import { Line } from './line.ts'
import type { LineOptions, Payload } from './line.ts'
import { createOutbox } from './outbox.ts'
import type { Outgoing } from './message.ts'
import { createSession } from './session.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const encodeText = (text: string): Uint8Array => encoder.encode(text)
const decodeUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

type Options = Partial<LineOptions> & { readonly faults?: ClockFaults }

function setUp({ faults, ...options }: Options = {}) {
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

function message(data: unknown, volatile = false): Outgoing<Body> & { readonly outcomes: Outcome[] } {
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

const frame = (seq: number, data: unknown, ack = 0): string =>
  encodeFrame(seq, ack, encodeBody('e', data) as string)
const pack = (from: number, to: number, ack = 0): string => {
  const frames = Array.from({ length: to - from + 1 }, (_, index) => frame(from + index, from + index, ack))
  return `[${frames.join(',')}]`
}
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** The data of everything that was sent, message by message. */
const packsOf = (sent: readonly Payload[]): unknown[][] =>
  sent.map((payload) => {
    const decoded =
      typeof payload === 'string'
        ? decodeText(payload, defaultDecodeLimits, isServerControl)
        : decodeBinary(payload, defaultDecodeLimits, decodeUtf8)
    return 'frames' in decoded ? decoded.frames.map(([, , , data]) => data) : [decoded]
  })

describe('what is written', () => {
  it('leaves as one message at the end of its turn', async () => {
    const { sent, push } = setUp()
    push(1)
    push(2)
    push(3)
    expect(sent).toEqual([])
    await settleMicrotasks()
    expect(sent).toEqual(['[[1,0,"e",1],[2,0,"e",2],[3,0,"e",3]]'])
    push(4)
    await settleMicrotasks()
    expect(sent[1]).toBe('[4,0,"e",4]')
  })

  it('fills messages of up to 16 KiB, and a larger frame goes alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(3_000), fc.integer({ min: 16_300, max: 16_500 }), fc.nat(40_000)), {
          maxLength: 40,
        }),
        (sizes) => {
          const { sent, line } = setUp()
          for (const size of sizes) line.write(message('x'.repeat(size)))
          line.flushed()
          const packs = packsOf(sent)
          expect(packs.flat().map((data) => (data as string).length)).toEqual(sizes)
          let after = 0
          for (const [index, payload] of sent.entries()) {
            if (packs[index]!.length > 1) expect(payload.length).toBeLessThanOrEqual(16_384)
            // The first frame of the next message had no room in this one.
            after += packs[index]!.length
            const next = sizes[after]
            if (next === undefined) continue
            const brackets = packs[index]!.length > 1 ? 0 : 2
            expect(payload.length + brackets + 1 + frame(after + 1, 'x'.repeat(next)).length).toBeGreaterThan(
              16_384,
            )
          }
        },
      ),
    )
  })

  it('never makes a message that is larger than the peer takes, if its frames are not', () => {
    const { sent, line } = setUp({ maxPayload: 1_024 })
    for (let index = 0; index < 50; index++) line.write(message('€'.repeat((index * 7) % 300)))
    line.flushed()
    expect(packsOf(sent).flat()).toHaveLength(50)
    expect(Math.max(...sent.map((payload) => encodeText(payload as string).length))).toBeLessThanOrEqual(
      1_024,
    )
    expect(sent.length).toBeLessThan(50)
  })

  it('is not packed when a frame at fault is looked for', () => {
    const { sent, line } = setUp({ unpacked: true })
    for (const data of [1, 2, 3]) line.write(message(data))
    line.flushed()
    expect(sent).toEqual(['[1,0,"e",1]', '[2,0,"e",2]', '[3,0,"e",3]'])
  })

  it('keeps its order with bytes in between, which are never packed', () => {
    const { sent, line } = setUp()
    for (const data of [1, 2, new Uint8Array([3]), new Uint8Array([4]), 5, 6]) line.write(message(data))
    line.flushed()
    expect(packsOf(sent)).toEqual([[1, 2], [new Uint8Array([3])], [new Uint8Array([4])], [5, 6]])
    const body = encodeBody('e', new Uint8Array([3])) as BinaryBody
    expect(sent[1]).toEqual(encodeBinary(3, 0, body, encodeText))
  })

  it('keeps its order with controls', () => {
    const { sent, line } = setUp()
    line.write(message(1))
    line.control(['bye', { rx: 0 }])
    expect(sent).toEqual(['[1,0,"e",1]', '["bye",{"rx":0}]'])
  })

  it('carries the cursor of the moment', () => {
    const { sent, line } = setUp()
    line.received(frame(1, 'a'))
    line.write(message(1))
    line.received(frame(2, 'b'))
    line.write(message(2))
    line.flushed()
    expect(sent).toEqual(['[[1,1,"e",1],[2,2,"e",2]]'])
  })

  it('cannot be taken back any more, and is settled by the peer alone', async () => {
    const { line, push } = setUp()
    const delivery = push(1)
    await settleMicrotasks()
    expect([delivery.cancel(), delivery.outcome]).toEqual([false, undefined])
    line.received('["a",1]')
    expect(delivery.outcome).toEqual({ status: 'delivered' })
  })

  it('waits for room in the window of the peer', async () => {
    const { session, line, sent, push, on, outbox } = setUp()
    session.window = [2, 1_000]
    on.progressed = () => outbox.flush()
    for (const data of [1, 2, 3]) push(data)
    await settleMicrotasks()
    expect(packsOf(sent)).toEqual([[1, 2]])
    expect([line.isWritable(0), outbox.size]).toEqual([false, 1])
    line.received('["a",1]')
    expect(packsOf(sent)).toEqual([[1, 2], [3]])
  })

  it('waits while the socket is not open, and after the end', () => {
    const { line, socket } = setUp()
    expect(line.isWritable(1)).toBe(true)
    socket.isOpen = false
    expect(line.isWritable(1)).toBe(false)
    socket.isOpen = true
    line.close()
    expect(line.isWritable(1)).toBe(false)
    socket.buffered = 7
    expect(line.bufferedAmount()).toBe(7)
  })
})

describe('a pack that was not sent when its line is closed', () => {
  it('is not sent any more: what is numbered is kept, and what is volatile has missed it', () => {
    const { line, session, sent } = setUp()
    const [numbered, fleeting] = [message(1), message(2, true)]
    line.write(numbered)
    line.write(fleeting)
    line.close()
    line.flushed()
    expect(sent).toEqual([])
    expect(session.unacknowledged).toBe(1)
    expect(numbered.outcomes).toEqual([])
    expect(fleeting.outcomes).toEqual([{ status: 'undelivered', reason: 'volatile' }])
  })
})

describe('a volatile message', () => {
  it('has no number, and is sent when its pack is', async () => {
    const { sent, push, session } = setUp()
    const [numbered, volatile] = [push(1), push(2, true)]
    await settleMicrotasks()
    expect(sent).toEqual(['[[1,0,"e",1],[0,0,"e",2]]'])
    expect([numbered.outcome, volatile.outcome]).toEqual([undefined, { status: 'sent' }])
    expect(session.unacknowledged).toBe(1)
  })

  it('of bytes is sent at once', () => {
    const { sent, line } = setUp()
    const bytes = message(new Uint8Array([1]), true)
    expect(line.write(bytes)).toBe(true)
    expect([sent.length, bytes.outcomes]).toEqual([1, [{ status: 'sent' }]])
  })

  it('is undelivered when the socket refuses its pack', async () => {
    const { socket, push, session } = setUp()
    const [numbered, text, bytes] = [push(1), push(2, true), push(new Uint8Array(1), true)]
    socket.refuses = true
    await settleMicrotasks()
    expect(text.outcome).toEqual({ status: 'undelivered', reason: 'volatile' })
    expect(bytes.outcome).toEqual({ status: 'undelivered', reason: 'volatile' })
    expect([numbered.outcome, session.unacknowledged]).toEqual([undefined, 1])
  })

  it('is undelivered when the connection ends before its pack has left, and what is numbered is kept', () => {
    const { sent, line, session } = setUp()
    const [numbered, volatile] = [message(1), message(2, true)]
    line.write(numbered)
    line.write(volatile)
    line.close()
    line.flushed()
    expect([sent, numbered.outcomes, session.unacknowledged]).toEqual([[], [], 1])
    expect(volatile.outcomes).toEqual([{ status: 'undelivered', reason: 'volatile' }])
  })

  it('is undelivered when the socket refuses the pack before it', async () => {
    const { socket, push } = setUp()
    push('x'.repeat(10_000))
    socket.refuses = true
    const late = push('y'.repeat(10_000), true)
    await settleMicrotasks()
    expect(late.outcome).toEqual({ status: 'undelivered', reason: 'volatile' })
  })
})

describe('a socket that refuses', () => {
  it('loses nothing that is numbered', () => {
    const first = setUp()
    for (const data of ['a'.repeat(10_000), 'b'.repeat(10_000), new Uint8Array(1), 'c'])
      first.line.write(message(data))
    first.socket.refuses = true
    first.line.write(message('d'.repeat(16_380)))
    first.line.flushed()
    first.line.close()

    const second = setUp({ session: first.session })
    second.line.resume()
    const [, ...messages] = packsOf(second.sent)
    expect(messages.flat().map((data) => (data as { length: number }).length)).toEqual([
      10_000, 10_000, 1, 1, 16_380,
    ])
    expect(first.session.unacknowledged).toBe(5)
  })

  it('is not asked again for the rest of a replay', () => {
    const { session, line, socket } = setUp()
    let refused = 0
    for (let index = 0; index < 50; index++) session.number(message('x'.repeat(1_000)))
    const again = setUp({
      session,
      send: () => {
        refused++
        return false
      },
    })
    again.line.resume()
    expect(refused).toBe(2)
    socket.refuses = true
    line.control(['renew'])
    line.write(message(1))
    line.control(['renew'])
    expect(session.unacknowledged).toBe(51)
  })
})

for (const [kind, faults] of Object.entries(clockFaults)) {
  /** How long a timer of 50 ms takes at most. */
  const delay = kind === 'late' ? 58 : 50

  describe(`an ack, with timers that are ${kind}`, () => {
    it('of the first message after quiet leaves at the end of the turn', async () => {
      const { sent, line } = setUp({ faults })
      line.received(pack(1, 3))
      expect(sent).toEqual([])
      await settleMicrotasks()
      expect(sent).toEqual(['["a",3]'])
    })

    it('rides on what the handler sends, and needs no message of its own then', async () => {
      const { clock, sent, line, on, push } = setUp({ faults })
      on.deliver = ([, , , data]) => void push(data)
      line.received(pack(1, 2))
      await settleMicrotasks()
      expect(sent).toEqual(['[[1,2,"e",1],[2,2,"e",2]]'])
      line.received(frame(3, 3, 2))
      await clock.advance(200)
      expect(sent).toEqual(['[[1,2,"e",1],[2,2,"e",2]]', '[3,3,"e",3]'])
      expect(clock.pending).toBe(0)
    })

    it('of what follows waits for 50 ms at most, and covers all of it', async () => {
      const { clock, sent, line } = setUp({ faults })
      line.received(frame(1, 1))
      await settleMicrotasks()
      await clock.advance(10)
      line.received(frame(2, 2))
      await clock.advance(10)
      line.received(frame(3, 3))
      expect(sent).toEqual(['["a",1]'])
      await clock.advance(delay - 20)
      expect(sent).toEqual(['["a",1]', '["a",3]'])
      line.received(frame(4, 4))
      await clock.advance(delay)
      expect(sent).toEqual(['["a",1]', '["a",3]', '["a",4]'])
      await clock.advance(200)
      expect([sent.length, clock.pending]).toEqual([3, 0])
      line.received(frame(5, 5))
      await settleMicrotasks()
      expect(sent.at(-1)).toBe('["a",5]')
    })

    it('leaves once half of the announced window of messages is used up, one for all that came in the turn', async () => {
      const { sent, line } = setUp({ faults, window: [10, 1_000_000] })
      line.received(frame(1, 1))
      await settleMicrotasks()
      line.received(pack(2, 5))
      await settleMicrotasks()
      expect(sent).toEqual(['["a",1]'])
      line.received(frame(6, 6))
      line.received(frame(7, 7))
      await settleMicrotasks()
      expect(sent).toEqual(['["a",1]', '["a",7]'])
      line.received(pack(8, 30))
      await settleMicrotasks()
      expect(sent.slice(2)).toEqual(['["a",30]'])
    })

    it('leaves once half of the announced window of bytes is used up, by text or bytes', async () => {
      const { sent, line } = setUp({ faults, window: [1_000, 6_000] })
      line.received(frame(1, 1))
      await settleMicrotasks()
      line.received(frame(2, 'x'.repeat(100)))
      await settleMicrotasks()
      expect(sent).toEqual(['["a",1]'])
      line.received(frame(3, '€'.repeat(970)))
      await settleMicrotasks()
      const body = encodeBody('e', new Uint8Array(3_000)) as BinaryBody
      line.received(encodeBinary(4, 0, body, encodeText))
      await settleMicrotasks()
      expect(sent).toEqual(['["a",1]', '["a",3]', '["a",4]'])
    })

    it('of each message leaves at the end of its turn when only one may be on its way', async () => {
      const { sent, line } = setUp({ faults, window: [1, 1_000_000] })
      line.received(frame(1, 1))
      await settleMicrotasks()
      line.received(frame(2, 2))
      await settleMicrotasks()
      expect(sent).toEqual(['["a",1]', '["a",2]'])
    })
  })
}

describe('an ack that the peer asks for by a ping', () => {
  it('is the pong to a ping at the end of a pack, which covers the pack', async () => {
    const { clock, sent, line, handed } = setUp()
    line.received('[[1,0,"e",1],["p",0]]')
    line.received('[[2,0,"e",2],[3,0,"e",3],["p",0]]')
    expect(handed).toEqual([1, 2, 3])
    expect(sent).toEqual(['["q",1]', '["q",3]'])
    await clock.advance(1_000)
    expect(sent).toHaveLength(2)
  })

  it('is not given by a connection that ends with the frames before the ping', () => {
    const { sent, line, violations } = setUp()
    line.received('[[7,0,"e",1],["p",0]]')
    expect([sent, violations]).toEqual([[], [[4425, 'gap']]])
  })

  it('is the pong, when all that came before is delivered', async () => {
    const { clock, sent, line } = setUp()
    for (let n = 1; n <= 10; n++) {
      line.received(frame(n, n))
      line.received('["p",0]')
      await settleMicrotasks()
    }
    expect(sent).toEqual(range(1, 10).map((n) => `["q",${n}]`))
    await clock.advance(1_000)
    expect(sent).toHaveLength(10)
  })

  it('follows the pong as soon as what came before is delivered, without a delay', async () => {
    let isHeld = true
    const { clock, sent, line, handed } = setUp({ pace: () => (isHeld ? 5 : undefined) })
    line.received(frame(1, 1))
    line.received(pack(2, 3))
    line.received('["p",0]')
    line.received(frame(4, 4))
    expect(sent).toEqual(['["q",0]'])
    isHeld = false
    await clock.advance(5)
    expect(handed).toEqual([1, 2, 3, 4])
    // The one message after quiet would have been acknowledged at once, too: now the next.
    isHeld = true
    line.received(frame(5, 5))
    line.received('["p",0]')
    line.received(frame(6, 6))
    isHeld = false
    await clock.advance(5)
    expect(sent.slice(1)).toEqual(['["a",4]', '["q",4]', '["a",6]'])
  })
})

describe('a message that somebody waits for', () => {
  it('asks for its ack by one ping at the end of the pack of all that was written in the turn', async () => {
    const { sent, line, push } = setUp()
    const outcomes = range(1, 100).map(async (n) => await push(n))
    await settleMicrotasks()
    expect(sent.length).toBe(1)
    expect(JSON.parse(sent[0] as string)).toEqual([...range(1, 100).map((n) => [n, 0, 'e', n]), ['p', 0]])
    line.received('["q",100]')
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([{ status: 'delivered' }]))
    await settleMicrotasks()
    expect(sent.length).toBe(1)
  })

  it('asks in each full pack for what that pack contains, and in a message of its own if frames may not be packed', async () => {
    const { socket, sent, line, push, outbox } = setUp()
    socket.isOpen = false
    const outcomes = range(1, 3).map(async () => await push('x'.repeat(9_000)))
    await settleMicrotasks()
    socket.isOpen = true
    outbox.flush()
    expect(sent.map((payload) => (payload as string).slice(-8))).toEqual(['["p",0]]', '["p",0]]', '["p",0]]'])
    line.received('["q",1]')
    line.received('["q",3]')
    await Promise.all(outcomes)

    const unpacked = setUp({ unpacked: true })
    const outcome = unpacked.push(1).then()
    await settleMicrotasks()
    expect(unpacked.sent).toEqual(['[1,0,"e",1]', '["p",0]'])
    unpacked.line.received('["q",1]')
    await outcome
  })

  it('does not ask again while a ping that covers it is unanswered, nor once an answer has come', async () => {
    const { sent, line, push } = setUp()
    const first = push(1)
    const second = push(2)
    void first.then()
    await settleMicrotasks()
    void second.orThrow()
    await settleMicrotasks()
    line.received('["q",0]')
    void first.then()
    await settleMicrotasks()
    expect(sent).toEqual(['[[1,0,"e",1],[2,0,"e",2],["p",0]]'])
    void push(3).then()
    await settleMicrotasks()
    expect(sent.slice(1)).toEqual(['[[3,0,"e",3],["p",0]]'])
  })

  it('asks when it is waited for after it was written, and is covered by a ping of another kind', async () => {
    const { sent, line, push } = setUp()
    const delivery = push(1)
    await settleMicrotasks()
    expect(sent).toEqual(['[1,0,"e",1]'])
    line.control(['p', 0])
    void delivery.then()
    await settleMicrotasks()
    expect(sent).toEqual(['[1,0,"e",1]', '["p",0]'])
    const next = push(2)
    await settleMicrotasks()
    void next.then()
    await settleMicrotasks()
    expect(sent.slice(2)).toEqual(['[2,0,"e",2]', '["p",0]'])
  })

  it('asks nothing when the ack comes first, when the connection has ended, and for volatile messages', async () => {
    const acked = setUp()
    const delivery = acked.push(1)
    await settleMicrotasks()
    void delivery.then()
    acked.line.received('["a",1]')
    await settleMicrotasks()
    expect(acked.sent).toEqual(['[1,0,"e",1]'])

    const closed = setUp()
    const unknown = closed.push(1)
    await settleMicrotasks()
    void unknown.then()
    closed.line.close()
    await settleMicrotasks()
    expect(closed.sent).toEqual(['[1,0,"e",1]'])

    const lossy = setUp()
    void lossy.push(0, true).then()
    await settleMicrotasks()
    expect(lossy.sent).toEqual(['[0,0,"e",0]'])
  })
})

describe('controls', () => {
  it('are bounded by messages when they ask for some, answer a ping, or acknowledge something new', () => {
    const heard: unknown[] = []
    const { line, push, outbox, on } = setUp({
      controlled: ([name], isBounded) => heard.push([name, isBounded]),
      isControl: isServerControl,
    })
    line.received('["p",0]')
    line.received(frame(1, 1))
    line.received('["p",0]')
    line.received('["p",0]')
    line.received('[0,0,"e",1]')
    line.received('["p",0]')
    line.received('["q",0]')
    line.control(['p', 1])
    line.control(['p', 1])
    line.received('["q",0]')
    expect(on.answered).toEqual([true, false])
    line.received('["q",0]')
    line.received('["q",0]')
    void push(1)
    outbox.flush()
    line.received('["a",1]')
    line.received('["a",1]')
    expect(heard).toEqual([
      ['p', false],
      ['p', true],
      ['p', false],
      ['p', false],
      ['q', false],
      ['q', true],
      ['q', true],
      ['q', false],
      ['a', true],
      ['a', false],
    ])
  })
})

describe('acks', () => {
  it('are never acknowledged', async () => {
    const { clock, sent, line, session, on } = setUp()
    session.number(message(1))
    line.received('["a",1]')
    line.received('["a",1]')
    line.received('[0,1]')
    await clock.advance(1_000)
    expect([sent, clock.pending, on.progress]).toEqual([[], 0, 1])
  })

  it('come to an end between two ends that talk', async () => {
    const clock = createVirtualClock()
    let messages = 0
    const lines: Line[] = []
    const ends = [0, 1].map((index) =>
      setUp({
        clock,
        send(payload) {
          messages++
          clock.setTimer(() => lines[1 - index]!.received(payload), 5)
          return true
        },
      }),
    )
    lines.push(...ends.map(({ line }) => line))
    for (const { push } of ends) for (const data of range(1, 100)) push(data)
    await clock.advance(1_000)
    expect(ends.map(({ handed }) => handed)).toEqual([range(1, 100), range(1, 100)])
    expect(ends.map(({ session }) => session.unacknowledged)).toEqual([0, 0])
    expect(clock.pending).toBe(0)
    expect(messages).toBeLessThan(20)
  })

  it('are sent again for a message that came before', async () => {
    const { clock, sent, line, handed } = setUp()
    line.received(frame(1, 'a'))
    await settleMicrotasks()
    line.received(frame(1, 'a'))
    await clock.advance(50)
    expect([handed, sent]).toEqual([['a'], ['["a",1]', '["a",1]']])
    await clock.advance(200)
    line.received(frame(1, 'a'))
    await settleMicrotasks()
    expect([handed, sent.length, clock.pending]).toEqual([['a'], 3, 1])
  })

  it('are not owed for volatile messages', async () => {
    const { clock, sent, line, handed } = setUp()
    line.received('[[0,0,"e",1],[0,0,"e",2]]')
    expect(handed).toEqual([1, 2])
    await clock.advance(100)
    expect([sent, clock.pending]).toEqual([[], 0])
  })

  it('are owed for void frames, of which nobody hears', async () => {
    const { sent, line, handed, session } = setUp()
    line.received('[[1,0],[2,0,"e",2],[3,0]]')
    await settleMicrotasks()
    expect([handed, sent, session.rx]).toEqual([[2], ['["a",3]'], 3])
  })

  it('settle what was written, and tell of it once each', () => {
    const { line, on } = setUp()
    const all = [1, 2, 3].map((data) => message(data))
    for (const item of all) line.write(item)
    line.received('["a",1]')
    line.received(frame(1, 'a', 3))
    line.received('["a",2]')
    expect(all.map(({ outcomes }) => outcomes)).toEqual(all.map(() => [{ status: 'delivered' }]))
    expect(on.progress).toBe(2)
  })

  it('tell of progress also when whoever hears of an outcome sends as much again', () => {
    const { line, on, session } = setUp()
    line.write({ ...message(1), settle: () => void line.write(message(2)) })
    line.received('["a",1]')
    expect([session.unacknowledged, on.progress]).toEqual([1, 1])
  })
})

describe('a ping', () => {
  it('is answered at once, with the cursor, and takes the place of an ack', async () => {
    const { clock, sent, line, session } = setUp()
    const item = message(1)
    session.number(item)
    line.received(frame(1, 'a'))
    line.received('["p",1]')
    expect([sent, item.outcomes]).toEqual([['["q",1]'], [{ status: 'delivered' }]])
    await clock.advance(200)
    expect([sent, clock.pending]).toEqual([['["q",1]'], 0])
  })

  it('is answered while the handlers of earlier messages are still due', async () => {
    const { clock, sent, line, handed, on } = setUp()
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 3))
    line.received('["p",0]')
    expect([handed, sent]).toEqual([[1], ['["q",1]']])
    await clock.advance(100)
    expect(handed).toEqual([1, 2, 3])
  })

  it('of ours is answered by any pong, which acknowledges too', () => {
    const { line, on, session } = setUp()
    session.number(message(1))
    line.control(['p', 0])
    line.received('["q",1]')
    expect([on.answered, on.progress, session.unacknowledged]).toEqual([[true], 1, 0])
  })
})

describe('handlers that take long', () => {
  it('run in slices, in order, and what comes in between waits for its turn', async () => {
    const { clock, line, handed, controls, on } = setUp()
    const order: unknown[] = []
    on.deliver = ([, , , data]) => {
      order.push(data)
      clock.stall(5)
    }
    on.control = ([name]) => void order.push(name)
    line.received(pack(1, 10))
    expect(handed).toEqual([1, 2, 3])
    line.received('["renew"]')
    line.received(frame(11, 11))
    expect(handed).toEqual([1, 2, 3])
    await clock.advance(40)
    expect(controls).toEqual([['renew']])
    expect(order).toEqual([...range(1, 10), 'renew', 11])
    await clock.advance(200)
    expect(clock.pending).toBe(0)
  })

  it('leave the platform a turn between two slices', async () => {
    const { clock, line, handed, on } = setUp()
    on.deliver = () => clock.stall(30)
    line.received(pack(1, 4))
    const seen: number[] = []
    for (let turn = 0; turn < 4; turn++) {
      seen.push(handed.length)
      await clock.advance(0)
    }
    expect([seen[0], handed.length]).toEqual([1, 4])
  })

  it('acknowledge only what was delivered', async () => {
    const { clock, line, sent, on, session } = setUp()
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 3))
    await settleMicrotasks()
    expect([sent, session.rx]).toEqual([['["a",1]'], 1])
  })

  it('lose what is left of their pack with the connection, and take it from the replay', async () => {
    const first = setUp()
    first.on.deliver = () => first.clock.stall(20)
    first.line.received(pack(1, 3))
    first.line.received('["renew"]')
    first.line.close()
    expect(first.clock.pending).toBe(0)
    first.line.received(frame(2, 2))
    await first.clock.advance(200)
    expect([first.handed, first.controls, first.session.rx]).toEqual([[1], [], 1])

    const second = setUp({ session: first.session })
    second.line.received(pack(2, 3))
    expect(second.handed).toEqual([2, 3])
  })

  it('do not let a flood of volatile messages fill the memory', async () => {
    const { clock, line, handed, on, violations } = setUp({ window: [10, 10_000] })
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 2))
    for (let index = 0; index < 20_000; index++) line.received('[0,0,"e","v"]')
    line.received(frame(3, 3))
    expect(violations).toEqual([])
    on.deliver = () => {}
    await clock.advance(100)
    expect(handed.filter((data) => data !== 'v')).toEqual([1, 2, 3])
    expect(handed.length).toBeLessThan(20)

    on.deliver = () => clock.stall(20)
    line.received(pack(4, 5))
    for (let index = 0; index < 100; index++) line.received(frame(0, 'v'.repeat(5_000)))
    on.deliver = () => {}
    await clock.advance(100)
    expect(handed.filter((data) => (data as string).length > 1).length).toBeLessThan(4)
  })

  it('drop no volatile message while they keep up, however many are in a pack', () => {
    const { line, handed } = setUp({ window: [10, 1_000] })
    const frames = range(1, 500).map((data) => frame(0, data))
    line.received(`[${frames.join(',')}]`)
    expect(handed).toEqual(range(1, 500))
  })
})

/** Lets so many messages be delivered at once, and one more each 10 ms. */
function paced(burst: number, options: Options = {}) {
  let used = 0
  let startedAt: number | undefined
  const dropped: number[] = []
  const seen: Control[] = []
  const scene = setUp({
    pace([seq]) {
      if (!(Number(seq) > 0)) return undefined
      startedAt ??= scene.clock.now()
      const wait = startedAt + (used + 1 - burst) * 10 - scene.clock.now()
      if (wait > 0) return Math.ceil(wait)
      used++
      return undefined
    },
    controlled: (control) => seen.push(control),
    dropped: (count) => dropped.push(count),
    ...options,
  })
  return { ...scene, dropped, seen }
}

describe('messages that have to wait', () => {
  it('are delivered at their pace and in order, with one timer, and acknowledged when they are', async () => {
    const { clock, line, handed, sent, session } = paced(2)
    line.received(pack(1, 4))
    line.received(frame(5, 5))
    await settleMicrotasks()
    expect([handed, session.rx, sent]).toEqual([[1, 2], 2, ['["a",2]']])
    // One for the messages, and one for the acks.
    expect(clock.pending).toBe(2)
    await clock.advance(10)
    expect(handed).toEqual([1, 2, 3])
    await clock.advance(20)
    expect(handed).toEqual(range(1, 5))
    await clock.advance(100)
    expect([sent.at(-1), clock.pending]).toEqual(['["a",5]', 0])
  })

  it('are waited for again when a timer fires early', async () => {
    const { clock, line, handed } = paced(1, { faults: clockFaults.early })
    line.received(pack(1, 3))
    await clock.advance(100)
    expect(handed).toEqual([1, 2, 3])
  })

  it('keep back the controls behind them, and none that is an ack, a ping or a pong', async () => {
    const { clock, line, sent, controls, push, on, seen } = paced(1)
    const delivery = push('mine')
    await settleMicrotasks()
    line.received(pack(1, 2))
    line.received('["renew"]')
    line.received('["p",0]')
    line.received('["q",0]')
    line.received('["a",1]')
    await settleMicrotasks()
    expect(sent.at(-1)).toBe('["q",1]')
    expect([on.answered, delivery.outcome, controls]).toEqual([[true], { status: 'delivered' }, []])
    expect(seen).toEqual([['renew'], ['p', 0], ['q', 0], ['a', 1]])
    await clock.advance(10)
    expect(controls).toEqual([['renew']])
  })

  it('do not keep back the acks that they carry', async () => {
    const { line, push } = paced(1)
    const deliveries = [push(1), push(2)]
    await settleMicrotasks()
    line.received(pack(1, 2))
    line.received(frame(3, 3, 1))
    line.received(`[${frame(4, 4, 1)},${frame(5, 5, 2)}]`)
    await settleMicrotasks()
    expect(deliveries.map(({ outcome }) => outcome?.status)).toEqual(['delivered', 'delivered'])
  })

  it('let volatile ones go while none is ahead of them', () => {
    const { line, handed } = paced(1)
    line.received(`[${frame(1, 1)},${frame(0, 'v')},${frame(2, 2)},${frame(0, 'w')}]`)
    expect(handed).toEqual([1, 'v'])
  })

  it('push out volatile ones that come when the window is full, which are counted, and their acks taken', async () => {
    const { line, dropped, push, handed, clock } = paced(1, { window: [3, 1_000] })
    const delivery = push('mine')
    await settleMicrotasks()
    line.received(pack(1, 4))
    line.received(frame(0, 'v'))
    line.received(`[${frame(0, 'w')},${frame(0, 'x', 1)}]`)
    await settleMicrotasks()
    expect([dropped, delivery.outcome]).toEqual([[1, 2], { status: 'delivered' }])
    await clock.advance(100)
    expect(handed).toEqual(range(1, 4))
  })

  it('are dropped with the connection, and replayed on the next', async () => {
    const { clock, line, handed, session } = paced(1)
    line.received(pack(1, 3))
    line.close()
    await clock.advance(100)
    expect([handed, session.rx, clock.pending]).toEqual([[1], 1, 0])
  })

  it('are not delivered after a control that ended the connection when it came in', async () => {
    const scene = paced(1, { controlled: () => scene.line.close() })
    scene.line.received('["renew"]')
    scene.line.received(frame(1, 1))
    await scene.clock.advance(100)
    expect([scene.controls, scene.handed]).toEqual([[], []])
  })
})

describe('a peer that breaks the rules', () => {
  it('ends the connection by a gap, and nothing is delivered after it', () => {
    const { line, handed, violations, session } = setUp()
    line.received('[[1,0,"e",1],[3,0,"e",3],[4,0,"e",4]]')
    line.received(frame(2, 2))
    expect([handed, violations, session.rx]).toEqual([[1], [[4425, 'gap']], 1])
  })

  it('ends it by an ack of the future, whatever carries it', () => {
    for (const text of ['["a",1]', '["p",1]', '["q",1]', '[0,1]', '[1,1,"e",1]', '[0,1,"e",1]']) {
      const { line, handed, violations } = setUp()
      line.received(text)
      expect([text, handed, violations]).toEqual([text, [], [[4400, 'ack of the future']]])
    }
  })

  it('ends it by what cannot be decoded', () => {
    for (const [payload, code] of [
      ['{', 4400],
      ['["hi",{}]', 4400],
      [`[1,0,"e",${'['.repeat(65)}${']'.repeat(65)}]`, 1007],
      [new Uint8Array([0]), 4400],
    ] as const) {
      const { line, violations } = setUp()
      line.received(payload)
      expect(violations.map(([value]) => value)).toEqual([code])
    }
  })

  it('ends it by more messages than its window lets it write', () => {
    const { clock, line, violations, on, handed } = setUp({ window: [10, 1_000_000] })
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 100))
    expect(violations).toEqual([])
    line.received(pack(101, 4_117))
    expect(violations).toEqual([])
    line.received(frame(4_118, 0))
    expect([violations, handed]).toEqual([[[4400, 'window overrun']], [1]])
  })

  it('ends it by more bytes than its window lets it write', () => {
    const { clock, line, violations, on } = setUp({ window: [10, 1_000] })
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 2))
    // One may always fly alone.
    for (let seq = 3; seq < 7; seq++) line.received(frame(seq, 'x'.repeat(1_000_000)))
    expect(violations).toEqual([])
    line.received(frame(7, 'y'.repeat(1_000)))
    expect(violations).toEqual([[4400, 'window overrun']])
  })

  it('is not mistaken for one that flies alone, or sends much that is volatile, while handlers are slow', async () => {
    const { clock, line, violations, on, handed } = setUp({ window: [100, 1_000] })
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 2))
    line.received(frame(3, 'x'.repeat(1_000_000)))
    line.received(frame(0, 'v'))
    for (let seq = 4; seq < 50; seq++) line.received(`[${frame(seq, 'y')},${frame(0, 'v'.repeat(5_000))}]`)
    on.deliver = () => {}
    await clock.advance(100)
    expect([violations, handed.length]).toEqual([[], 49])
  })

  it('is not mistaken for one that keeps to the window for long while handlers are slow', async () => {
    const { clock, line, violations, on, handed } = setUp({ window: [4, 1_000] })
    on.deliver = () => clock.stall(7)
    let seq = 0
    line.received(pack(1, 4))
    seq = 4
    for (let round = 0; round < 500; round++) {
      // Four are out, and what was delivered is replaced.
      const until = handed.length + 4
      while (seq < until) line.received(frame(++seq, 'x'.repeat(200)))
      await clock.advance(0)
    }
    expect(violations).toEqual([])
    expect(handed.length).toBeGreaterThan(500)
  })
})

describe('a handler', () => {
  it('that closes the connection gets nothing more of the pack, and nothing is acknowledged', async () => {
    const { clock, line, handed, on, sent, session, push } = setUp()
    on.deliver = ([, , , data]) => {
      if (data !== 2) return
      push('too late')
      line.close()
    }
    line.received(pack(1, 4))
    await clock.advance(200)
    expect([handed, sent, session.rx, clock.pending]).toEqual([[1, 2], [], 2, 0])
    line.received(frame(3, 3))
    expect(handed).toEqual([1, 2])
  })

  it('of a control that closes the connection gets nothing more', () => {
    const { line, controls, handed, on } = setUp()
    on.control = () => line.close()
    line.received('["renew"]')
    line.received('["renew"]')
    line.received(frame(1, 1))
    expect([controls.length, handed]).toEqual([1, []])
  })

  it('finds its message counted, so that whatever it does to the connection does not bring it again', () => {
    const { line, on, session } = setUp()
    const cursors: number[] = []
    on.deliver = () => void cursors.push(session.rx)
    line.received(pack(1, 3))
    expect(cursors).toEqual([1, 2, 3])
  })

  it('sends with the ack of what it was given', async () => {
    const { line, on, sent, push } = setUp()
    on.deliver = ([, , , data]) => void push(`re ${data as string}`)
    line.received(pack(1, 3))
    await settleMicrotasks()
    expect(sent).toEqual(['[[1,3,"e","re 1"],[2,3,"e","re 2"],[3,3,"e","re 3"]]'])
  })

  it('is given what comes in while it runs after it has returned', () => {
    const { line, on, handed } = setUp()
    const order: string[] = []
    on.deliver = ([, , , data]) => {
      order.push(`begin ${data as string}`)
      if (data === 1) line.received(frame(2, 2))
      order.push(`end ${data as string}`)
    }
    line.received(frame(1, 1))
    expect(handed).toEqual([1, 2])
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2'])
  })

  it('of an outcome that closes the connection keeps the message with the ack for the replay', () => {
    const { line, handed, session } = setUp()
    line.write({ ...message(1), settle: () => line.close() })
    line.received(frame(1, 'a', 1))
    expect([handed, session.rx]).toEqual([[], 0])
  })
})

describe('a resume', () => {
  it('confirms the session first, then replays what is not acknowledged', () => {
    const { session, line, sent } = setUp()
    for (const data of [1, 2, 3, 4]) session.number(message(data))
    session.acknowledge(1)
    session.accept(1)
    session.quarantineOldest()
    session.quarantineOldest()
    line.resume()
    expect(sent).toEqual(['["a",1]', '[[2,1],[3,1,"e",3],[4,1,"e",4]]'])
  })

  it('of a session with nothing to replay only confirms it', () => {
    const { line, sent } = setUp()
    line.resume()
    expect(sent).toEqual(['["a",0]'])
  })

  it('is not held up by the window', () => {
    const { session, line, sent } = setUp()
    for (const data of range(1, 20)) session.number(message(data))
    session.window = [1, 1]
    line.resume()
    expect(packsOf(sent.slice(1)).flat()).toEqual(range(1, 20))
  })
})
