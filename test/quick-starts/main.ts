// Follows the quick starts of the documentation literally: each in an empty folder, with the packages as they would be
// published, and then in a browser. `node test/quick-starts/main.ts react vue` follows only these.
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
import { runToEnd, Servers } from './terminals.ts'

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
  await using servers = new Servers(cwd, env)
  for (const step of steps) {
    if (step.kind === 'file') {
      mkdirSync(dirname(join(cwd, step.name)), { recursive: true })
      writeFileSync(join(cwd, step.name), step.text)
    } else if (isServer(step.text)) await servers.start(step.text)
    else await runToEnd(step.text, cwd, env)
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
