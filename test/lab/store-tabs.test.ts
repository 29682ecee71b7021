import { createServer } from 'node:http'
import { createHub } from '@holdfast/server'
import { chromium } from 'playwright'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { listen, until, upTo } from '../session/pair.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { bundle } from './bundle.ts'
import type { TabPage } from './tab-page.ts'

declare const tabPage: TabPage

let browser: Browser
let script: string
beforeAll(async () => {
  script = await bundle('tab-page.ts')
  browser = await chromium.launch({
    executablePath: await findChromium(),
    // Pages that are left are kept, as they are for users.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: chromiumArgs,
  })
})
afterAll(() => browser?.close())

interface Lab {
  readonly context: BrowserContext
  /** The delivered messages. */
  readonly got: string[]
  readonly url: string
  tab(): Promise<Page>
}

async function setUp(): Promise<Lab> {
  const hub = createHub()
  const got: string[] = []
  hub.on('note', (data) => void got.push(data as string))
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    const content = request.url === '/away' ? 'away' : `<script>${script}</script>`
    response.end(`<!doctype html><title>tab</title>${content}`)
  })
  hub.attach(server, { path: '/ws' })
  const url = `http://127.0.0.1:${await listen(server)}`
  const context = await browser.newContext()
  onTestFinished(async () => {
    await context.close()
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    context,
    got,
    url,
    async tab() {
      const page = await context.newPage()
      await page.goto(`${url}/`)
      await page.evaluate(() => tabPage.open())
      return page
    },
  }
}

const notes = (tab: string, count: number): string[] => upTo(count).map((number) => `${tab} ${number}`)
const left = (page: Page): Promise<number> => page.evaluate(() => tabPage.left())

describe('in Chromium', () => {
  test('50 queued messages survive a reload, and each is delivered once', async () => {
    const { got, tab } = await setUp()
    const page = await tab()
    await page.evaluate(() => {
      tabPage.send('a', 50)
      return tabPage.committed()
    })
    expect(await page.evaluate(() => [tabPage.durability(), ...tabPage.troubles()])).toEqual(['disk'])
    await page.reload()
    await page.evaluate(() => {
      tabPage.open()
      return tabPage.connect()
    })
    await until(() => got.length >= 50)
    await expect.poll(() => left(page)).toBe(0)
    expect(got).toEqual(notes('a', 50))
    expect(await page.evaluate(() => [...new Set(tabPage.settled())])).toEqual(['delivered'])
  })

  test('50 messages of a killed tab are sent once by another open tab', async () => {
    const { context, got, tab } = await setUp()
    const first = await tab()
    const second = await tab()
    await first.evaluate(() => {
      tabPage.send('a', 50)
      return tabPage.committed()
    })
    await second.evaluate(() => {
      tabPage.send('b', 1)
      return tabPage.connect()
    })
    await until(() => got.length === 1)
    const crashed = first.waitForEvent('crash')
    ;(await context.newCDPSession(first)).send('Page.crash').catch(() => {})
    await crashed
    await until(() => got.length >= 51)
    await expect.poll(() => left(second)).toBe(0)
    expect(got).toEqual(['b 0', ...notes('a', 50)])
  })

  test('two open tabs do not send messages of each other', async () => {
    const { got, tab } = await setUp()
    const first = await tab()
    const second = await tab()
    await first.evaluate(() => {
      tabPage.send('a', 10)
      return tabPage.committed()
    })
    await second.evaluate(() => tabPage.connect())
    await second.evaluate(() => tabPage.send('b', 10))
    await until(() => got.length === 10)
    expect(got).toEqual(notes('b', 10))
    await expect.poll(() => left(first)).toBe(10)
    await first.evaluate(() => tabPage.connect())
    await until(() => got.length === 20)
    expect(got.slice(10)).toEqual(notes('a', 10))
  })

  test('messages sent while a page is left are sent by the next one', async () => {
    const { got, url, tab } = await setUp()
    const page = await tab()
    await page.evaluate(() => {
      tabPage.send('warm', 1)
      return tabPage.committed()
    })
    for (const round of upTo(5)) {
      await page.evaluate((name) => tabPage.sendAtPagehide(name, 20), `leave${round}`)
      // A page that receives `unload` is not kept: it is discarded.
      if (round % 2) await page.evaluate(() => addEventListener('unload', () => {}))
      await page.goto(`${url}/?${round}`)
      await page.evaluate(() => tabPage.open())
      await page.evaluate(() => tabPage.send('warm', 1))
      await page.evaluate(() => tabPage.committed())
    }
    await page.evaluate(() => tabPage.connect())
    await page.evaluate(() => tabPage.send('end', 1))
    const of = (round: number): string[] => got.filter((note) => note.startsWith(`leave${round} `))
    await until(() => got.includes('end 0'))
    await expect.poll(() => left(page)).toBe(0)
    // A browser that is busy may give up the transaction of a page that it does not keep, or evicts: then nothing of it is
    // there. What is there is in order and once.
    for (const round of upTo(5)) expect(of(round)).toEqual(notes(`leave${round}`, of(round).length))
    const complete = upTo(5).filter((round) => of(round).length === 20)
    expect(complete.length, 'pages whose messages are there').toBeGreaterThan(0)
  })

  test('a left page with a store is cached, lets another tab send, and sends no message twice on its return', async () => {
    // A browser that is busy may discard a page that it could keep.
    let isCached = false
    for (let tries = 0; tries < 5 && !isCached; tries++) isCached = await leaveAndReturn()
    expect(isCached).toBe(true)
  })
})

/** Whether the browser kept the page. */
async function leaveAndReturn(): Promise<boolean> {
  const { got, url, tab } = await setUp()
  const page = await tab()
  const other = await tab()
  await page.evaluate(() => {
    tabPage.send('a', 10)
    return tabPage.committed()
  })
  await page.goto(`${url}/away`)
  await other.evaluate(() => tabPage.connect())
  await until(() => got.length >= 10)
  await expect.poll(() => left(other)).toBe(0)
  await page.goBack({ waitUntil: 'commit' })
  const [first, ...events] = await page.evaluate(() => tabPage.events)
  expect(first).toBe('pageshow false')
  if (events.length === 0) return false
  expect(events).toEqual(['pagehide true', 'pageshow true'])
  await page.evaluate(() => tabPage.connect())
  await page.evaluate(() => tabPage.send('a', 5, 10))
  await until(() => got.length >= 15)
  expect(got).toEqual(notes('a', 15))
  await expect.poll(() => left(page)).toBe(0)
  return true
}
