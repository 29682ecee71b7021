// Follows the quick starts of the documentation literally: each in an empty folder, with the packages as they would be
// published, and then in a browser. `node test/quick-starts/main.ts react vue` follows only these.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { chromium } from 'playwright'
import type { Page } from 'playwright'
import { pack, published, temporaryFolder } from '../package/published.ts'
import { root } from '../docs/pages.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { folder as pages, isServer, readQuickStart } from './page.ts'
import type { Action, QuickStart } from './page.ts'
import { startRegistry } from './registry.ts'

const patience = 120_000
const only = process.argv.slice(2)
const names = globSync('*.md', { cwd: join(root, pages) })
  .map((file) => basename(file, '.md'))
  .sort()
const folder = temporaryFolder()
await using registry = await startRegistry(
  published().map(({ name, folder: source }) => ({ name, path: pack(name, source, folder) })),
)
const env = {
  ...process.env,
  npm_config_registry: registry.url,
  npm_config_cache: join(folder, 'cache'),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  NEXT_TELEMETRY_DISABLED: '1',
  BROWSER: 'none',
}
await using browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? (await findChromium()),
  args: chromiumArgs,
})

for (const name of names.filter((each) => only.length === 0 || only.includes(each))) {
  const quickStart = readQuickStart(name)
  if (quickStart.actions.length === 0) continue
  const start = performance.now()
  const error = await follow(quickStart).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const commands = quickStart.steps.filter(({ kind }) => kind === 'command').length
  const files = quickStart.steps.filter(({ kind }) => kind === 'file')
  const lines = files.reduce((sum, { text }) => sum + text.trim().split('\n').length - 1, 0)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const size = `${commands} commands, ${files.length} files, ${lines} lines`
  console.log(`${error === undefined ? 'ok' : 'not ok'} ${name}: ${size}, ${seconds} s`)
  if (error === undefined) continue
  console.error(error)
  process.exitCode = 1
}

async function follow({ name, steps, actions }: QuickStart): Promise<void> {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  await using servers = new Servers(cwd)
  for (const step of steps) {
    if (step.kind === 'file') {
      mkdirSync(dirname(join(cwd, step.name)), { recursive: true })
      writeFileSync(join(cwd, step.name), step.text)
    } else if (isServer(step.text)) await servers.start(step.text)
    else await runToEnd(step.text, cwd)
  }
  await using context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  for (const action of actions) {
    try {
      await act(action, page, servers)
    } catch (cause) {
      const seen = await page.locator('body').innerText()
      throw new Error(`${action.verb} ${action.object}: the page shows ${seen}\n${servers.output}`, { cause })
    }
  }
}

async function act({ verb, object }: Action, page: Page, servers: Servers): Promise<void> {
  const [selector = '', ...rest] = object.split(' ')
  const text = rest.join(' ')
  switch (verb) {
    case 'open':
      // The server may need a moment.
      for (let left = 60; ; left--) {
        const error = await page.goto(object).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (!error) return
        if (left === 0) throw error
        await page.waitForTimeout(1_000)
      }
    case 'fill':
      return page.locator(selector).fill(text)
    case 'click':
      return page.locator(object).click()
    case 'see':
      return page.locator(selector, { hasText: text }).first().waitFor()
    case 'offline':
    case 'online':
      return page.context().setOffline(verb === 'offline')
    case 'print':
      return servers.printed(object)
    case 'stop':
      return servers.stop(object)
    case 'start':
      return servers.start(object)
  }
  throw new Error(`the word ${verb} has no meaning here`)
}

async function runToEnd(command: string, cwd: string): Promise<void> {
  const child = spawn(command, { cwd, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command}: exit ${code}\n${output}`)
}

/** The terminals in which something runs. */
class Servers implements AsyncDisposable {
  readonly #running = new Map<string, ChildProcess>()
  readonly #cwd: string
  #unread = ''
  output = ''

  constructor(cwd: string) {
    this.#cwd = cwd
  }

  async start(command: string): Promise<void> {
    const child = spawn(command, {
      cwd: this.#cwd,
      env,
      shell: true,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.set(command, child)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        this.output += String(data)
        this.#unread += String(data)
      })
    await once(child, 'spawn')
  }

  async stop(command: string): Promise<void> {
    const child = this.#running.get(command)
    if (child?.pid === undefined) throw new Error(`${command} does not run`)
    this.#running.delete(command)
    const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    // The shell and what it runs.
    if (exit) process.kill(-child.pid, 'SIGKILL')
    await exit
  }

  /** Waits for a line, and reads to its end. */
  async printed(line: string): Promise<void> {
    const end = performance.now() + patience
    for (;;) {
      const lines = this.#unread.split('\n')
      const index = lines.indexOf(line)
      if (index >= 0) {
        this.#unread = lines.slice(index + 1).join('\n')
        return
      }
      if (performance.now() > end) throw new Error(`'${line}' was not printed`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const command of [...this.#running.keys()]) await this.stop(command)
  }
}
