import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { startPlayground, type PlaygroundOptions } from '../../playground/server/start.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { join as joinPeer, type Peer } from './peer.ts'

const folder = join(import.meta.dirname, '../../playground/web/dist')

export interface Visit {
  readonly browser: Browser
  readonly url: string
  /** Joins the chat as a participant without a page, until the test is over. */
  joinAs(name: string): Promise<Peer>
}

/** One browser for the file. Gives a function that starts a playground, which ends with its test. */
export function useBrowser(
  options: Pick<PlaygroundOptions, 'cutDuration' | 'refuseDuration'> = {},
): () => Promise<Visit> {
  let browser: Browser

  beforeAll(async () => {
    if (!existsSync(folder))
      throw new Error('The page is not built, and these tests need it. Run: npm run build')
    browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
  })
  afterAll(() => browser?.close())

  return async () => {
    const playground = await startPlayground({ port: 0, host: 'localhost', folder, ...options })
    onTestFinished(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()))
      await playground.close()
    })
    const host = `localhost:${playground.port}`
    return {
      browser,
      url: `http://${host}/`,
      async joinAs(name) {
        const peer = await joinPeer(`ws://${host}/ws`, name)
        onTestFinished(() => peer.socket.terminate())
        return peer
      },
    }
  }
}
