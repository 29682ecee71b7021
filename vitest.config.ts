import { availableParallelism } from 'node:os'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { chromiumArgs } from './test/support/chromium-args.ts'

// Workspace packages resolve to their sources, so tests need no build.
const source = '@holdfast/source'
const pureCore = [
  'packages/protocol/src/*.ts',
  'packages/client/src/connection/{machine,heartbeat,backoff,page}.ts',
]

// Also of two cores, both are used.
const maxWorkers = Math.max(2, availableParallelism() - 1)

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    maxWorkers,
    include: ['packages/*/{src,test}/**/*.test.ts', 'test/{audit,simulation,storm}/**/*.test.ts'],
    // Properties are tried ten thousand times, also while other steps keep the machine busy.
    testTimeout: 60_000,
  },
}

const integration: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'integration',
    include: [
      'test/{conformance,session,server,lab,chaos,fuzz,package,types,playground,readme,docs,testing}/**/*.test.ts',
      'packages/testing/example/test/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    maxWorkers,
    sequence: { groupOrder: 1 },
    // A machine that is busy may be late once; a fault is there again.
    retry: process.env['CI'] ? 1 : 0,
  },
}

const executablePath = process.env['CHROMIUM']
const browser: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'browser',
    include: ['test/browser/**/*.browser.test.{ts,tsx}'],
    globalSetup: ['test/browser/global-setup.ts'],
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { args: chromiumArgs, ...(executablePath && { executablePath }) },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
}

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    projects: [unit, integration, browser],
    coverage: {
      provider: 'v8',
      include: pureCore,
      exclude: ['**/*.test.ts'],
      reporter: ['text', 'html'],
      thresholds: { branches: 100 },
    },
  },
})
