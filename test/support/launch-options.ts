import type { LaunchOptions } from 'playwright'
import { chromiumArgs } from './chromium-args.ts'
import type { Engine } from './browsers.ts'

/** How Playwright starts a browser that is not, or not necessarily, its own. */
export function launchOptions(engine: Engine, executablePath: string): LaunchOptions {
  switch (engine) {
    case 'chromium':
      return { executablePath, args: chromiumArgs }
    case 'firefox':
      // A Firefox as Mozilla makes it speaks WebDriver BiDi; the one that Playwright makes does not need to.
      return /ms-playwright/.test(executablePath)
        ? { executablePath }
        : { executablePath, channel: 'moz-firefox' }
    case 'webkit':
      return { executablePath }
  }
}
