import { longestTimer } from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockFaults, createVirtualClock, settleMicrotasks } from './clock.ts'
import type { VirtualClock } from './clock.ts'

/** Sets a timer that writes its name and the time into a list. */
function setUp(faults?: Parameters<typeof createVirtualClock>[0]): {
  clock: VirtualClock
  fired: (readonly [name: string, after: number])[]
  set(name: string, delay: number): unknown
} {
  const clock = createVirtualClock(faults)
  const start = clock.now()
  const fired: (readonly [string, number])[] = []
  return {
    clock,
    fired,
    set: (name, delay) => clock.setTimer(() => fired.push([name, clock.now() - start]), delay),
  }
}

describe('the time of a virtual clock', () => {
  test('a virtual clock stands still until the test advances it', async () => {
    const { clock, fired, set } = setUp()
    const before = clock.now()
    set('now', 0)
    await settleMicrotasks()
    expect(fired).toEqual([])
    expect(clock.now()).toBe(before)
  })

  test('advance() moves both clocks by the given milliseconds', async () => {
    const clock = createVirtualClock()
    const [now, wall] = [clock.now(), clock.wall()]
    await clock.advance(1_500)
    expect([clock.now() - now, clock.wall() - wall]).toEqual([1_500, 1_500])
  })

  test('the wall clock shows whole milliseconds and now() fractions of them, as on platforms', () => {
    const clock = createVirtualClock()
    expect(Number.isInteger(clock.wall())).toBe(true)
    expect(Number.isInteger(clock.now())).toBe(false)
  })

  test('advance() moves the time to each timer before it fires, then to the end', async () => {
    const { clock, fired, set } = setUp()
    set('b', 20)
    set('a', 10)
    set('later', 31)
    await clock.advance(30)
    expect(fired).toEqual([
      ['a', 10],
      ['b', 20],
    ])
    await clock.advance(1)
    expect(fired.at(-1)).toEqual(['later', 31])
  })

  test('pending promise callbacks run before the time advances', async () => {
    const { clock, fired, set } = setUp()
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => set('from a promise', 5))
    clock.setTimer(() => void Promise.resolve().then(() => set('from a timer', 5)), 10)
    await clock.advance(20)
    expect(fired).toEqual([
      ['from a promise', 5],
      ['from a timer', 15],
    ])
  })

  test('advance() stops at a timer that throws, and the next call continues from there', async () => {
    const { clock, fired, set } = setUp()
    clock.setTimer(() => {
      throw new Error('of a timer')
    }, 5)
    set('after', 6)
    await expect(clock.advance(10)).rejects.toThrow('of a timer')
    expect(fired).toEqual([])
    await clock.advance(1)
    expect(fired).toEqual([['after', 6]])
  })

  test('advance() stops when the look function of the caller returns false', async () => {
    const { clock, fired, set } = setUp()
    set('first', 5)
    set('second', 5)
    await clock.advance(10, () => fired.length < 1)
    expect(fired).toEqual([['first', 5]])
    await clock.advance(10)
    expect(fired.length).toBe(2)
  })
})

describe('timers of a virtual clock', () => {
  test('timers of the same moment fire in the order in which they were set', async () => {
    const { clock, fired, set } = setUp()
    const names = Array.from({ length: 200 }, (_, index) => String(index))
    for (const name of names) set(name, 10)
    await clock.advance(10)
    expect(fired.map(([name]) => name)).toEqual(names)
  })

  test('a timer that another timer sets with no delay fires after those of the same moment', async () => {
    const { clock, fired, set } = setUp()
    clock.setTimer(() => set('new', 0), 10)
    set('old', 10)
    await clock.advance(10)
    expect(fired).toEqual([
      ['old', 10],
      ['new', 10],
    ])
  })

  test('a timer can clear another one, even of the same moment', async () => {
    const { clock, fired, set } = setUp()
    clock.setTimer(() => clock.clearTimer(victim), 10)
    const victim = set('victim', 10)
    set('other', 10)
    await clock.advance(20)
    expect(fired).toEqual([['other', 10]])
    expect(clock.pending).toBe(0)
  })

  test('a timer can be cleared while it fires, after it has fired, twice, and if it does not exist', async () => {
    const clock = createVirtualClock()
    const timer = clock.setTimer(() => clock.clearTimer(timer), 1)
    const other = clock.setTimer(() => {}, 5)
    await clock.advance(1)
    clock.clearTimer(timer)
    expect(clock.pending).toBe(1)
    clock.clearTimer(other)
    clock.clearTimer(other)
    clock.clearTimer(undefined)
    expect(clock.pending).toBe(0)
    expect(clock.next).toBeUndefined()
  })

  test.each([
    ['longer than 31 bits', longestTimer + 1, 1],
    ['that never ends', Infinity, 1],
    ['below zero', -5, 0],
    ['that is no number', Number.NaN, 0],
  ])('with a delay %s fire at once, as on every platform', async (_, delay, after) => {
    const { clock, fired, set } = setUp()
    set('odd', delay)
    set('next', 2)
    await clock.advance(2)
    expect(fired).toEqual([
      ['odd', after],
      ['next', 2],
    ])
  })

  test('a timer with the longest delay of 31 bits fires after that delay', async () => {
    const { clock, fired, set } = setUp()
    set('long', longestTimer)
    await clock.advance(longestTimer - 1)
    expect(fired).toEqual([])
    await clock.advance(1)
    expect(fired).toEqual([['long', longestTimer]])
  })

  test('a virtual clock counts its pending timers and knows the next one', () => {
    const { clock, set } = setUp()
    const first = set('first', 10)
    set('second', 20)
    expect([clock.pending, clock.next! - clock.now()]).toEqual([2, 10])
    clock.clearTimer(first)
    expect([clock.pending, clock.next! - clock.now()]).toEqual([1, 20])
  })

  test('a virtual clock handles many timers of which most are cleared', async () => {
    const { clock, fired, set } = setUp()
    const kept: number[] = []
    for (let index = 0; index < 20_000; index++) {
      const delay = (index * 7_919) % 10_007
      const timer = set(String(index), delay)
      if (index % 50 === 0) kept.push(delay)
      else clock.clearTimer(timer)
    }
    expect(clock.pending).toBe(kept.length)
    await clock.advance(10_007)
    expect(fired.map(([, after]) => after)).toEqual(kept.toSorted((a, b) => a - b))
  })
})

describe('a clock with faults', () => {
  test.each([
    ['exact', 1_000, 1_000],
    ['early', 1_000, 999.1],
    ['early', 1, 0.4],
    ['late', 1_000, 1_103],
  ] as const)('that is %s fires a timer of %s ms after %s', async (fault, delay, after) => {
    const { clock, fired, set } = setUp(clockFaults[fault])
    set('timer', delay)
    await clock.advance(2_000)
    expect(fired[0]![1]).toBeCloseTo(after, 6)
  })

  test('a coarse clock shows the time in steps, and timers fire in between', async () => {
    const clock = createVirtualClock(clockFaults.coarse)
    const seen: number[] = []
    const before = clock.now()
    clock.setTimer(() => seen.push(clock.now()), 20)
    await clock.advance(31)
    expect(clock.now() % 16).toBe(0)
    expect(seen).toEqual([before + 16])
    await clock.advance(1)
    expect(clock.now()).toBe(before + 32)
  })

  test('a timer never fires in the past, however early the clock is', async () => {
    const { clock, fired, set } = setUp({ firesAt: (due) => due - 500 })
    set('timer', 100)
    expect(clock.next).toBe(clock.now())
    await clock.advance(0)
    expect(fired).toEqual([['timer', 0]])
  })
})

describe('a machine that sleeps', () => {
  test('where the clock stops, no timer fires during sleep, and timers continue as if no time had passed', async () => {
    const { clock, fired, set } = setUp()
    const [now, wall] = [clock.now(), clock.wall()]
    set('timer', 100)
    clock.sleep(60_000)
    expect([clock.now() - now, clock.wall() - wall]).toEqual([0, 60_000])
    await clock.advance(99)
    expect(fired).toEqual([])
    await clock.advance(1)
    expect(fired).toEqual([['timer', 100]])
  })

  test('where the clock runs on, overdue timers fire in order on waking', async () => {
    const { clock, fired, set } = setUp()
    const [now, wall] = [clock.now(), clock.wall()]
    set('second', 200)
    set('first', 100)
    set('later', 60_001)
    clock.sleep(60_000, 'runs')
    expect([clock.now() - now, clock.wall() - wall]).toEqual([60_000, 60_000])
    expect(fired).toEqual([])
    await clock.advance(0)
    expect(fired).toEqual([
      ['first', 60_000],
      ['second', 60_000],
    ])
  })

  test('a timer may put the machine to sleep', async () => {
    const { clock, fired, set } = setUp()
    clock.setTimer(() => clock.stall(100), 10)
    set('overdue', 15)
    set('later', 111)
    await clock.advance(20)
    expect(fired).toEqual([['overdue', 110]])
    await clock.advance(1)
    expect(fired.at(-1)).toEqual(['later', 111])
  })
})

test('on a busy page both clocks advance, and timers fire late', async () => {
  const { clock, fired, set } = setUp()
  const wall = clock.wall()
  set('timer', 100)
  clock.stall(5_000)
  expect(fired).toEqual([])
  expect(clock.wall() - wall).toBe(5_000)
  await clock.advance(0)
  expect(fired).toEqual([['timer', 5_000]])
})

test.each([3_600_000, -3_600_000])('a wall clock that is set by %s ms changes nothing else', async (ms) => {
  const { clock, fired, set } = setUp()
  const [now, wall] = [clock.now(), clock.wall()]
  set('timer', 100)
  clock.jump(ms)
  expect([clock.now() - now, clock.wall() - wall]).toEqual([0, ms])
  await clock.advance(100)
  expect(fired).toEqual([['timer', 100]])
})

describe('beside a clock that looks through a list', () => {
  type Step =
    | { readonly kind: 'set'; readonly delay: number; readonly then: number | undefined }
    | { readonly kind: 'clear'; readonly which: number }
    | { readonly kind: 'advance' | 'stall'; readonly ms: number }

  const steps = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('set' as const),
          delay: fc.nat(40),
          then: fc.option(fc.nat(20), { nil: undefined }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('clear' as const), which: fc.nat(30) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom('advance' as const, 'stall' as const), ms: fc.nat(30) }),
      },
    ),
    { maxLength: 120 },
  )

  /** The same in the simplest way: the earliest of a list, and of those the first. */
  function createNaiveClock(firesAt: (due: number, delay: number) => number) {
    let time = 1_000.25
    const list: { at: number; callback: () => void }[] = []
    return {
      now: () => time,
      setTimer(callback: () => void, delay: number): unknown {
        const timer = { at: Math.max(time, firesAt(time + delay, delay)), callback }
        list.push(timer)
        return timer
      },
      clearTimer(timer: unknown): void {
        const index = list.indexOf(timer as never)
        if (index >= 0) list.splice(index, 1)
      },
      stall: (ms: number) => void (time += ms),
      advance(ms: number): void {
        const until = time + ms
        for (;;) {
          const at = Math.min(...list.map((timer) => timer.at))
          if (!(at <= until)) break
          const index = list.findIndex((timer) => timer.at === at)
          const [timer] = list.splice(index, 1)
          time = Math.max(time, at)
          timer!.callback()
        }
        time = Math.max(time, until)
      },
      get pending() {
        return list.length
      },
    }
  }

  async function run(
    clock: Pick<VirtualClock, 'now' | 'setTimer' | 'clearTimer' | 'stall' | 'pending'> & {
      advance(ms: number): unknown
    },
    plan: readonly Step[],
  ): Promise<unknown[]> {
    const trace: unknown[] = []
    const handles: unknown[] = []
    for (const [index, step] of plan.entries()) {
      switch (step.kind) {
        case 'set':
          handles.push(
            clock.setTimer(() => {
              trace.push([index, clock.now()])
              if (step.then !== undefined)
                handles.push(clock.setTimer(() => trace.push([index, 'again', clock.now()]), step.then))
            }, step.delay),
          )
          break
        case 'clear':
          clock.clearTimer(handles[step.which])
          break
        case 'advance':
          await clock.advance(step.ms)
          break
        case 'stall':
          clock.stall(step.ms)
          break
      }
      trace.push([clock.now(), clock.pending])
    }
    await clock.advance(10_000)
    return trace
  }

  test.each(['exact', 'early', 'late'] as const)(
    'the same timers fire at the same times: %s',
    async (fault) => {
      const { firesAt = (due: number) => due } = clockFaults[fault]
      await fc.assert(
        fc.asyncProperty(steps, async (plan) => {
          expect(await run(createVirtualClock(clockFaults[fault]), plan)).toEqual(
            await run(createNaiveClock(firesAt), plan),
          )
        }),
      )
    },
  )
})
