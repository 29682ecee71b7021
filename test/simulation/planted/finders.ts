// Who finds planted faults: the simulation, and the tests of the package.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { PlantedFault } from './faults.ts'
import { root } from './workspace.ts'

/** What shows a fault. */
export interface Finding {
  /** The rule that is broken, or the test that fails. */
  readonly what: string
  /** How many seeds the simulation took. */
  readonly seed?: number
}

/** A fault by which the code hangs has been found, too. */
const patience = 600_000
const hung: Finding = { what: 'does not end' }

/** Runs the seeds of the simulation up to the first that fails. */
export async function simulate(folder: string, seeds: string): Promise<Finding | undefined> {
  const soak = join(folder, 'test/simulation/soak.ts')
  const flags = ['--seeds', seeds, '--threads', '1', '--shrink', '0']
  const { code, output } = await run(folder, ['--conditions=@holdfast/source', soak, ...flags])
  if (code === undefined) return hung
  if (code === 0) return undefined
  const found = /^seed (\d+) fails with \d+ steps: ([\w-]+): .*$/m.exec(output)
  if (found) return { what: found[2]!, seed: Number(found[1]) }
  return { what: `crashes: ${output.slice(-2_000)}`, seed: 1 }
}

/**
 * Runs the tests beside the file of a fault, then those of its folder, then all of its package and those of both ends, up to the first that
 * fails.
 */
export async function runTests(
  folder: string,
  { file }: Pick<PlantedFault, 'file'>,
): Promise<Finding | undefined> {
  const beside = file.replace(/\.ts$/, '.test.ts')
  const [, name] = file.split('/')
  const all = [`packages/${name}/src`, 'test/simulation/sessions.test.ts']
  const parts = [beside, dirname(file)].filter((path) => path !== all[0] && existsSync(join(folder, path)))
  for (const part of parts) {
    const found = await firstFailure(folder, [part])
    if (found) return found
  }
  return firstFailure(folder, all)
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message?: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

async function firstFailure(folder: string, files: readonly string[]): Promise<Finding | undefined> {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const flags = [
    'run',
    '--root',
    folder,
    '--bail',
    '1',
    '--maxWorkers',
    '1',
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const { code } = await run(folder, [vitest, ...flags, ...files], { RUNS: '500' })
  if (code === undefined) return hung
  if (code === 0) return undefined
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed) return { what: `${relative(folder, name)}: ${failed.fullName}` }
  }
  const broken = testResults.find(({ status }) => status === 'failed')
  return { what: `does not load: ${broken?.message ?? ''}` }
}

/** Without a code, it did not come to an end. */
async function run(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | undefined; readonly output: string }> {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  let isHung = false
  const limit = setTimeout(() => {
    isHung = true
    child.kill('SIGKILL')
  }, patience)
  const code = await new Promise<number>((resolve) => child.on('close', (ended) => resolve(ended ?? 1)))
  clearTimeout(limit)
  return { code: isHung ? undefined : code, output }
}
