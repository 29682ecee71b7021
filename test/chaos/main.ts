// Real faults on real sockets: node --conditions=@holdfast/source test/chaos/main.ts [--seconds N] [--scenario NAME]
import { parseArgs } from 'node:util'
import { isInNamespace, namespaceObstacle, runInNamespace } from './paths.ts'
import { kill } from './scenarios/kill.ts'
import { namespace } from './scenarios/namespace.ts'
import { reconnects } from './scenarios/reconnects.ts'
import { storm } from './scenarios/storm.ts'
import { describeVerdict, judge } from './verdict.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, scenario: { type: 'string' } },
})
const scenarios = [namespace, kill, storm, reconnects].filter(
  ({ name }) => values.scenario === undefined || values.scenario === name,
)
if (scenarios.length === 0) throw new Error(`there is no scenario '${values.scenario}'`)
const say = (text: string): void => console.log(text)

for (const scenario of scenarios) {
  const { name } = scenario
  const seconds = values.seconds === undefined ? scenario.seconds : Number(values.seconds)
  if (scenario === namespace && !isInNamespace) {
    const obstacle = namespaceObstacle()
    if (obstacle === undefined) {
      const status = runInNamespace(import.meta.filename, ['--scenario', name, '--seconds', String(seconds)])
      if (status !== 0) process.exitCode = 1
      continue
    }
    say(`no network namespace with nft on this machine (${obstacle}): a TCP proxy stands in`)
  }
  say(`${name}:`)
  const report = await scenario.run({ seconds, say })
  const verdict = judge(report)
  say(describeVerdict(name, report, verdict))
  if (verdict.violations.length + verdict.faults.length > 0) process.exitCode = 1
}
// Sockets of Node that were abandoned on a dead path would keep the process for as long as the system tries.
process.exit()
