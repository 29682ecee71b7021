import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { useBrowser } from './browser.ts'
import { watchComplaints } from './chat-page.ts'

/** What would pass by itself lasts until the page heals. */
const openPlayground = useBrowser({ cutDuration: 600_000, refuseDuration: 600_000 })

/** A page as a new visitor sees it: two phones, a plug, and nothing to answer first. */
interface Show {
  readonly page: Page
  readonly complaints: readonly string[]
  /** The texts of the messages of a phone, in order. */
  texts(phone: 'left' | 'right', kind: 'own' | 'theirs'): Promise<string[]>
  say(phone: 'left' | 'right', text: string): Promise<void>
  press(button: string): Promise<void>
  /** The numbers of a row: sent, arrived, lost, twice, out of order. */
  counts(row: 'held' | 'plain'): Promise<number[]>
}

async function openShow(query = ''): Promise<Show> {
  const { browser, url } = await openPlayground()
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const complaints = watchComplaints(page)
  await page.goto(`${url}${query}`)
  const texts = (locator: string): Promise<string[]> => page.locator(`${locator} .text`).allTextContents()
  return {
    page,
    complaints,
    texts: (phone, kind) => texts(`#phone-${phone} .${kind}`),
    async say(phone, text) {
      await page.locator(`#phone-${phone}`).getByLabel('Message', { exact: true }).fill(text)
      await page.keyboard.press('Enter')
    },
    press: (button) => page.getByRole('button', { name: button, exact: true }).click(),
    counts: async (row) => (await page.locator(`#counts-${row} td`).allTextContents()).map(Number),
  }
}

/** The conversation at the start is over. */
async function untilQuiet({ texts }: Show): Promise<void> {
  await expect.poll(() => texts('right', 'theirs')).toHaveLength(2)
}

test('the page opens without a dialog, connected by sessions, with two phones that already chat', async () => {
  const show = await openShow()
  await untilQuiet(show)
  const { page } = show
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(await page.locator('.phone-state').allTextContents()).toEqual(['Connected', 'Connected'])
  expect(await page.locator('.wires [aria-current]').textContent()).toBe('Session')
  expect(await show.texts('right', 'theirs')).toEqual(await show.texts('left', 'own'))
  expect(await show.texts('left', 'theirs')).toEqual(await show.texts('right', 'own'))
  expect(await page.locator('#inspector details').getAttribute('open'), 'folded').toBe(null)
  expect(show.complaints).toEqual([])
})

test('while the plug is out messages wait visibly; then they land once and in order, where a plain WebSocket has lost them', async () => {
  const show = await openShow()
  const { page } = show
  await untilQuiet(show)
  await show.press('Pull the plug')
  await page.locator('#phone-left .phone-state', { hasText: 'No connection' }).waitFor()
  const mine = Array.from({ length: 5 }, (_, index) => `left ${index}`)
  const others = Array.from({ length: 3 }, (_, index) => `right ${index}`)
  for (const text of mine) await show.say('left', text)
  for (const text of others) await show.say('right', text)
  const waiting = page.locator('#phone-left .own[data-state=pending]')
  await expect.poll(() => waiting.allTextContents()).toContain('left 4Waits Cancel')
  await expect.poll(() => page.locator('#waits-server').textContent()).toMatch(/^\d+ for Ann$/)
  // Both phones have said their lines, which wait, too.
  await expect.poll(() => waiting.count()).toBe(mine.length + 4)
  await expect.poll(() => show.texts('right', 'own')).toHaveLength(1 + others.length + 2)
  // What a closed socket discards is lost at once.
  await expect.poll(async () => (await show.counts('plain'))[2]).toBe(mine.length + 4)
  expect(await show.texts('left', 'theirs')).toHaveLength(1)
  expect(await show.texts('right', 'theirs')).toHaveLength(2)

  await show.press('Plug it back in')
  await page.locator('#verdict', { hasText: '14 messages waited, and arrived once and in order.' }).waitFor()
  expect(await page.locator('#verdict').textContent()).toContain('cut at the same moment, lost 14.')
  await expect.poll(() => show.texts('right', 'theirs')).toEqual(await show.texts('left', 'own'))
  await expect.poll(() => show.texts('left', 'theirs')).toEqual(await show.texts('right', 'own'))
  await page.locator('#phone-left').getByText('Same session, nothing is missing').waitFor()

  // What both have said since is not lost on either.
  await expect.poll(() => show.counts('held')).toEqual([19, 19, 0, 0, 0])
  await expect.poll(() => show.counts('plain')).toEqual([19, 5, 14, 0, 0])
  expect(await page.locator('#plain').isVisible()).toBe(false)
  await show.press('Show the same cut on a plain WebSocket')
  const lost = await page.locator('#plain .own[data-state=undelivered] .text').allTextContents()
  expect(lost).toEqual(expect.arrayContaining([...mine, ...others]))
  expect(lost).toHaveLength(14)
  const kept = await page.locator('#plain-right .theirs .text').allTextContents()
  expect(
    kept.filter((text) => mine.includes(text)),
    'none came',
  ).toEqual([])
  expect(show.complaints).toEqual([])
})

test('a cancelled message neither waits nor counts as lost, and pulling the plug again works as before', async () => {
  const show = await openShow()
  const { page } = show
  await untilQuiet(show)
  for (let round = 0; round < 2; round++) {
    await show.press('Pull the plug')
    await show.say('left', `cancelled ${round}`)
    const cancelled = page.locator('#phone-left .own', { hasText: `cancelled ${round}` })
    await cancelled.getByRole('button', { name: 'Cancel' }).click()
    await show.say('left', `kept ${round}`)
    await show.press('Plug it back in')
    await page.locator('#verdict', { hasText: 'waited, and arrived once and in order.' }).waitFor()
  }
  const received = await show.texts('right', 'theirs')
  expect(received.filter((text) => /^(cancelled|kept) /.test(text))).toEqual(['kept 0', 'kept 1'])
  const [sent, arrived, ...faults] = await show.counts('held')
  expect([arrived, ...faults]).toEqual([sent, 0, 0, 0])
})

test('a URL names a fault, which the page causes by itself, and each chosen fault is put into the URL', async () => {
  const show = await openShow('?break=close&code=4403&compare=1')
  const { page } = show
  await page.locator('#status-label', { hasText: /^Disconnected$/ }).waitFor()
  await page.locator('#status').getByText('does not let this page in (code 4403)').first().waitFor()
  expect(await page.locator('#plain').isVisible()).toBe(true)
  expect(await page.locator('#verdict').textContent()).toMatch(/^This link caused the fault/)
  await show.press('Copy a link to this scenario')
  await page.locator('#share-said', { hasText: 'causes the fault that you chose last' }).waitFor()

  await show.press('Heal now')
  await page.locator('#status-label', { hasText: /^Connected$/ }).waitFor()
  await show.press('Hide the plain WebSocket')
  await show.press('Take this page offline')
  expect(new URL(page.url()).search).toBe('?break=offline')
  await page.locator('#phone-right .phone-state', { hasText: 'No connection' }).waitFor()
  await show.press('Heal now')
  await expect.poll(() => page.locator('.phone-state').allTextContents()).toEqual(['Connected', 'Connected'])
  await page.getByLabel('Close code').selectOption('1011')
  await show.press('Close with')
  expect(new URL(page.url()).search).toBe('?break=close&code=1011')
})

test('after all faults at once, one press heals both phones, and what was said meanwhile arrives once', async () => {
  const show = await openShow()
  const { page } = show
  await untilQuiet(show)
  await show.press('Answer slowly')
  await page.getByText('a second longer').waitFor()
  await show.press('Black-hole it')
  await page.getByText('neither reads nor answers').waitFor()
  await show.say('left', 'into the hole')
  await show.press('Refuse dials')
  await page.getByText('refuses new connections').waitFor()
  await show.press('Take this page offline')
  await show.say('left', 'said offline')
  await show.say('right', 'said offline, too')
  await show.press('Heal now')
  await expect.poll(() => show.texts('right', 'theirs')).toContain('said offline')
  await expect.poll(() => show.texts('left', 'theirs')).toContain('said offline, too')
  expect((await show.texts('right', 'theirs')).slice(2)).toEqual(['into the hole', 'said offline'])
  expect(await show.counts('held')).toEqual([6, 6, 0, 0, 0])
})

test('one press heals a connection that is cut, before the cut is over', async () => {
  const show = await openShow()
  const { page } = show
  await untilQuiet(show)
  await show.press('Cut the connection')
  await page.locator('#phone-left .phone-state', { hasText: 'No connection' }).waitFor()
  await show.say('left', 'said meanwhile')
  await show.press('Heal now')
  await expect.poll(() => show.texts('right', 'theirs')).toContain('said meanwhile')
})

test('a guest joins the room of a page from another window, as one phone', async () => {
  const show = await openShow()
  const { page } = show
  await untilQuiet(show)
  const opened = page.context().waitForEvent('page')
  await page.getByRole('link', { name: 'Join from another window' }).click()
  const guest = await opened
  await guest.locator('#phone-left .phone-state', { hasText: 'Connected' }).waitFor()
  expect(await guest.locator('#phone-right').isVisible()).toBe(false)
  expect(await guest.getByRole('button', { name: 'Pull the plug' }).isVisible()).toBe(false)
  await guest.getByLabel('Message', { exact: true }).fill('hello from a guest')
  await guest.keyboard.press('Enter')
  for (const phone of ['left', 'right'] as const)
    await expect.poll(() => show.texts(phone, 'theirs')).toContain('hello from a guest')
  expect(await show.counts('held'), 'the counts are of the two phones').toEqual([3, 3, 0, 0, 0])
})
