import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createClientReports } from './client-reports.ts'
import type { SessionRecord } from './session-record.ts'

const setUp = () => {
  const clock = createVirtualClock()
  const reported: unknown[] = []
  return { clock, reported, reports: createClientReports(clock, (error) => reported.push(error)) }
}
const sessionOf = (id: string): SessionRecord => ({ id }) as SessionRecord

describe('reports of what clients cause', () => {
  it('are bounded for one session, which is said once, and others are not concerned', async () => {
    const { clock, reported, reports } = setUp()
    for (let n = 0; n < 1_000; n++) reports.of(sessionOf('other'))
    const greedy = sessionOf('greedy')
    for (let n = 0; n < 1_000; n++) reports.of(greedy)(n)
    expect(reported.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(reported.slice(10)).toMatchObject([{ message: expect.stringContaining('greedy') as string }])
    reports.of(sessionOf('other'))('other')
    expect(reported.at(-1)).toBe('other')
    await clock.advance(20_000)
    for (let n = 0; n < 1_000; n++) reports.of(greedy)(n)
    expect(reported.slice(12)).toMatchObject([0, 1, { message: expect.any(String) as string }])
  })

  it('are bounded for all of them together', async () => {
    const { clock, reported, reports } = setUp()
    for (let n = 0; n < 1_000; n++) reports.of(sessionOf(`${n}`))(n)
    reports.report('one more')
    expect(reported).toHaveLength(101)
    await clock.advance(1_000)
    reports.report('later')
    expect(reported.at(-1)).toBe('later')
  })
})
