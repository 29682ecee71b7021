import { describe, expect, it } from 'vitest'
import { clockFaults, createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { encodeBinary, encodeBody } from './frame-codec.ts'
import type { BinaryBody } from './frame-codec.ts'
import type { Line } from './line.ts'
import { encodeText, frame, message, pack, range, setUpLine } from '../test/support/line.ts'

for (const [kind, faults] of Object.entries(clockFaults)) {
  /** How long a timer of 50 ms takes at most. */
  const delay = kind === 'late' ? 58 : 50

  describe(`an ack, with timers that are ${kind}`, () => {
    it('of the first message after quiet leaves at the end of the turn', async () => {
      const { sent, line } = setUpLine({ faults })
      line.received(pack(1, 3))
      expect(sent).toEqual([])
      await settleMicrotasks()
      expect(sent).toEqual(['["a",3]'])
    })

    it('rides on what the handler sends, and needs no message of its own then', async () => {
      const { clock, sent, line, on, push } = setUpLine({ faults })
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
      const { clock, sent, line } = setUpLine({ faults })
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
      const { sent, line } = setUpLine({ faults, window: [10, 1_000_000] })
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
      const { sent, line } = setUpLine({ faults, window: [1_000, 6_000] })
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
      const { sent, line } = setUpLine({ faults, window: [1, 1_000_000] })
      line.received(frame(1, 1))
      await settleMicrotasks()
      line.received(frame(2, 2))
      await settleMicrotasks()
      expect(sent).toEqual(['["a",1]', '["a",2]'])
    })
  })
}

describe('acks', () => {
  it('are never acknowledged', async () => {
    const { clock, sent, line, session, on } = setUpLine()
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
      setUpLine({
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
    const { clock, sent, line, handed } = setUpLine()
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
    const { clock, sent, line, handed } = setUpLine()
    line.received('[[0,0,"e",1],[0,0,"e",2]]')
    expect(handed).toEqual([1, 2])
    await clock.advance(100)
    expect([sent, clock.pending]).toEqual([[], 0])
  })

  it('are owed for void frames, of which nobody hears', async () => {
    const { sent, line, handed, session } = setUpLine()
    line.received('[[1,0],[2,0,"e",2],[3,0]]')
    await settleMicrotasks()
    expect([handed, sent, session.rx]).toEqual([[2], ['["a",3]'], 3])
  })

  it('settle what was written, and tell of it once each', () => {
    const { line, on } = setUpLine()
    const all = [1, 2, 3].map((data) => message(data))
    for (const item of all) line.write(item)
    line.received('["a",1]')
    line.received(frame(1, 'a', 3))
    line.received('["a",2]')
    expect(all.map(({ outcomes }) => outcomes)).toEqual(all.map(() => [{ status: 'delivered' }]))
    expect(on.progress).toBe(2)
  })

  it('tell of progress also when whoever hears of an outcome sends as much again', () => {
    const { line, on, session } = setUpLine()
    line.write({ ...message(1), settle: () => void line.write(message(2)) })
    line.received('["a",1]')
    expect([session.unacknowledged, on.progress]).toEqual([1, 1])
  })
})

describe('a ping', () => {
  it('is answered at once, with the cursor, and takes the place of an ack', async () => {
    const { clock, sent, line, session } = setUpLine()
    const item = message(1)
    session.number(item)
    line.received(frame(1, 'a'))
    line.received('["p",1]')
    expect([sent, item.outcomes]).toEqual([['["q",1]'], [{ status: 'delivered' }]])
    await clock.advance(200)
    expect([sent, clock.pending]).toEqual([['["q",1]'], 0])
  })

  it('is answered while the handlers of earlier messages are still due', async () => {
    const { clock, sent, line, handed, on } = setUpLine()
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 3))
    line.received('["p",0]')
    expect([handed, sent]).toEqual([[1], ['["q",1]']])
    await clock.advance(100)
    expect(handed).toEqual([1, 2, 3])
  })

  it('of ours is answered by any pong, which acknowledges too', () => {
    const { line, on, session } = setUpLine()
    session.number(message(1))
    line.control(['p', 0])
    line.received('["q",1]')
    expect([on.answered, on.progress, session.unacknowledged]).toEqual([[true], 1, 0])
  })
})

describe('controls', () => {
  it('are bounded by messages when they ask for some, answer a ping, or acknowledge something new', () => {
    const heard: unknown[] = []
    const { line, push, outbox, on } = setUpLine({
      controlled: ([name], isBounded) => heard.push([name, isBounded]),
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
