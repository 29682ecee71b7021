// `npm run soak`: everything that takes long, one part after another, up to the first that fails. With flags, such as
// `npm run soak -- --seeds 100000`, only the simulation, which takes them.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const flags = process.argv.slice(2)
const parts: readonly (readonly string[])[] =
  flags.length > 0
    ? [['test/simulation/soak.ts', ...flags]]
    : [
        ['test/simulation/soak.ts', '--seeds', '50000', '--boundaries', '20'],
        ['packages/protocol/test/channel-model/large.ts'],
        ['packages/protocol/test/claim-model/large.ts'],
        ['test/fuzz/main.ts', '--inputs', '1000000'],
        // With RUNS, see test/support/property-runs.ts.
        ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--testTimeout', '3600000'],
        ['test/chaos/main.ts'],
      ]

for (const [file, ...args] of parts) {
  if (parts.length > 1) console.log(`\n━━ ${file} ${args.join(' ')}`)
  const { status } = spawnSync(
    process.execPath,
    ['--conditions=@holdfast/source', '--expose-gc', join(root, file!), ...args],
    { cwd: root, stdio: 'inherit', env: { RUNS: '5000', FUZZ_INPUTS: '100000', ...process.env } },
  )
  if (status !== 0) process.exit(status ?? 1)
}
