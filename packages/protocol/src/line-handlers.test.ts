import { describe, expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { frame, message, pack, range, setUpLine } from '../test/support/line.ts'

describe('handlers that take long', () => {
  it('run in slices, in order, and what comes in between waits for its turn', async () => {
    const { clock, line, handed, controls, on } = setUpLine()
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
    const { clock, line, handed, on } = setUpLine()
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
    const { clock, line, sent, on, session } = setUpLine()
    on.deliver = () => clock.stall(20)
    line.received(pack(1, 3))
    await settleMicrotasks()
    expect([sent, session.rx]).toEqual([['["a",1]'], 1])
  })

  it('lose what is left of their pack with the connection, and take it from the replay', async () => {
    const first = setUpLine()
    first.on.deliver = () => first.clock.stall(20)
    first.line.received(pack(1, 3))
    first.line.received('["renew"]')
    first.line.close()
    expect(first.clock.pending).toBe(0)
    first.line.received(frame(2, 2))
    await first.clock.advance(200)
    expect([first.handed, first.controls, first.session.rx]).toEqual([[1], [], 1])

    const second = setUpLine({ session: first.session })
    second.line.received(pack(2, 3))
    expect(second.handed).toEqual([2, 3])
  })

  it('do not let a flood of volatile messages fill the memory', async () => {
    const { clock, line, handed, on, violations } = setUpLine({ window: [10, 10_000] })
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
    const { line, handed } = setUpLine({ window: [10, 1_000] })
    const frames = range(1, 500).map((data) => frame(0, data))
    line.received(`[${frames.join(',')}]`)
    expect(handed).toEqual(range(1, 500))
  })
})

describe('a handler', () => {
  it('that closes the connection gets nothing more of the pack, and nothing is acknowledged', async () => {
    const { clock, line, handed, on, sent, session, push } = setUpLine()
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
    const { line, controls, handed, on } = setUpLine()
    on.control = () => line.close()
    line.received('["renew"]')
    line.received('["renew"]')
    line.received(frame(1, 1))
    expect([controls.length, handed]).toEqual([1, []])
  })

  it('finds its message counted, so that whatever it does to the connection does not bring it again', () => {
    const { line, on, session } = setUpLine()
    const cursors: number[] = []
    on.deliver = () => void cursors.push(session.rx)
    line.received(pack(1, 3))
    expect(cursors).toEqual([1, 2, 3])
  })

  it('is given what comes in while it runs after it has returned', () => {
    const { line, on, handed } = setUpLine()
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
    const { line, handed, session } = setUpLine()
    line.write({ ...message(1), settle: () => line.close() })
    line.received(frame(1, 'a', 1))
    expect([handed, session.rx]).toEqual([[], 0])
  })
})
