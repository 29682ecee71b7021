// Plants faults in a copy of the code, one after another, and counts the seeds until the simulation finds each:
// `node test/simulation/planted/main.ts [--only 'part of a name'] [--seeds 2000] [--write]`. One that is not found is a
// failure. `--write` puts the table into the page about the simulation.
import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { plantedFaults } from './faults.ts'
import type { PlantedFault } from './faults.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '2000' },
    threads: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
})

/** What the simulation says of a planted fault. */
interface Finding {
  readonly fault: PlantedFault
  /** How many seeds it took; none if it was not found. */
  readonly seeds: number | undefined
  readonly rule: string
}

const root = join(import.meta.dirname, '../../..')
const page = join(root, 'test/simulation/README.md')
const packages = {
  protocol: '@holdfast/protocol',
  client: 'holdfast',
  server: '@holdfast/server',
  testing: '@holdfast/testing',
}
/** A mutant that hangs has been found, too. */
const patience = 180_000

const scratch = mkdtempSync(join(tmpdir(), 'planted-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

for (const { name, file, from } of plantedFaults)
  if (readFileSync(join(root, file), 'utf8').split(from).length !== 2) {
    console.error(`'${name}': ${file} does not hold this once:\n${from}\n`)
    process.exitCode = 1
  }
if (process.exitCode) process.exit()

const chosen = plantedFaults.filter(({ name }) => name.includes(values.only))
const copies = Array.from({ length: Number(values.threads) }, (_, index) =>
  copy(join(scratch, String(index))),
)
const [sound] = copies
const before = await simulate(sound!)
if (before) {
  console.error(`the simulation fails without any planted fault: ${before.line}`)
  process.exit(1)
}

const findings: Finding[] = []
const queue = [...chosen]
await Promise.all(
  copies.map(async (folder) => {
    for (let fault = queue.shift(); fault; fault = queue.shift()) findings.push(await find(folder, fault))
  }),
)
const missed = findings.filter(({ seeds }) => seeds === undefined)
console.log(missed.length === 0 ? `all ${findings.length} were found` : `${missed.length} were not found`)
if (values.write) write()
process.exitCode = missed.length === 0 ? 0 : 1

/** A copy of the code and of the simulation, in a workspace of its own. */
function copy(folder: string): string {
  for (const [name, published] of Object.entries(packages)) {
    const own = join(folder, 'packages', name)
    cpSync(join(root, 'packages', name, 'src'), join(own, 'src'), { recursive: true })
    cpSync(join(root, 'packages', name, 'package.json'), join(own, 'package.json'))
    link(own, join(folder, 'node_modules', published))
  }
  for (const part of ['simulation', 'audit'])
    cpSync(join(root, 'test', part), join(folder, 'test', part), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  link(realpathSync(join(root, 'packages/client/node_modules/mitt')), join(folder, 'node_modules/mitt'))
  link(realpathSync(join(root, 'packages/server/node_modules/ws')), join(folder, 'node_modules/ws'))
  return folder
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}

async function find(folder: string, fault: PlantedFault): Promise<Finding> {
  const path = join(folder, fault.file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(fault.from, () => fault.to),
  )
  const failure = await simulate(folder)
  writeFileSync(path, text)
  const finding = { fault, seeds: failure?.seed, rule: failure?.rule ?? 'NOT FOUND' }
  console.log(`${fault.name}: ${finding.rule}${failure ? `, seed ${failure.seed}` : ''}`)
  return finding
}

/** Runs the seeds up to the first that fails. */
async function simulate(
  folder: string,
): Promise<{ readonly seed: number; readonly rule: string; readonly line: string } | undefined> {
  const flags = ['--seeds', values.seeds, '--threads', '1', '--shrink', '0']
  const soak = join(folder, 'test/simulation/soak.ts')
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', soak, ...flags], { cwd: folder })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  let isHung = false
  const limit = setTimeout(() => {
    isHung = true
    child.kill('SIGKILL')
  }, patience)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(limit)
  if (isHung) return { seed: 0, rule: 'does not end', line: 'does not end' }
  if (code === 0) return undefined
  const found = /^seed (\d+) fails with \d+ steps: ([\w-]+): .*$/m.exec(output)
  if (found) return { seed: Number(found[1]), rule: found[2]!, line: found[0] }
  return { seed: 1, rule: 'crashes', line: output.slice(-2_000) }
}

function write(): void {
  const order = new Map(plantedFaults.map((fault, index) => [fault, index]))
  const rows = findings
    .toSorted((a, b) => order.get(a.fault)! - order.get(b.fault)!)
    .map(({ fault, seeds, rule }) => {
      const [, name] = fault.file.split('/')
      return `| ${name} | ${fault.name} | ${rule} | ${seeds || '–'} |`
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
