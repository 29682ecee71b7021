import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import type { HistoryEvent } from '../audit/history.ts'
import { boundaryPlans } from './boundaries.ts'
import { createMachine } from './machine.ts'
import { drawPlan } from './plan.ts'
import type { Plan, Step } from './plan.ts'
import { plantedFaults } from './planted/faults.ts'
import { createRandom } from './random.ts'
import { runPlan } from './run.ts'
import { shrinkPlan } from './shrink.ts'
import { tracePlan } from './trace.ts'

const planOf = (seed: number): Plan => drawPlan(seed, createRandom(seed, 0))

async function historyOf(plan: Plan): Promise<HistoryEvent[]> {
  const history: HistoryEvent[] = []
  await runPlan(plan, { event: (event) => history.push(event), step() {}, frame() {} })
  return history
}

describe('a simulated world', () => {
  it.each([1, 7, 12, 40, 66, 363])('repeats itself to the last event (seed %i)', async (seed) => {
    const history = await historyOf(planOf(seed))
    expect(history.length).toBeGreaterThan(30)
    expect(await historyOf(planOf(seed))).toEqual(history)
  })

  it('differs from seed to seed', async () => {
    expect(await historyOf(planOf(1))).not.toEqual(await historyOf(planOf(2)))
  })

  it('sees everything that can happen, over some seeds', async () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 60; seed++)
      for (const event of await historyOf(planOf(seed))) {
        seen.add(event.type)
        if (event.type === 'settled') seen.add(`${event.status} ${event.reason ?? ''}`.trim())
        if (event.type === 'lost' || event.type === 'left') seen.add(`${event.type} ${event.why}`)
        if (event.type === 'joined' && event.arrival === 'moved') seen.add('arrived')
        if (event.type === 'open' && event.resumed) seen.add('resumed')
        if (event.type === 'answered') seen.add(`answered ${event.how} ${event.code ?? ''}`.trim())
      }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        ...['delivered', 'sent', 'unknown session-lost', 'undelivered expired', 'undelivered overflow'],
        ...['undelivered cancelled', 'undelivered replaced', 'undelivered volatile', 'undelivered too-large'],
        ...['undelivered session-lost', 'undelivered closed', 'undelivered disposed', 'resumed', 'killed'],
        ...['lost closed', 'lost expired', 'lost unknown', 'lost identity', 'left left', 'left drained'],
        ...['left moved', 'unknown moved', 'arrived'],
        ...['answered right', 'answered error timeout', 'answered error unknown', 'answered error remote'],
      ]),
    )
  })

  it('can be written down for people', async () => {
    const text = await tracePlan(planOf(1))
    expect(text).toMatch(/^ +0\.000 {2}c0 +did what "connect"$/m)
    expect(text).toMatch(/──▶ 1 \["hi"/)
    expect(text).toMatch(/^ +[\d.]+ +> send \(place 0\)/m)
  })
})

describe('a break at a frame', () => {
  it('is where it is said to be, and one more follows on the next connection', async () => {
    const plan = [...boundaryPlans(1, { toServer: 4, toClient: 4 })].find(({ steps: [first] }) => {
      const { action } = first!
      return action.do === 'cut-at' && action.direction === 'toClient' && action.frames.join() === '4,2'
    })
    const frames: string[] = []
    await runPlan(plan!, {
      event() {},
      step() {},
      frame: (_, __, text) => void (text.startsWith('◀') && frames.push(text.replace(/ [["{].*/, ''))),
    })
    expect(frames.slice(0, 7)).toEqual([
      '◀── 1',
      '◀── 1',
      '◀── 1',
      '◀── 1 (drop)',
      '◀── 2',
      '◀── 2 (drop)',
      '◀── 3',
    ])
  })
})

describe('shortening a plan', () => {
  const sendStep = (count: number, size: number, wait: number): Step => ({
    wait,
    client: 0,
    action: { do: 'send', from: 'client', kind: 'event', count, size, wish: 'nothing' },
  })
  const plan: Plan = {
    ...planOf(1),
    steps: Array.from({ length: 40 }, (_, index) => sendStep(index + 1, 100, 10)),
  }
  const counts = ({ steps }: Plan): number[] =>
    steps.map(({ action }) => (action.do === 'send' ? action.count : 0))

  it('leaves what it takes to fail, in its order, and at its time', async () => {
    const fails = (candidate: Plan): Promise<boolean> =>
      Promise.resolve(counts(candidate).includes(7) && counts(candidate).includes(31))
    const { steps } = await shrinkPlan(plan, fails, 1_000)
    expect(steps).toEqual([sendStep(7, 0, 0), sendStep(31, 0, 0)])
  })

  it('keeps the time that passes, where that matters', async () => {
    const timeOf = ({ steps }: Plan): number => steps.reduce((sum, { wait }) => sum + wait, 0)
    const { steps } = await shrinkPlan(plan, (candidate) => Promise.resolve(timeOf(candidate) >= 400), 1_000)
    expect(steps).toHaveLength(1)
    expect(steps[0]!.wait).toBe(400)
  })

  it('ends after as many runs as it may take', async () => {
    let runs = 0
    const fails = (): Promise<boolean> => Promise.resolve(++runs < 0)
    await shrinkPlan(plan, fails, 3)
    expect(runs).toBe(3)
  })
})

describe('a machine', () => {
  it.each(['stops', 'runs'] as const)(
    'that sleeps lets no timer fire, and its steady clock %s',
    async (style) => {
      const base = createVirtualClock()
      const { clock, ...machine } = createMachine(base, () => 0)
      const { sleep, wake } = machine
      const begun = clock.now()
      const fired: number[] = []
      clock.setTimer(() => fired.push(clock.now() - begun), 100)
      clock.setTimer(() => fired.push(clock.now() - begun), 5_000)
      await base.advance(60)
      sleep(style)
      await base.advance(1_000)
      expect(fired).toEqual([])
      wake()
      await base.advance(10_000)
      expect(fired).toEqual(style === 'stops' ? [100, 5_000] : [1_060, 5_000])
      expect(machine.pending === 0 || base.pending === 0).toBe(true)
    },
  )

  it('that is halted has no timers', async () => {
    const base = createVirtualClock()
    const machine = createMachine(base, () => 0)
    machine.clock.setTimer(() => expect.unreachable(), 10)
    machine.halt()
    await base.advance(20)
    expect([machine.pending, base.pending]).toEqual([0, 0])
  })

  it('has a wall clock that can be set', () => {
    const base = createVirtualClock()
    const machine = createMachine(base, () => 0)
    const before = machine.clock.wall()
    machine.jump(-3_600_000)
    expect(machine.clock.wall()).toBe(before - 3_600_000)
    expect(machine.clock.now()).toBe(base.now())
  })
})

describe('the planted faults', () => {
  it('are as many as are promised, each with a name of its own', () => {
    expect(plantedFaults.length).toBeGreaterThanOrEqual(30)
    expect(new Set(plantedFaults.map(({ name }) => name)).size).toBe(plantedFaults.length)
  })

  it.each(plantedFaults)('$name: there is a place for it', ({ file, from, to }) => {
    const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
    expect(text.split(from)).toHaveLength(2)
    expect(to).not.toBe(from)
  })
})
