// `npm test`: every check, up to the first that fails. Steps of different groups run in parallel; what a step prints is
// shown when it is over. Signals end the running steps with all their children.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { constants, setPriority, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { retriedTests, retriedVariable } from './support/retried.ts'

type Step = readonly [title: string, command: string]

interface Group {
  readonly steps: readonly Step[]
  /** It only computes, with a lower priority than groups with clocks and sockets. */
  readonly patient?: boolean
}

/** The groups of a phase run in parallel, the steps of a group one after the other. */
const phases: readonly (readonly Group[])[] = [
  [{ steps: [['Build', 'npm run -s build']] }, { steps: [['Browsers', 'node test/support/browsers.ts']] }],
  [
    {
      steps: [
        ['Integration tests', 'vitest run --project integration'],
        ['Built package in Node and a worker', 'node test/runtime/all.ts --quick'],
      ],
    },
    {
      steps: [
        ['Pages of real life', 'vitest run --project lab'],
        ['Browser tests', 'vitest run --project chromium --project firefox --project webkit --maxWorkers 2'],
      ],
    },
    {
      patient: true,
      steps: [
        ['Format', 'npm run -s format:check'],
        ['Lint', 'npm run -s lint'],
        ['Types', 'npm run -s types'],
        ['Unit tests with coverage', 'vitest run --project unit --coverage'],
        ['Reference without warnings', 'typedoc --emit none'],
        ['Simulation', 'npm run -s soak -- --seeds 2000 --boundaries 1'],
        ['Packages as published', 'node test/package/check.ts'],
        ['Public types as written down', 'node test/package/api.ts'],
        ['Types as published', 'node test/package/types.ts'],
        ['Size', 'npm run -s size'],
      ],
    },
  ],
  // Installs a gigabyte of runtimes and bundlers: for continuous integration, and on request.
  ...(process.env['CI'] ? [[{ steps: [['Packages in use', 'npm run -s test:packages'] as const] }]] : []),
]

const root = dirname(import.meta.dirname)
process.env['PATH'] = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
const retriedFile = join(tmpdir(), `holdfast-retried-${process.pid}`)
process.env[retriedVariable] = retriedFile
const posix = process.platform !== 'win32'
const begun = performance.now()
const count = phases.flat().flatMap(({ steps }) => steps).length

const running = new Set<ChildProcess>()
let done = 0
let stopped: NodeJS.Signals | undefined
let failed: string | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))

// npm's shell does not pass a SIGTERM on: without npm, no process waits for the result.
const parent = process.ppid
setInterval(() => process.ppid === parent || stop('SIGTERM'), 200).unref()

for (const phase of phases) {
  await Promise.all(phase.map(follow))
  if (failed) finish(`npm test: FAILED at ${failed}`, 1)
  if (stopped) finish(`npm test: stopped by ${stopped}`, 128 + constants.signals[stopped])
}
if (!process.env['CI']) {
  print(
    '\nNot run, because CI is not set: npm run test:packages (other runtimes, bundlers, frameworks, proxies and slow tests)',
  )
}
finish(`npm test: passed, all ${count} steps`, 0)

async function follow({ steps, patient = false }: Group): Promise<void> {
  for (const [title, command] of steps) {
    if (stopped) return
    print(`   ${title}: ${command}`)
    const start = performance.now()
    const { code, output, paths } = await run(command, patient)
    // What was stopped because another step failed has no result.
    if (failed) return
    print(`\n━━ ${++done}/${count} ${title}, ${seconds(start)}\n${output}`)
    if (stopped) return
    if (code !== 0) {
      failed = `"${title}" (${command}, exit ${code})`
      return stop('SIGTERM')
    }
    if (title === 'Browsers') Object.assign(process.env, paths)
  }
}

/** Each step leads a process group of its own, so that it can be ended as a whole. */
async function run(
  command: string,
  patient: boolean,
): Promise<{ code: number | null; output: string; paths: Record<string, string> }> {
  const child = spawn(command, {
    cwd: root,
    shell: true,
    detached: posix,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(process.stdout.isTTY && { env: { ...process.env, FORCE_COLOR: '1' } }),
  })
  running.add(child)
  if (patient && child.pid !== undefined) setPriority(child.pid, 10)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (stopped) end(child, 'SIGKILL')
  running.delete(child)
  const named = output.matchAll(/^(CHROMIUM|FIREFOX|WEBKIT)=(.+)$/gm)
  return { code, output, paths: Object.fromEntries([...named].map(([, name, path]) => [name, path])) }
}

function stop(signal: NodeJS.Signals): void {
  if (stopped) return
  stopped = signal
  for (const child of running) end(child, signal)
  setTimeout(() => running.forEach((child) => end(child, 'SIGKILL')), 5_000).unref()
}

function end({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    if (posix) process.kill(-pid, signal)
    else spawn('taskkill', ['/pid', String(pid), '/T', '/F'])
  } catch {
    // The group is gone already.
  }
}

function finish(line: string, code: number): never {
  const retried = retriedTests(retriedFile)
  rmSync(retriedFile, { force: true })
  if (retried.length > 0)
    print(`\nPassed only when run again, which is a fault to be mended:\n${retried.join('\n')}`)
  else if (process.env['CI']) print('\nNo test passed only when it was run again.')
  print(`\n${line}, ${seconds(begun)}`)
  process.exit(code)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
