import { join } from 'node:path'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { accessibilityFaults } from './accessibility.ts'
import { useBrowser } from './browser.ts'
import { joinChat } from './chat-page.ts'

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
  await page.getByRole('dialog').waitFor()
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
  expect(bytes).toBeLessThan(150_000)
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

  await page.getByRole('button', { name: 'Change name' }).focus()
  expect(await tabOrder(page, 27)).toEqual([
    'Plain JSON',
    'Session',
    'Cut the connection',
    'Reconnect',
    'Disconnect',
    'Online',
    'Messages',
    'Message',
    'Send',
    'Black-hole it',
    'Answer slowly',
    'Refuse dials',
    'Close with',
    'Close code',
    'Take this page offline',
    '1,000 messages/s',
    '20,000 at once',
    'Restart the server',
    'Drain the server',
    'Inspector',
    expect.stringMatching(/^Connection ?Connected/),
    'States, the newest first',
    'Filter',
    'Direction',
    'Pause',
    'Clear',
    'Messages',
  ])

  await page.getByRole('tab', { name: 'Inspector' }).focus()
  await page.keyboard.press('ArrowRight')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Rooms')
  await page.getByRole('tabpanel', { name: 'Rooms' }).waitFor()
  await page.keyboard.press('End')
  await page.getByRole('tabpanel', { name: 'Upload' }).waitFor()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tabpanel', { name: 'Inspector' }).waitFor()

  // What changes many times a second is not read out.
  const live = await page
    .locator('[aria-live], [role=status], [role=log], [role=alert]')
    .evaluateAll(
      (regions) =>
        regions.filter((region) => region.querySelector('.row, .timeline, #status-countdown')).length,
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

test('in every theme and with any panel open, the page fits its window, and axe finds no violation', async () => {
  const { browser, url } = await openPlayground()
  const faults: string[] = []
  const look = async (title: keyof typeof looks): Promise<void> => {
    const { width } = looks[title].viewport
    const examine = async (page: Page, state: string, part?: string): Promise<void> => {
      const found = (fault: string): number => faults.push(`${title}, ${state}: ${fault}`)
      const path = shots && join(shots, `${title}-${state}.png`)
      if (path) await page.screenshot({ path, fullPage: width < 1_000 })
      if ((await page.evaluate(() => document.documentElement.scrollWidth)) > width) found('it is too wide')
      for (const fault of await accessibilityFaults(page, part)) found(fault)
    }
    const ann = await joinChat(browser, url, title, {
      ...looks[title],
      asked: (page) => examine(page, 'dialog'),
    })
    const { page } = ann
    await ann.say('It is, and it holds. Pull the plug and see what becomes of my next message.')
    await examine(page, 'connected')

    await ann.press('Take this page offline')
    await page.locator('#status-label', { hasText: /^Waiting$/ }).waitFor()
    await ann.say('This one waits.', 'And so does this one.')
    await page.getByRole('button', { name: 'Cancel' }).last().click()
    await page.getByRole('listbox').getByRole('option').last().click()
    await examine(page, 'inspector')
    for (const tab of ['Rooms', 'Ticker', 'Cursors', 'Form', 'Upload']) {
      await page.getByRole('tab', { name: tab }).click()
      await examine(page, tab.toLowerCase(), '.panel:not([hidden])')
    }
    ann.expectNoComplaints()
  }
  await Promise.all(Object.keys(looks).map((title) => look(title as keyof typeof looks)))
  expect(faults).toEqual([])
})
