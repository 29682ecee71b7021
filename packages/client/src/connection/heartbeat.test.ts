import { describe, expect, it } from 'vitest'
import { createHeartbeat } from './heartbeat.ts'
import type { Watch } from './heartbeat.ts'
import type { Sample } from './sleep.ts'

const { start, onDeadline, onProbe } = createHeartbeat({ interval: 25_000, timeout: 10_000 })
const at = (now: number, more: Partial<Sample> = {}): Sample => ({
  now,
  wall: now,
  random: 0,
  heardAt: 0,
  ...more,
})
const watchOf = (beat: ReturnType<typeof onDeadline>): Watch => {
  if (beat === 'dead') throw new Error('dead')
  return beat.watch
}

describe('a heartbeat', () => {
  it('asks when nothing was heard for an interval', () => {
    expect(onDeadline(start(at(0)), at(25_000))).toMatchObject({
      probe: true,
      watch: { phase: 'probing', deadline: 35_000 },
    })
  })

  it('does not ask while frames come in', () => {
    expect(onDeadline(start(at(0)), at(25_000, { heardAt: 24_000 }))).toEqual({
      watch: { phase: 'quiet', deadline: 49_000 },
    })
  })

  it('asks a second time when the limit was noticed late, and judges after that', () => {
    const first = watchOf(onDeadline(start(at(0)), at(25_000)))
    const second = onDeadline(first, at(600_000))
    expect(second).toMatchObject({
      probe: true,
      watch: { phase: 'probing', repeated: true, deadline: 606_000 },
    })
    const judging = onDeadline(watchOf(second), at(700_000))
    expect(judging).toEqual({ watch: { phase: 'judging', deadline: 700_000 } })
    expect(onDeadline(watchOf(judging), at(700_001))).toBe('dead')
  })

  it('asks a second time when only the wall clock tells that the machine slept', () => {
    const first = watchOf(onDeadline(start(at(0)), at(25_000)))
    expect(onDeadline(first, at(35_000, { wall: 3_600_000 }))).toMatchObject({
      probe: true,
      watch: { repeated: true },
    })
    expect(onDeadline(first, at(35_000, { wall: 35_900 }))).toMatchObject({ watch: { phase: 'judging' } })
  })

  it.each([
    [undefined, 6_000],
    [10, 2_000],
    [1_000, 3_000],
    [60_000, 8_000],
  ])('in doubt, with a round trip of %s ms, it gives the peer %s ms', (rtt, limit) => {
    expect(onProbe(start(at(0)), at(100, { rtt }))).toMatchObject({
      probe: true,
      watch: { deadline: 100 + limit },
    })
  })

  it('never gives the peer longer than the timeout that was asked for', () => {
    const strict = createHeartbeat({ interval: 5_000, timeout: 1_000 })
    expect(strict.onProbe(strict.start(at(0)), at(100))).toMatchObject({ watch: { deadline: 1_100 } })
  })

  it.each([
    [0, 10],
    [10, 0],
    [NaN, 10],
    [10, NaN],
  ])('cannot have an interval of %s and a timeout of %s', (interval, timeout) => {
    expect(() => createHeartbeat({ interval, timeout })).toThrow(/above 0/)
  })

  it('does not ask twice at the same time', () => {
    const probing = watchOf(onProbe(start(at(0)), at(100)))
    expect(onProbe(probing, at(200))).toEqual({ watch: probing })
  })
})
