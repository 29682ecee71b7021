import { availableParallelism } from 'node:os'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import type { BrowserProviderOption } from 'vitest/node'
import { engines, installedBrowser, isDriver } from './test/support/browsers.ts'
import type { Engine } from './test/support/browsers.ts'
import { launchOptions } from './test/support/launch-options.ts'
import { listRetried, retriedVariable } from './test/support/retried.ts'
import { webkitgtk } from './test/support/webkit-provider.ts'

// Workspace packages resolve to their sources, so tests need no build.
const source = '@holdfast/source'
const pureCore = [
  'packages/protocol/src/*.ts',
  'packages/client/src/connection/{machine,retry,heartbeat,backoff,sleep}.ts',
  'packages/client/src/platform/page.ts',
  'packages/client/src/channel/{content,members,subscription}.ts',
]

// Also of two cores, both are used.
const maxWorkers = Math.max(2, availableParallelism() - 1)

// For real sockets and browsers only. `npm test` lists what needed it, because that is a fault of the test or of the code.
const retry = process.env['CI'] ? 1 : 0

// On a machine that is busy everything takes long, and is right all the same.
const testTimeout = 180_000
const expect = { poll: { timeout: 60_000 } }

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    maxWorkers,
    // A file takes a fraction of a second, and its modules as long again if they are loaded for each.
    isolate: false,
    setupFiles: ['test/support/property-runs.ts'],
    testTimeout,
    expect,
    include: ['packages/*/{src,test}/**/*.test.ts', 'test/{audit,growth,simulation,storm}/**/*.test.ts'],
  },
}

const integration: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'integration',
    include: [
      'test/{conformance,session,channels,server,redis,moves,chaos,fuzz,package,types,playground,readme,docs,testing}/**/*.test.ts',
      'packages/testing/example/test/*.test.ts',
    ],
    exclude: ['test/**/*.slow.test.ts'],
    testTimeout,
    hookTimeout: testTimeout,
    expect,
    maxWorkers,
    sequence: { groupOrder: 1 },
    retry,
  },
}

/** Pages of real life: most of it waiting, and judged by the time that things take. */
const lab: TestProjectInlineConfiguration = {
  ...integration,
  test: {
    ...integration.test,
    name: 'lab',
    include: ['test/{lab,engines}/**/*.test.ts'],
    sequence: { groupOrder: 2 },
  },
}

/** The proxies of the guides, which are programs of the system. */
const proxies: TestProjectInlineConfiguration = {
  ...integration,
  test: { ...integration.test, name: 'proxies', include: ['test/proxies/**/*.test.ts'] },
}

/** What waits for the timeouts of other programs. */
const slow: TestProjectInlineConfiguration = {
  ...integration,
  test: { ...integration.test, name: 'slow', include: ['test/**/*.slow.test.ts'], exclude: [] },
}

// A project for each engine, because all instances of a project have the same provider.
const browsers = await Promise.all(
  engines.map(async (engine): Promise<TestProjectInlineConfiguration> => ({
    extends: true,
    plugins: [svelte({ configFile: false })],
    test: {
      name: engine,
      include: ['test/browser/**/*.browser.test.{ts,tsx}'],
      globalSetup: ['test/browser/global-setup.ts'],
      setupFiles: ['test/browser/setup.ts'],
      testTimeout,
      expect,
      retry,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: await provider(engine),
        instances: [{ browser: engine, name: engine }],
      },
    },
  })),
)

async function provider(engine: Engine): Promise<BrowserProviderOption> {
  const path = await installedBrowser(engine)
  if (path && isDriver(path)) return webkitgtk(path)
  return playwright(path ? { launchOptions: launchOptions(engine, path) } : {})
}

const retriedFile = process.env[retriedVariable]

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    projects: [unit, integration, lab, proxies, slow, ...browsers],
    ...(retriedFile && { reporters: ['default', listRetried(retriedFile, import.meta.dirname)] }),
    coverage: {
      provider: 'v8',
      include: pureCore,
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'html'],
      thresholds: { branches: 100 },
    },
  },
})
