// Plants faults in a copy of the code, one after another, and runs what has to find each:
// `node test/simulation/planted/main.ts [--only 'part of a name'] [--by tests] [--seeds 2000] [--check] [--write]`.
// One that is not found is a failure. `--check` only looks whether there is a place for each, and `--write` puts the seeds
// that the simulation took into the page about it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { plantedFaults } from './faults.ts'
import type { PlantedFault } from './faults.ts'
import { runTests, simulate } from './finders.ts'
import type { Finding } from './finders.ts'
import { copyWorkspace, root, withFault } from './workspace.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    by: { type: 'string', default: '' },
    seeds: { type: 'string', default: '2000' },
    threads: { type: 'string', default: '2' },
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
type Finder = 'simulation' | 'tests'

const page = join(root, 'test/simulation/README.md')

for (const { name, file, from } of plantedFaults)
  if (readFileSync(join(root, file), 'utf8').split(from).length !== 2) {
    console.error(`'${name}': ${file} does not hold this once:\n${from}\n`)
    process.exitCode = 1
  }
if (process.exitCode || values.check) process.exit()

const scratch = mkdtempSync(join(tmpdir(), 'planted-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const queue = plantedFaults.flatMap((fault): [Finder, PlantedFault][] => {
  const finders: readonly Finder[] = fault.by === 'both' ? ['simulation', 'tests'] : [fault.by]
  return finders.filter((by) => isChosen(by, fault)).map((by) => [by, fault])
})
const bySimulation = new Map<PlantedFault, Finding>()
const missed: string[] = []
const count = queue.length
const copies = Array.from({ length: Number(values.threads) }, (_, index) =>
  copyWorkspace(join(scratch, String(index))),
)
await expectSound(copies[0]!)
await Promise.all(copies.map(follow))
console.log(missed.length === 0 ? `all ${count} were found` : `${missed.length} of ${count} were not found`)
if (values.write) write()
process.exitCode = missed.length === 0 ? 0 : 1

function isChosen(by: Finder, { name }: PlantedFault): boolean {
  return name.includes(values.only) && by.includes(values.by)
}

function search(
  by: Finder,
  folder: string,
  fault: Pick<PlantedFault, 'file'>,
  seeds = values.seeds,
): Promise<Finding | undefined> {
  return by === 'tests' ? runTests(folder, fault) : simulate(folder, seeds)
}

async function expectSound(folder: string): Promise<void> {
  const places = new Map(
    queue.map(([by, { file }]) => [`${by} ${by === 'tests' ? file.split('/')[1] : ''}`, by]),
  )
  for (const [place, by] of places) {
    const finding = await search(by, folder, { file: `packages/${place.split(' ')[1]}/src` }, '200')
    if (!finding) continue
    console.error(`without any planted fault, the ${by} find: ${finding.what}`)
    process.exit(1)
  }
}

async function follow(folder: string): Promise<void> {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [by, fault] = next
    const finding = await withFault(folder, fault, () => search(by, folder, fault))
    if (!finding) missed.push(fault.name)
    else if (by === 'simulation') bySimulation.set(fault, finding)
    const where = finding ? `${finding.what}${finding.seed ? `, seed ${finding.seed}` : ''}` : 'NOT FOUND'
    console.log(`${fault.name}: ${where}`)
  }
}

function write(): void {
  const rows = plantedFaults
    .filter((fault) => fault.by !== 'tests')
    .map((fault) => {
      const [, name] = fault.file.split('/')
      const finding = bySimulation.get(fault)
      return `| ${name} | ${fault.name} | ${finding?.what ?? 'NOT FOUND'} | ${finding?.seed ?? '–'} |`
    })
  const table = [
    '| package | planted fault | found by the rule | at seed |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
  const text = readFileSync(page, 'utf8')
  const marked = /(<!-- planted -->\n)[^]*?(\n<!-- end -->)/
  if (!marked.test(text)) throw new Error(`${page} has no place for the table`)
  writeFileSync(
    page,
    text.replace(marked, (_, start: string, end: string) => `${start}\n${table}\n${end}`),
  )
}
