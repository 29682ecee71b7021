import { describe, expect, it } from 'vitest'
import { clockFaults, settleMicrotasks } from '@holdfast/testing'
import type { Control } from './frame.ts'
import { frame, pack, range, setUpLine } from '../test/support/line.ts'
import type { LineSetup } from '../test/support/line.ts'

/** Lets so many messages be delivered at once, and one more each 10 ms. */
function paced(burst: number, options: LineSetup = {}) {
  let used = 0
  let startedAt: number | undefined
  const dropped: number[] = []
  const seen: Control[] = []
  const scene = setUpLine({
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

  it('push out volatile ones that come when the window is full: their acks are taken, and they are counted when what came before is delivered', async () => {
    const { line, dropped, push, handed, clock } = paced(1, { window: [3, 1_000] })
    const delivery = push('mine')
    await settleMicrotasks()
    line.received(pack(1, 4))
    line.received(frame(0, 'v'))
    line.received(`[${frame(0, 'w')},${frame(0, 'x', 1)}]`)
    await settleMicrotasks()
    expect([dropped, delivery.outcome]).toEqual([[], { status: 'delivered' }])
    await clock.advance(100)
    expect([handed, dropped]).toEqual([range(1, 4), [3]])
  })

  it('report no dropped ones when the connection ends with the last that came before', async () => {
    const scene = paced(1, {
      window: [2, 1_000],
      deliver: ([seq]) => {
        if (seq === 3) scene.line.close()
      },
    })
    scene.line.received(pack(1, 3))
    scene.line.received(frame(0, 'v'))
    await scene.clock.advance(100)
    expect(scene.dropped).toEqual([])
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
