import { describe, expect, it } from 'vitest'
import { frame, pack, setUpLine } from '../test/support/line.ts'

describe('a peer that breaks the rules', () => {
  it('ends the connection by a gap, and nothing is delivered after it', () => {
    const { line, handed, violations, session } = setUpLine()
    line.received('[[1,0,"e",1],[3,0,"e",3],[4,0,"e",4]]')
    line.received(frame(2, 2))
    expect([handed, violations, session.rx]).toEqual([[1], [[4425, 'gap']], 1])
  })

  it('ends it by an ack of the future, whatever carries it', () => {
    for (const text of ['["a",1]', '["p",1]', '["q",1]', '[0,1]', '[1,1,"e",1]', '[0,1,"e",1]']) {
      const { line, handed, violations } = setUpLine()
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
      const { line, violations } = setUpLine()
      line.received(payload)
      expect(violations.map(([value]) => value)).toEqual([code])
    }
  })

  it('ends it by more messages than its window lets it write', () => {
    const { clock, line, violations, on, handed } = setUpLine({ window: [10, 1_000_000] })
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 100))
    expect(violations).toEqual([])
    line.received(pack(101, 4_117))
    expect(violations).toEqual([])
    line.received(frame(4_118, 0))
    expect([violations, handed]).toEqual([[[4400, 'window overrun']], [1]])
  })

  it('ends it by more bytes than its window lets it write', () => {
    const { clock, line, violations, on } = setUpLine({ window: [10, 1_000] })
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 2))
    // One may always fly alone.
    for (let seq = 3; seq < 7; seq++) line.received(frame(seq, 'x'.repeat(1_000_000)))
    expect(violations).toEqual([])
    line.received(frame(7, 'y'.repeat(1_000)))
    expect(violations).toEqual([[4400, 'window overrun']])
  })

  it('is not mistaken for one that flies alone, or sends much that is volatile, while handlers are slow', async () => {
    const { clock, line, violations, on, handed } = setUpLine({ window: [100, 1_000] })
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
    const { clock, line, violations, on, handed } = setUpLine({ window: [4, 1_000] })
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
