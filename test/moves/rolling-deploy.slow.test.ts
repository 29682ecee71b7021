import { expect, test } from 'vitest'
import { describeVerdict, judge } from '../chaos/verdict.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { startProcessFleet } from './process-fleet.ts'
import { deploy } from './rolling-deploy.ts'

expectNothingLeft()

/** How often publications come; more with PUBLICATIONS, where there are more cores. */
const publications = Number(process.env['PUBLICATIONS'] ?? 20)

test('every node of three behind nginx without stickiness is replaced twice under load: no session ends, and nothing is lost, doubled, reordered or unknown', async () => {
  const rate = { messages: 20, requests: 0.5 }
  await using fleet = await startProcessFleet(3, { rate })
  const report = await deploy(fleet, {
    clients: 60,
    rate,
    slowRequests: 0.5,
    publications,
    rounds: 2,
    pace: 9_000,
  })
  const verdict = judge(report)
  console.log(describeVerdict('rolling deploy', report, verdict))
  expect(verdict.violations).toEqual([])
  expect(verdict.faults).toEqual([])
  expect(verdict.summary.moves, 'moves').toBeGreaterThan(60)
})
