import { chromium, firefox, webkit } from 'playwright'
import { findBrowser, isDriver } from '../support/browsers.ts'
import type { Engine } from '../support/browsers.ts'
import { launchOptions } from '../support/launch-options.ts'
import { openWindow } from '../support/webdriver.ts'

/** A page of an engine, in a browser of its own, moved as a user moves it. */
export interface EnginePage extends AsyncDisposable {
  readonly version: string
  /**
   * Whether it takes a page that it comes back to out of the back-forward cache, where that is known. WebKitGTK does.
   * Firefox does not, if a socket was open when the page was left, and Playwright keeps Chromium from it.
   */
  readonly caches: boolean | undefined
  /** Resolves when the page is loaded, as the next does. */
  open(url: string): Promise<void>
  back(): Promise<void>
  /** The value of an expression in the page. A promise is waited for, if it is not longer than a few seconds. */
  ask<Value>(expression: string): Promise<Value>
  /** Cuts the page off the network, and lets it back; only where the engine supports it. */
  readonly setOffline?: (offline: boolean) => Promise<void>
}

export async function openPage(engine: Engine): Promise<EnginePage> {
  const path = await findBrowser(engine)
  if (isDriver(path)) {
    const window = await openWindow(path)
    return {
      version: window.version,
      caches: true,
      open: (url) => window.open(url),
      back: () => window.back(),
      ask: (expression) => window.ask(expression) as Promise<never>,
      [Symbol.asyncDispose]: () => window[Symbol.asyncDispose](),
    }
  }
  const kinds = { chromium, firefox, webkit }
  const browser = await kinds[engine].launch(launchOptions(engine, path))
  const context = await browser.newContext()
  const page = await context.newPage()
  return {
    version: browser.version(),
    caches: engine === 'webkit' ? undefined : false,
    open: async (url) => void (await page.goto(url)),
    back: async () => void (await page.goBack()),
    ask: (expression) => page.evaluate(expression),
    setOffline: (offline) => context.setOffline(offline),
    [Symbol.asyncDispose]: () => browser.close(),
  }
}
