import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProvider, BrowserProviderOption, TestProject } from 'vitest/node'
import { openWindow } from './webdriver.ts'
import type { WebDriverWindow } from './webdriver.ts'

declare module 'vitest/node' {
  interface _BrowserNames {
    webkitgtk: 'webkit'
  }
}

/** Runs browser tests in WebKitGTK. Knows no commands of Playwright, and so no `userEvent` and no mocks of modules. */
export function webkitgtk(driverPath: string): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'webkitgtk',
    supportedBrowser: ['webkit'],
    providerFactory: (project) => createProvider(project, driverPath),
  })
}

interface WebKitProvider extends BrowserProvider {
  /** Of the engine, once a page is open. */
  readonly version: string | undefined
}

function createProvider(project: TestProject, driverPath: string): WebKitProvider {
  const windows = new Map<string, Promise<WebDriverWindow>>()
  const close = async (sessionId: string): Promise<void> => {
    const window = windows.get(sessionId)
    windows.delete(sessionId)
    await (await window?.catch(() => undefined))?.[Symbol.asyncDispose]()
  }
  // The runner sets it for each file, to a size that none of the tests look at.
  project.browser!.registerCommand('__vitest_viewport' as never, (() => {}) as never)
  const noMocks = (): Promise<never> => Promise.reject(new Error('WebKitGTK cannot mock modules'))
  let version: string | undefined
  return {
    name: 'webkitgtk',
    get version() {
      return version
    },
    supportsParallelism: true,
    // Without one, the other browsers would have to wait for this one.
    mocker: { register: noMocks, delete: noMocks, clear: () => Promise.resolve() },
    getCommandsContext: () => ({}),
    async openPage(sessionId, url) {
      await close(sessionId)
      const window = openWindow(driverPath)
      windows.set(sessionId, window)
      ;({ version } = await window)
      await (await window).open(url)
    },
    async close() {
      await Promise.all([...windows.keys()].map(close))
    },
  }
}
