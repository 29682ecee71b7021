import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { startPlayground } from '../../playground/server/start.ts'
import { findChromium } from '../support/chromium.ts'

const folder = join(import.meta.dirname, '../../playground/web/dist')
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where screenshots go, to be looked at. */
export const shots: string = join(tmpdir(), 'holdfast-playground')

export interface Visit {
  readonly browser: Browser
  readonly url: string
}

/** One browser for the file. Gives a function that starts a playground, which ends with its test. */
export function useBrowser(): () => Promise<Visit> {
  let browser: Browser

  beforeAll(async () => {
    if (!existsSync(folder))
      throw new Error('The page is not built, and these tests need it. Run: npm run build')
    browser = await chromium.launch({ executablePath: await findChromium(), args })
  })
  afterAll(() => browser?.close())

  return async () => {
    const playground = await startPlayground({ port: 0, host: 'localhost', folder })
    onTestFinished(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()))
      await playground.close()
    })
    return { browser, url: `http://localhost:${playground.port}/` }
  }
}
