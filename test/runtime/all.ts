// The twelve cases of `smoke.mjs` on every runtime, those of `hub-cases.ts` where a hub runs, and a table of what came of
// them.
//
//   node test/runtime/all.ts           all of them; installs them first
//   node test/runtime/all.ts --quick   this Node and a worker of Chromium
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium, type Page } from 'playwright'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { install } from '../support/install.ts'
import { startServer } from '../support/server.ts'
import { hubCases, tryHub } from './hub-cases.ts'

/** How long a process may live on after its last case. */
const patience = 5_000
const cases = 12

interface Row {
  readonly runtime: string
  readonly version: string
  /** How many there are, if not as many as clients have. */
  readonly cases?: number
  readonly lines: readonly string[]
  readonly ms: number
  /** What went wrong apart from the cases. */
  readonly trouble?: string | undefined
}

const quick = process.argv.includes('--quick')
const here = import.meta.dirname
const dist = join(here, '../../packages/client/dist')
const bin = (path: string): string => join(here, 'node_modules', path)

await using server = await startServer()
const rows: Row[] = []
if (!quick) {
  install(here, '--frozen-lockfile')
  rows.push(await inProcess("Node 20 with 'ws'", bin('node-20/bin/node')))
  rows.push(await inProcess('Node 22', bin('node-22/bin/node')))
}
rows.push(await inProcess('Node 24', process.execPath))
if (!quick) {
  rows.push(await inProcess('Node 26', bin('node-26/bin/node')))
  rows.push(await inProcess('Bun', bin('bun/bin/bun.exe')))
  rows.push(await inProcess('Deno', bin('deno/deno'), ['run', '-A']))
  rows.push(await inWorkerd(bin('workerd/bin/workerd')))
  rows.push(await asServer('Node 20', bin('node-20/bin/node')))
  rows.push(await asServer('Node 26', bin('node-26/bin/node')))
  rows.push(await asServer('Bun', bin('bun/bin/bun.exe')))
  rows.push(await asServer('Deno', bin('deno/deno'), ['run', '-A']))
}
rows.push(await inChromium())

const table = rows.map((row) => {
  const passed = row.lines.filter((line) => line.startsWith('ok ')).length
  const all = row.cases ?? cases
  const well = passed === all && row.lines.length === all && !row.trouble
  if (!well) process.exitCode = 1
  const result = row.trouble ?? (well ? 'passed' : 'FAILED')
  return [row.runtime, row.version, `${passed} of ${all}`, `${(row.ms / 1000).toFixed(1)} s`, result]
})
console.log('\n| runtime | version | cases | time | result |\n|---|---|---|---|---|')
for (const cells of table) console.log(`| ${cells.join(' | ')} |`)
for (const { runtime, lines } of rows) {
  for (const line of lines) if (!line.startsWith('ok ')) console.error(`${runtime}: ${line}`)
}

/** Passes if the process ends by itself, and soon. */
async function inProcess(runtime: string, command: string, args: readonly string[] = []): Promise<Row> {
  const version = await versionOf(command)
  const start = performance.now()
  const child = spawn(command, [...args, join(here, 'process.mjs'), server.url], {
    cwd: here,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  let late = false
  const end = (): void => {
    late = true
    child.kill('SIGKILL')
  }
  let timer = setTimeout(end, 30_000)
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    clearTimeout(timer)
    timer = setTimeout(end, line.includes(`ok ${cases} `) ? patience : 30_000)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  const trouble = late ? 'DOES NOT END' : code === 0 ? undefined : `EXIT ${code}`
  return { runtime, version, lines, ms: performance.now() - start, trouble }
}

/** The hub runs there, its clients here. */
async function asServer(runtime: string, command: string, args: readonly string[] = []): Promise<Row> {
  const version = await versionOf(command)
  const start = performance.now()
  const lines = await tryHub(command, args)
  const ms = performance.now() - start
  return { runtime: `${runtime}, as the server`, version, cases: hubCases, lines, ms }
}

async function inWorkerd(command: string): Promise<Row> {
  const version = (await output(command, ['--version'])).trim().replace('workerd ', '')
  const config = writeWorkerdConfig()
  const child = spawn(command, ['serve', config, '--control-fd=1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const ended = once(child, 'close').then(() => Promise.reject(new Error('workerd did not start')))
    const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string]
    ended.catch(() => {})
    const { port } = JSON.parse(line) as { port: number }
    const start = performance.now()
    const response = await fetch(`http://127.0.0.1:${port}/?url=${server.url}`, {
      signal: AbortSignal.timeout(60_000),
    })
    const lines = (await response.text()).split('\n')
    return { runtime: 'workerd', version, lines, ms: performance.now() - start }
  } finally {
    child.kill()
    rmSync(config)
  }
}

/** Beside the one that it is made of, because embedded files are named relative to it. */
function writeWorkerdConfig(): string {
  const folder = '../../packages/client/dist'
  const modules = readdirSync(join(here, folder))
    .filter((name) => /^shared.*\.js$/.test(name))
    .map((name) => `    (name = "${name}", esModule = embed "${folder}/${name}"),\n`)
  const path = join(here, `workerd-${process.pid}.capnp`)
  writeFileSync(path, readFileSync(join(here, 'workerd.capnp'), 'utf8').replace(/ +#.*\n/, modules.join('')))
  return path
}

/** In a dedicated worker, of a page that takes the script-tag builds by their hashes. */
async function inChromium(): Promise<Row> {
  const hashes = JSON.parse(readFileSync(join(dist, 'integrity.json'), 'utf8')) as Record<string, string>
  const scripts = ['holdfast.global.js', 'socket.global.js'].map(
    (script) => `<script src="/dist/${script}" integrity="${hashes[script]}"></script>`,
  )
  const html = `<!doctype html><link rel="icon" href="data:," />${scripts.join('')}`
  const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.mjs': 'text/javascript' }
  const files = createServer(({ url = '/' }, response) => {
    const path = url.startsWith('/dist/') ? join(dist, url.slice('/dist'.length)) : join(here, url)
    const type = types[extname(url)]
    response.writeHead(type || url === '/' ? 200 : 404, { 'content-type': type ?? 'text/html' })
    response.end(type ? readFileSync(path) : html)
  })
  files.listen(0, '127.0.0.1')
  await once(files, 'listening')
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? (await findChromium()),
    args: chromiumArgs,
  })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(files.address() as AddressInfo).port}/`)
    const start = performance.now()
    const lines = await inWorkerOf(page)
    const ms = performance.now() - start
    const names = 'createClient, session, ping, ReconnectingWebSocket'
    const loaded = await page.evaluate(
      `(({ ${names} }) => [${names}].every(Boolean))(globalThis.Holdfast ?? {})`,
    )
    const trouble = loaded ? undefined : 'SCRIPT TAG REFUSED'
    return { runtime: 'Chromium, dedicated worker', version: browser.version(), lines, ms, trouble }
  } finally {
    await browser.close()
    files.close()
    files.closeAllConnections()
  }
}

function inWorkerOf(page: Page): Promise<string[]> {
  return page.evaluate(
    (url) =>
      new Promise<string[]>((resolve, reject) => {
        const worker = new Worker('/dedicated-worker.mjs', { type: 'module' })
        worker.onmessage = ({ data }) => resolve(data as string[])
        worker.onerror = ({ message }) => reject(new Error(message || 'the worker did not load'))
        worker.postMessage(url, [])
      }),
    server.url,
  )
}

async function versionOf(command: string): Promise<string> {
  return /[\d.]+/.exec(await output(command, ['--version']))?.[0] ?? '?'
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(child, 'close')
  return text
}
