// `npm run test:load`: runs a command, `npm test` unless another one is given, beside processes that keep the machine busy,
// and reports how often it passed. With CI set, tests are run again once, and `npm test` lists those that needed it.
//
//   npm run test:load -- --processes 4 --times 3 -- vitest run --project integration test/conformance
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: {
    processes: { type: 'string', default: '4' },
    times: { type: 'string', default: '1' },
    busy: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

if (values.busy) keepBusy()
else process.exitCode = await runBeside(Number(values.processes), Number(values.times))

/** Uses a core, until the process that started this one is gone. */
function keepBusy(): void {
  process.on('disconnect', () => process.exit())
  const spin = (): void => {
    for (const until = performance.now() + 50; performance.now() < until;);
    setImmediate(spin)
  }
  spin()
}

async function runBeside(processes: number, times: number): Promise<number> {
  const load = Array.from({ length: processes }, () => fork(import.meta.filename, ['--busy']))
  const [command = 'npm', ...rest] = positionals
  const outcomes: string[] = []
  for (let round = 1; round <= times; round++) {
    const begun = performance.now()
    const child = spawn(command, positionals.length > 0 ? rest : ['test'], { stdio: 'inherit' })
    const [code] = (await once(child, 'exit')) as [number | null]
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0)
    outcomes.push(`${code === 0 ? 'passed' : `failed with ${code}`} in ${seconds} s`)
  }
  for (const child of load) child.disconnect()
  console.log(`\nBeside ${processes} busy processes: ${outcomes.join(', ')}`)
  return outcomes.every((outcome) => outcome.startsWith('passed')) ? 0 : 1
}
