// Runs the browser tests in every engine, and writes what passed into the table of the guide: node test/browser/verified.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { startVitest } from 'vitest/node'
import type { TestModule } from 'vitest/node'
import { engines, type Engine } from '../support/browsers.ts'

/** What each file shows, in the words of the guide. */
export const suites: Readonly<Record<string, string>> = {
  'test/browser/client.browser.test.ts':
    'The client: connecting, closing, retrying, delivery, events, listeners, plain frames',
  'test/browser/session.browser.test.ts':
    'Sessions: cuts, half-open sockets, refusals, bye; floods in slices',
  'test/browser/store.browser.test.ts': 'The offline store, on the IndexedDB and the locks of the engine',
  'test/browser/socket.browser.test.ts':
    '`ReconnectingWebSocket` and the native class, step by step of the standard',
  'test/browser/react.browser.test.tsx': 'The hooks of `@holdfast/react`',
  'test/browser/react-channels.browser.test.tsx': 'The hooks of channels of `@holdfast/react`',
  'test/browser/react-values.browser.test.tsx':
    'The hooks of requests, pending messages and the countdown of `@holdfast/react`',
  'test/browser/vue.browser.test.ts': 'The composables of `@holdfast/vue`, with KeepAlive and transitions',
  'test/browser/vue-channels.browser.test.ts': 'The composables of channels of `@holdfast/vue`',
  'test/browser/svelte.browser.test.ts':
    'The functions of `@holdfast/svelte`, with transitions and as stores',
  'test/browser/svelte-channels.browser.test.ts': 'The functions of channels of `@holdfast/svelte`',
  'test/browser/fake-socket.browser.test.ts':
    'The sockets of `@holdfast/testing` behave like those of the engine',
  'test/engines/navigation.test.ts': 'A page with a session, left and restored; offline, except in WebKitGTK',
}

const root = join(import.meta.dirname, '../..')
export const guide = 'packages/client/docs/guides/browsers.md'
export const [begin, end] = ['<!-- verified: node test/browser/verified.ts -->\n\n', '\n<!-- end -->']

if (import.meta.main) await main()

async function main(): Promise<void> {
  const names = new Map<string, string>()
  const passed = new Map<string, Set<string>>()
  const note = (module: TestModule): void => {
    const file = relative(root, module.moduleId).replaceAll('\\', '/')
    const engine = module.project.name
    if (module.state() === 'passed') passed.set(file, (passed.get(file) ?? new Set()).add(engine))
    const { browser } = module.project
    if (browser) names.set(engine, nameOf(engine as Engine, browser.provider))
  }
  const vitest = await startVitest('test', ['test/browser', 'test/engines'], {
    root,
    watch: false,
    maxWorkers: engines.length,
    project: [...engines, 'lab'],
    reporters: ['default', { onTestModuleEnd: note }],
  })
  await vitest.close()
  const rows = Object.entries(suites).map(([file, words]) => {
    const missing = engines.filter((engine) => !inEngine(passed.get(file), engine))
    if (missing.length > 0) throw new Error(`${basename(file)} did not pass in ${missing.join(', ')}`)
    return `| ${words} | ${engines.map(() => 'passed').join(' | ')} |`
  })
  const heads = engines.map((engine) => names.get(engine))
  const table = [`| | ${heads.join(' | ')} |`, `|---${'|---'.repeat(engines.length)}|`, ...rows, ''].join(
    '\n',
  )
  const path = join(root, guide)
  const text = readFileSync(path, 'utf8')
  const from = text.indexOf(begin) + begin.length
  if (!text.includes(begin) || !text.includes(end, from))
    throw new Error(`${guide} has no place for the table`)
  writeFileSync(path, text.slice(0, from) + table + text.slice(text.indexOf(end, from)))
  console.log(table)
}

/** A file of the integration tests opens all of the engines itself. */
function inEngine(projects: ReadonlySet<string> | undefined, engine: Engine): boolean {
  return projects?.has(engine) === true || projects?.has('lab') === true
}

function nameOf(engine: Engine, provider: unknown): string {
  const { browser, version } = provider as { browser?: { version(): string }; version?: string }
  if (!browser) return `WebKitGTK ${version}`
  const titles = { chromium: 'Chromium', firefox: 'Firefox', webkit: "Playwright's WebKit" }
  return `${titles[engine]} ${browser.version()}`
}
