import { join } from 'node:path'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { accessibilityFaults } from './accessibility.ts'
import { useBrowser } from './browser.ts'
import { joinChat, openInspector, openTab, watchComplaints } from './chat-page.ts'

const openPlayground = useBrowser()

/** The folder for screenshots, if any are wanted. */
const shots = process.env['SCREENSHOTS']

/** The names of what the Tab key reaches, in its order. */
async function tabOrder(page: Page, stops: number): Promise<string[]> {
  const names: string[] = []
  for (let stop = 0; stop < stops; stop++) {
    await page.keyboard.press('Tab')
    names.push(
      await page.evaluate(() => {
        const element = document.activeElement
        const label =
          element instanceof HTMLInputElement || element instanceof HTMLSelectElement
            ? element.labels?.[0]
            : undefined
        return (element?.ariaLabel ?? label?.textContent ?? element?.textContent ?? '')
          .trim()
          .replaceAll(/\s+/g, ' ')
      }),
    )
  }
  return names
}

test('the page is small, and loads at once', async () => {
  const { browser, url } = await openPlayground()
  const page = await browser.newPage()
  await page.goto(url)
  await page.locator('#phone-right .phone-state', { hasText: 'Connected' }).waitFor()
  const { loaded, bytes } = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
    const parts = [navigation!, ...resources]
    return {
      loaded: navigation!.loadEventEnd,
      bytes: parts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    }
  })
  console.log(`Loaded in ${loaded.toFixed(0)} ms, ${bytes} bytes`)
  expect(bytes).toBeLessThan(160_000)
  // A third of a second on a quiet machine.
  expect(loaded).toBeLessThan(10_000)
})

test('every control has a name, a role and a place in the keyboard order', { timeout: 180_000 }, async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann')
  const { page } = ann
  expect(
    await page.evaluate(() => {
      const all = [...document.querySelectorAll('*')]
      const ids = all.map(({ id }) => id).filter(Boolean)
      const nameless = [
        ...document.querySelectorAll<HTMLElement>('button, input, select, [tabindex], [role]'),
      ].filter(
        (element) =>
          !element.ariaLabel &&
          !element.getAttribute('aria-labelledby') &&
          !(element as HTMLInputElement).labels?.length &&
          !element.textContent?.trim() &&
          !['status', 'option'].includes(element.role ?? ''),
      )
      const dangling = all.flatMap((element) =>
        ['aria-controls', 'aria-labelledby', 'for', 'aria-activedescendant']
          .map((name) => element.getAttribute(name))
          .filter((id) => id && !document.getElementById(id)),
      )
      return {
        nameless: nameless.map(({ outerHTML }) => outerHTML),
        dangling,
        duplicates: ids.filter((id, index) => ids.indexOf(id) !== index),
        positive: document.querySelectorAll('[tabindex]:not([tabindex="0"], [tabindex="-1"])').length,
        headings: [...document.querySelectorAll('main :is(h1, h2, h3)')].map(({ tagName }) => tagName),
        lang: document.documentElement.lang,
      }
    }),
  ).toMatchObject({ nameless: [], dangling: [], duplicates: [], positive: 0, lang: 'en' })

  await openInspector(page)
  await page.getByRole('link', { name: 'Documentation' }).focus()
  expect(await tabOrder(page, 29)).toEqual([
    'Messages',
    'Message',
    'Send',
    'Heal now',
    'Black-hole it',
    'Answer slowly',
    'Take this page offline',
    'Refuse dials',
    'Close with',
    'Close code',
    'Restart the server',
    'Drain the server',
    '1,000 messages/s',
    '20,000 at once',
    'Copy a link to this scenario',
    expect.stringMatching(/^Inspector ?Connected/),
    'States, the newest first',
    'Filter',
    'Direction',
    'Pause',
    'Clear',
    'Messages',
    'The selected message',
    'Session',
    'Plain JSON',
    'Cut the connection',
    'Reconnect',
    'Disconnect',
    'Change name',
  ])

  await openTab(page, 'Rooms')
  await page.keyboard.press('ArrowRight')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Ticker')
  await page.getByRole('tabpanel', { name: 'Ticker' }).waitFor()
  await page.keyboard.press('End')
  await page.getByRole('tabpanel', { name: 'Upload' }).waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tabpanel', { name: 'Rooms' }).waitFor()

  // What changes many times a second is not read out.
  const live = await page
    .locator('[aria-live], [role=status], [role=log], [role=alert]')
    .evaluateAll(
      (regions) =>
        regions.filter((region) => region.querySelector('.row, .timeline, #status-countdown, .badge')).length,
    )
  expect(live).toBe(0)
  ann.expectNoComplaints()
})

/** Each is a window, and whether its owner likes the dark. */
const looks = {
  light: { colorScheme: 'light', viewport: { width: 1_440, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1_100, height: 800 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
} as const

test('in every theme, the show and all that is folded fit the window, and axe finds no violation', async () => {
  const { browser, url } = await openPlayground()
  const faults: string[] = []
  const look = async (title: keyof typeof looks): Promise<void> => {
    const context = await browser.newContext(looks[title])
    context.setDefaultTimeout(60_000)
    const page = await context.newPage()
    const complaints = watchComplaints(page)
    const examine = async (state: string, part?: string): Promise<void> => {
      const found = (fault: string): number => faults.push(`${title}, ${state}: ${fault}`)
      const path = shots && join(shots, `${title}-${state}.png`)
      if (path) await page.screenshot({ path, fullPage: true })
      const { width } = looks[title].viewport
      if ((await page.evaluate(() => document.documentElement.scrollWidth)) > width) found('it is too wide')
      for (const fault of await accessibilityFaults(page, part)) found(fault)
    }

    await page.goto(url)
    await page.locator('#phone-left .theirs').first().waitFor()
    await examine('connected')
    await page.getByRole('button', { name: 'Pull the plug' }).click()
    await page.locator('#phone-left .own[data-state=pending]').nth(1).waitFor()
    await page.getByRole('button', { name: 'Show the same cut' }).click()
    await examine('unplugged')
    await page.getByRole('button', { name: 'Plug it back in' }).click()
    await page.locator('#verdict', { hasText: 'once and in order' }).waitFor()
    await openInspector(page)
    await page.locator('#inspector').getByRole('listbox').getByRole('option').last().click()
    await examine('back')
    for (const tab of ['Rooms', 'Ticker', 'Cursors', 'Form', 'Upload']) {
      await openTab(page, tab)
      await examine(tab.toLowerCase(), '.panel:not([hidden])')
    }
    await page.getByRole('button', { name: 'Change name' }).click()
    await examine('dialog')
    expect(complaints).toEqual([])
  }
  await Promise.all(Object.keys(looks).map((title) => look(title as keyof typeof looks)))
  expect(faults).toEqual([])
})
