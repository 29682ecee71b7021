import { expect, test } from 'vitest'
import { describeVerdict, judge } from '../chaos/verdict.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { startFleet } from './fleet.ts'
import { createLocalNodes } from './local-nodes.ts'
import { deploy } from './rolling-deploy.ts'

expectNothingLeft()

test('a rolling deploy of hubs that share a broker ends no session, and nothing is lost, doubled, reordered or unknown', async () => {
  const rate = { messages: 20, requests: 2 }
  await using fleet = await startFleet('hubs of one process, memory()', createLocalNodes(rate), 2)
  const report = await deploy(fleet, {
    clients: 10,
    rate,
    slowRequests: 1,
    publications: 20,
    rounds: 2,
    pace: 1_000,
  })
  const verdict = judge(report)
  expect(verdict.violations, describeVerdict('rolling deploy', report, verdict)).toEqual([])
  expect(verdict.faults).toEqual([])
  expect(verdict.summary.moves, 'moves').toBeGreaterThanOrEqual(4 * 5)
})
