// `npm test`: every check in order, up to the first that fails. Signals end the running step with all its children.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'

const steps: readonly (readonly [title: string, command: string])[] = [
  ['Build', 'npm run -s build'],
  ['Format', 'npm run -s format:check'],
  ['Lint', 'npm run -s lint'],
  ['Types', 'npm run -s types'],
  ['Reference without warnings', 'typedoc --emit none'],
  ['Unit tests with coverage', 'vitest run --project unit --coverage'],
  ['Simulation', 'npm run -s soak -- --seeds 2000 --boundaries 1'],
  ['Chromium', 'node test/support/chromium.ts'],
  ['Integration tests', 'vitest run --project integration'],
  ['Browser tests', 'vitest run --project browser'],
  ['Packages as published', 'node test/package/check.ts'],
  ['Public types as written down', 'node test/package/api.ts'],
  ['Types as published', 'node test/package/types.ts'],
  ['Built package in Node and a worker', 'node test/runtime/all.ts --quick'],
  ['Size', 'npm run -s size'],
  // Installs a gigabyte of runtimes and bundlers: for continuous integration, and for who asks for it.
  ...(process.env['CI'] ? [['Packages in use', 'npm run -s test:packages'] as const] : []),
]

const root = dirname(import.meta.dirname)
process.env['PATH'] = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
const posix = process.platform !== 'win32'
const begun = performance.now()

let running: ChildProcess | undefined
let stopped: NodeJS.Signals | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))

// npm's shell does not pass a SIGTERM on: when it is gone, nobody waits for the result any more.
const parent = process.ppid
setInterval(() => process.ppid === parent || stop('SIGTERM'), 200).unref()

for (const [index, [title, command]] of steps.entries()) {
  print(`\n━━ ${index + 1}/${steps.length} ${title}: ${command}`)
  const start = performance.now()
  const { code, output } = await run(command, title === 'Chromium')
  if (stopped) finish(`npm test: stopped by ${stopped} during "${title}"`, 128 + constants.signals[stopped])
  if (code !== 0) finish(`npm test: FAILED at "${title}" (${command}, exit ${code})`, 1)
  if (title === 'Chromium') {
    process.env['CHROMIUM'] = output.trim()
    print(output.trim())
  }
  print(`   ${title}: ${seconds(start)}`)
}
if (!process.env['CI']) {
  print('\nNot run, because CI is not set: npm run test:packages (other runtimes, bundlers and frameworks)')
}
finish(`npm test: passed, all ${steps.length} steps`, 0)

/** Each step leads a process group of its own, so that it can be ended as a whole. */
async function run(command: string, capture: boolean): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, {
    cwd: root,
    shell: true,
    detached: posix,
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
  })
  running = child
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (stopped) end('SIGKILL')
  running = undefined
  return { code, output }
}

function stop(signal: NodeJS.Signals): void {
  if (stopped) return
  stopped = signal
  end(signal)
  setTimeout(() => end('SIGKILL'), 5_000).unref()
}

function end(signal: NodeJS.Signals): void {
  const pid = running?.pid
  if (pid === undefined) return
  try {
    if (posix) process.kill(-pid, signal)
    else spawn('taskkill', ['/pid', String(pid), '/T', '/F'])
  } catch {
    // The group is gone already.
  }
}

function finish(line: string, code: number): never {
  print(`\n${line}, ${seconds(begun)}`)
  process.exit(code)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
