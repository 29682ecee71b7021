import { describe, expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { frame, pack, range, setUpLine } from '../test/support/line.ts'

describe('an ack that the peer asks for by a ping', () => {
  it('is the pong to a ping at the end of a pack, which covers the pack', async () => {
    const { clock, sent, line, handed } = setUpLine()
    line.received('[[1,0,"e",1],["p",0]]')
    line.received('[[2,0,"e",2],[3,0,"e",3],["p",0]]')
    expect(handed).toEqual([1, 2, 3])
    expect(sent).toEqual(['["q",1]', '["q",3]'])
    await clock.advance(1_000)
    expect(sent).toHaveLength(2)
  })

  it('is not given by a connection that ends with the frames before the ping', () => {
    const { sent, line, violations } = setUpLine()
    line.received('[[7,0,"e",1],["p",0]]')
    expect([sent, violations]).toEqual([[], [[4425, 'gap']]])
  })

  it('is the pong, when all that came before is delivered', async () => {
    const { clock, sent, line } = setUpLine()
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
    const { clock, sent, line, handed } = setUpLine({ pace: () => (isHeld ? 5 : undefined) })
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
    const { sent, line, push } = setUpLine()
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
    const { socket, sent, line, push, outbox } = setUpLine()
    socket.isOpen = false
    const outcomes = range(1, 3).map(async () => await push('x'.repeat(9_000)))
    await settleMicrotasks()
    socket.isOpen = true
    outbox.flush()
    expect(sent.map((payload) => (payload as string).slice(-8))).toEqual(['["p",0]]', '["p",0]]', '["p",0]]'])
    line.received('["q",1]')
    line.received('["q",3]')
    await Promise.all(outcomes)

    const unpacked = setUpLine({ unpacked: true })
    const outcome = unpacked.push(1).then()
    await settleMicrotasks()
    expect(unpacked.sent).toEqual(['[1,0,"e",1]', '["p",0]'])
    unpacked.line.received('["q",1]')
    await outcome
  })

  it('does not ask again while a ping that covers it is unanswered, nor once an answer has come', async () => {
    const { sent, line, push } = setUpLine()
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
    const { sent, line, push } = setUpLine()
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
    const acked = setUpLine()
    const delivery = acked.push(1)
    await settleMicrotasks()
    void delivery.then()
    acked.line.received('["a",1]')
    await settleMicrotasks()
    expect(acked.sent).toEqual(['[1,0,"e",1]'])

    const closed = setUpLine()
    const unknown = closed.push(1)
    await settleMicrotasks()
    void unknown.then()
    closed.line.close()
    await settleMicrotasks()
    expect(closed.sent).toEqual(['[1,0,"e",1]'])

    const lossy = setUpLine()
    void lossy.push(0, true).then()
    await settleMicrotasks()
    expect(lossy.sent).toEqual(['[0,0,"e",0]'])
  })
})
