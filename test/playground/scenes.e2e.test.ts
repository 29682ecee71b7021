import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { accessibilityFaults } from './accessibility.ts'
import { useBrowser } from './browser.ts'
import { joinChat, openTab, watchComplaints, type ChatPage } from './chat-page.ts'

const openPlayground = useBrowser()
const sources = join(import.meta.dirname, '../../playground/web/src/scenes')

const text = ({ page }: ChatPage, id: string): Promise<string | null> => page.locator(`#${id}`).textContent()

const connected = ({ page }: ChatPage): Promise<void> =>
  page.locator('#scenes-inspector summary strong', { hasText: /^Connected$/ }).waitFor()

/** Ends a page's being offline, without the wait that the client keeps between two attempts. */
async function plugIn(chat: ChatPage): Promise<void> {
  await chat.press('Take this page offline')
  await chat.page.clock.fastForward(6_000)
  await connected(chat)
}

test('the scenes work over a connection that breaks and recovers', { timeout: 180_000 }, async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann', { hurries: true })
  const bo = await joinChat(browser, url, 'Bo', { hurries: true })
  for (const chat of [ann, bo]) {
    await openTab(chat.page, 'Ticker')
    await connected(chat)
  }

  // The code that is shown is the code that runs, and is short.
  for (const scene of ['ticker', 'cursors', 'order', 'upload']) {
    const code = readFileSync(join(sources, `${scene}.ts`), 'utf8')
    expect(await text(ann, `${scene}-code`)).toBe(code)
    expect(code.trim().split('\n').length).toBeLessThan(17)
  }

  // The ticker: without a connection the newer price takes the place of the older.
  await ann.press('Quote prices')
  const prices = ann.page.locator('#ticker-prices tr').first().locator('td')
  await expect.poll(() => prices.last().textContent()).toMatch(/^\d+\.\d\d$/)
  await ann.press('Take this page offline')
  await expect.poll(() => text(ann, 'ticker-counts')).toMatch(/, [1-9]\d* replaced/)
  await ann.page.locator('#scenes-inspector summary').click()
  const queue = ann.page.locator('#scenes-inspector').getByRole('img', { name: /^Queue,/ })
  await expect.poll(() => queue.getAttribute('aria-label')).toMatch(/: 3 now, max 3$/)
  await ann.press('Quote prices')
  const last = await prices.first().textContent()
  await plugIn(ann)
  await expect.poll(() => prices.last().textContent()).toBe(last)

  // The form: what cannot be sent within ten seconds is certainly not sent.
  await openTab(bo.page, 'Form')
  await bo.press('Take this page offline')
  await bo.page.getByLabel('Drink').selectOption('Tea')
  await bo.press('Order')
  await bo.page.clock.fastForward(8_000)
  expect(await text(bo, 'orders')).toBe('Tea: on its way …')
  await bo.page.clock.fastForward(2_100)
  await expect.poll(() => text(bo, 'orders')).toMatch(/^Tea: certainly not sent \(message expired\)/)
  await plugIn(bo)
  await bo.press('Order')
  await expect.poll(() => text(bo, 'orders')).toMatch(/^The server made Tea, order 1\.Tea: sent\./)

  // The cursors: by pointer, and by keyboard.
  for (const chat of [ann, bo]) await openTab(chat.page, 'Cursors')
  const area = ann.page.locator('#cursors')
  const other = bo.page.locator('#cursors .cursor:not(.own-cursor)')
  const top = (): Promise<number> =>
    other.evaluateAll(([cursor]) => parseFloat((cursor as HTMLElement | undefined)?.style.top ?? ''))
  await area.hover({ position: { x: 10, y: 20 } })
  await expect.poll(top).toBeCloseTo(10, -1)
  const before = await top()
  await area.focus()
  await area.press('ArrowDown')
  await expect.poll(top).toBeCloseTo(before + 4)
  await bo.page.locator('#cursors').hover({ position: { x: 30, y: 40 } })
  const others = ann.page.locator('#cursors .cursor:not(.own-cursor)')
  await expect.poll(() => others.count()).toBe(1)

  // The upload: stopped by a lost connection, and whole without.
  await openTab(ann.page, 'Upload')
  await ann.press('Upload 12 MB of noise')
  const received = (): Promise<number> =>
    ann.page.locator('#upload-bar').evaluate((bar: HTMLProgressElement) => bar.position)
  await expect.poll(received).toBeGreaterThan(0.1)
  await ann.press('Take this page offline')
  await expect.poll(() => text(ann, 'upload-said')).toMatch(/^Stopped: the connection was lost/)
  await expect.poll(() => other.count()).toBe(0)
  expect(await others.count(), 'without a connection, no cursor is known').toBe(0)
  await plugIn(ann)
  const file = { name: 'file.bin', mimeType: '', buffer: Buffer.alloc(1_000_000, 'x') }
  await ann.page.getByLabel('or a file').setInputFiles(file)
  await expect
    .poll(() => text(ann, 'upload-said'))
    .toMatch(/^The server has all 1,000,000 bytes, SHA-256 [0-9a-f]{16}…$/)

  ann.expectNoComplaints()
  bo.expectNoComplaints()
})

test('the pages without a bundler use nothing but a build, and chat', async () => {
  const { browser, url, joinAs } = await openPlayground()
  const ann = await joinAs('Ann')
  const pages = [
    ['cdn', '/lib/holdfast.global.js', 'Script tag'],
    ['esm', '/lib/index.js', 'Module'],
  ] as const
  for (const [name, build, person] of pages) {
    const page = await browser.newPage()
    const complaints = watchComplaints(page)
    const scripts: string[] = []
    page.on('request', (request) => {
      if (request.resourceType() === 'script') scripts.push(new URL(request.url()).pathname)
    })
    const answer = await page.goto(`${url}${name}.html`)
    expect(answer?.headers()['content-security-policy']).toContain(`script-src 'self'`)
    await expect.poll(() => page.getByRole('status').textContent()).toBe('open')
    // What the entries of the package share is a file of its own.
    const entries = scripts.filter((path) => !path.startsWith('/lib/shared-'))
    expect(entries.sort()).toEqual([`/${name}.js`, build].sort())

    await page.getByLabel('Message', { exact: true }).fill(`<b>from ${name}</b>`)
    await page.keyboard.press('Enter')
    while ((await ann.next()).type !== 'joined');
    expect(await ann.next()).toMatchObject({ name: person, message: `<b>from ${name}</b>` })
    ann.say({ type: 'chat', message: '<i>hello</i>' })
    await expect
      .poll(() => page.getByRole('listitem').allTextContents())
      .toEqual([`You: <b>from ${name}</b> (sent)`, 'Ann: <i>hello</i>'])
    expect(await accessibilityFaults(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  }
})
