import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import type { Scenario } from './scenario.ts'
import { kill } from './scenarios/kill.ts'
import { namespace } from './scenarios/namespace.ts'
import { judge } from './verdict.ts'

expectNothingLeft()

/** Short runs, to see that they run; long ones are for `npm run chaos`. */
async function run({ run: start }: Scenario, seconds: number): Promise<ReturnType<typeof judge>> {
  return judge(await start({ seconds, say: () => {} }))
}

test('on a path on which everything goes wrong, nothing is lost, doubled or out of order', async () => {
  const { violations, faults, summary } = await run(namespace, 5)
  expect(violations).toEqual([])
  expect(faults).toEqual([])
  expect(summary.got['event'], 'traffic').toBeGreaterThan(200)
  expect(summary.resumes, 'resumes').toBeGreaterThan(0)
})

test('a server that is killed again and again: losses are reported, and every outcome is true', async () => {
  const { violations, summary } = await run(kill, 3)
  expect(violations).toEqual([])
  expect(summary.got['event'], 'traffic').toBeGreaterThan(200)
  expect(summary.kills, 'kills').toBeGreaterThan(0)
  expect(summary.losses['unknown'], 'losses').toBeGreaterThan(0)
})
