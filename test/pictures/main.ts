// `npm run pictures`: the pictures of the README, from the real page: the plug as an animated PNG, and screenshots.
// `npm run pictures -- plug` makes only that one.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright'
import { startPlayground } from '../../playground/server/start.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { animate } from './apng.ts'
import { film } from './film.ts'
import { readPng } from './png.ts'

const only = process.argv[2]
const root = join(import.meta.dirname, '../..')
const folder = join(root, 'playground/pictures')
const stills = {
  desktop: { viewport: { width: 1_440, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1_440, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2 },
} as const

const playground = await startPlayground({
  port: 0,
  host: 'localhost',
  folder: join(root, 'playground/web/dist'),
})
const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
try {
  mkdirSync(folder, { recursive: true })
  if (isWanted('plug')) save('plug.png', animate(await film(browser, `http://localhost:${playground.port}/`)))
  for (const [name, look] of Object.entries(stills).filter(([each]) => isWanted(each))) {
    const page = await open(browser, look, '?compare=1')
    await pullAndPlugIn(page)
    save(`${name}.png`, animate([{ image: readPng(await page.screenshot()), duration: 0 }]))
    await page.context().close()
  }
} finally {
  await browser.close()
  await playground.close()
}

function isWanted(name: string): boolean {
  return only === undefined || only === name
}

async function open(from: Browser, look: Parameters<Browser['newContext']>[0], query = ''): Promise<Page> {
  const page = await (await from.newContext(look)).newPage()
  await page.goto(`http://localhost:${playground.port}/${query}`)
  await page.locator('#phone-right .theirs').nth(1).waitFor()
  return page
}

/** Pulls the plug, until all lines of the phones wait, and plugs in again, until all have landed. */
async function pullAndPlugIn(page: Page): Promise<void> {
  await page.locator('#plug').click()
  await page.locator('#phone-left .own[data-state=pending]').nth(3).waitFor()
  await page.locator('#plug').click()
  await page.locator('#verdict', { hasText: 'once and in order' }).waitFor()
  await page.locator('#phone-right .theirs').nth(6).waitFor()
  await page.waitForTimeout(1_000) // The last message lands.
}

function save(name: string, picture: Buffer): void {
  writeFileSync(join(folder, name), picture)
  console.log(`playground/pictures/${name}: ${(picture.length / 1_000).toFixed(0)} kB`)
}
