import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { encodeBinary, encodeBody } from './frame-codec.ts'
import type { BinaryBody } from './frame-codec.ts'
import { encodeText, frame, message, packsOf, range, setUpLine } from '../test/support/line.ts'

describe('what is written', () => {
  it('leaves as one message at the end of its turn', async () => {
    const { sent, push } = setUpLine()
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
          const { sent, line } = setUpLine()
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
    const { sent, line } = setUpLine({ maxPayload: 1_024 })
    for (let index = 0; index < 50; index++) line.write(message('€'.repeat((index * 7) % 300)))
    line.flushed()
    expect(packsOf(sent).flat()).toHaveLength(50)
    expect(Math.max(...sent.map((payload) => encodeText(payload as string).length))).toBeLessThanOrEqual(
      1_024,
    )
    expect(sent.length).toBeLessThan(50)
  })

  it('is not packed when a frame at fault is looked for', () => {
    const { sent, line } = setUpLine({ unpacked: true })
    for (const data of [1, 2, 3]) line.write(message(data))
    line.flushed()
    expect(sent).toEqual(['[1,0,"e",1]', '[2,0,"e",2]', '[3,0,"e",3]'])
  })

  it('keeps its order with bytes in between, which are never packed', () => {
    const { sent, line } = setUpLine()
    for (const data of [1, 2, new Uint8Array([3]), new Uint8Array([4]), 5, 6]) line.write(message(data))
    line.flushed()
    expect(packsOf(sent)).toEqual([[1, 2], [new Uint8Array([3])], [new Uint8Array([4])], [5, 6]])
    const body = encodeBody('e', new Uint8Array([3])) as BinaryBody
    expect(sent[1]).toEqual(encodeBinary(3, 0, body, encodeText))
  })

  it('keeps its order with controls', () => {
    const { sent, line } = setUpLine()
    line.write(message(1))
    line.control(['bye', { rx: 0 }])
    expect(sent).toEqual(['[1,0,"e",1]', '["bye",{"rx":0}]'])
  })

  it('carries the cursor of the moment', () => {
    const { sent, line } = setUpLine()
    line.received(frame(1, 'a'))
    line.write(message(1))
    line.received(frame(2, 'b'))
    line.write(message(2))
    line.flushed()
    expect(sent).toEqual(['[[1,1,"e",1],[2,2,"e",2]]'])
  })

  it('cannot be taken back any more, and is settled by the peer alone', async () => {
    const { line, push } = setUpLine()
    const delivery = push(1)
    await settleMicrotasks()
    expect([delivery.cancel(), delivery.outcome]).toEqual([false, undefined])
    line.received('["a",1]')
    expect(delivery.outcome).toEqual({ status: 'delivered' })
  })

  it('waits for room in the window of the peer', async () => {
    const { session, line, sent, push, on, outbox } = setUpLine()
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
    const { line, socket } = setUpLine()
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
    const { line, session, sent } = setUpLine()
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
    const { sent, push, session } = setUpLine()
    const [numbered, volatile] = [push(1), push(2, true)]
    await settleMicrotasks()
    expect(sent).toEqual(['[[1,0,"e",1],[0,0,"e",2]]'])
    expect([numbered.outcome, volatile.outcome]).toEqual([undefined, { status: 'sent' }])
    expect(session.unacknowledged).toBe(1)
  })

  it('of bytes is sent at once', () => {
    const { sent, line } = setUpLine()
    const bytes = message(new Uint8Array([1]), true)
    expect(line.write(bytes)).toBe(true)
    expect([sent.length, bytes.outcomes]).toEqual([1, [{ status: 'sent' }]])
  })

  it('is undelivered when the socket refuses its pack', async () => {
    const { socket, push, session } = setUpLine()
    const [numbered, text, bytes] = [push(1), push(2, true), push(new Uint8Array(1), true)]
    socket.refuses = true
    await settleMicrotasks()
    expect(text.outcome).toEqual({ status: 'undelivered', reason: 'volatile' })
    expect(bytes.outcome).toEqual({ status: 'undelivered', reason: 'volatile' })
    expect([numbered.outcome, session.unacknowledged]).toEqual([undefined, 1])
  })

  it('is undelivered when the socket refuses the pack before it', async () => {
    const { socket, push } = setUpLine()
    push('x'.repeat(10_000))
    socket.refuses = true
    const late = push('y'.repeat(10_000), true)
    await settleMicrotasks()
    expect(late.outcome).toEqual({ status: 'undelivered', reason: 'volatile' })
  })
})

describe('a socket that refuses', () => {
  it('loses nothing that is numbered', () => {
    const first = setUpLine()
    for (const data of ['a'.repeat(10_000), 'b'.repeat(10_000), new Uint8Array(1), 'c'])
      first.line.write(message(data))
    first.socket.refuses = true
    first.line.write(message('d'.repeat(16_380)))
    first.line.flushed()
    first.line.close()

    const second = setUpLine({ session: first.session })
    second.line.resume()
    const [, ...messages] = packsOf(second.sent)
    expect(messages.flat().map((data) => (data as { length: number }).length)).toEqual([
      10_000, 10_000, 1, 1, 16_380,
    ])
    expect(first.session.unacknowledged).toBe(5)
  })

  it('is not asked again for the rest of a replay', () => {
    const { session, line, socket } = setUpLine()
    let refused = 0
    for (let index = 0; index < 50; index++) session.number(message('x'.repeat(1_000)))
    const again = setUpLine({
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

describe('a resume', () => {
  it('confirms the session first, then replays what is not acknowledged', () => {
    const { session, line, sent } = setUpLine()
    for (const data of [1, 2, 3, 4]) session.number(message(data))
    session.acknowledge(1)
    session.accept(1)
    session.quarantineOldest()
    session.quarantineOldest()
    line.resume()
    expect(sent).toEqual(['["a",1]', '[[2,1],[3,1,"e",3],[4,1,"e",4]]'])
  })

  it('of a session with nothing to replay only confirms it', () => {
    const { line, sent } = setUpLine()
    line.resume()
    expect(sent).toEqual(['["a",0]'])
  })

  it('is not held up by the window', () => {
    const { session, line, sent } = setUpLine()
    for (const data of range(1, 20)) session.number(message(data))
    session.window = [1, 1]
    line.resume()
    expect(packsOf(sent.slice(1)).flat()).toEqual(range(1, 20))
  })
})
