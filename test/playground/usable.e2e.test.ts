import { join } from 'node:path'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { shots, useBrowser } from './browser.ts'
import { joinChat } from './chat-page.ts'

const openPlayground = useBrowser()

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

test('it is there in less than a second', async () => {
  const { browser, url } = await openPlayground()
  const page = await browser.newPage()
  await page.goto(url)
  await page.getByRole('dialog').waitFor()
  const { loaded, bytes } = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
    return {
      loaded: navigation?.loadEventEnd ?? Infinity,
      bytes: [navigation!, ...resources].reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    }
  })
  console.log(`Loaded in ${loaded.toFixed(0)} ms, ${bytes} bytes`)
  expect(loaded).toBeLessThan(1_000)
})

test(
  'everything has a name, a role and a place in the order of the keyboard',
  { timeout: 60_000 },
  async () => {
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
    expect(await tabOrder(page, 23)).toEqual([
      'Cut the connection',
      'Reconnect',
      'Disconnect',
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
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Ticker')
    await page.getByRole('tabpanel', { name: 'Ticker' }).waitFor()
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
  },
)

test('screenshots, to be looked at', { timeout: 60_000 }, async () => {
  const { browser, url } = await openPlayground()
  const visitor = await browser.newPage()
  await visitor.goto(url)
  await visitor.getByRole('dialog').waitFor()
  await visitor.screenshot({ path: join(shots, 'name.png') })

  const looks = [
    ['light', 'light', 1_440, 900],
    ['dark', 'dark', 1_100, 800],
    ['phone', 'light', 390, 844],
    ['phone-dark', 'dark', 390, 844],
  ] as const
  const shoot = async ([title, colorScheme, width, height]: (typeof looks)[number]): Promise<void> => {
    const ann = await joinChat(browser, url, title, { colorScheme, viewport: { width, height } })
    const { page } = ann
    const shot = async (name: string): Promise<void> => {
      await page.screenshot({ path: join(shots, `${title}-${name}.png`), fullPage: width < 1_000 })
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width)
    }
    await ann.say('It is, and it holds. Pull the plug and see what becomes of my next message.')
    await ann.press('Take this page offline')
    await page.locator('#status-label', { hasText: /^Waiting$/ }).waitFor()
    await ann.say('This one waits.', 'And so does this one.')
    await page.getByRole('button', { name: 'Cancel' }).last().click()
    await page.getByRole('listbox').getByRole('option').last().click()
    await ann.status.getByText(/attempt [2-9] in/).waitFor()
    await shot('waiting')
    for (const tab of ['Ticker', 'Cursors', 'Form', 'Upload']) {
      await page.getByRole('tab', { name: tab }).click()
      if (title === 'light' || tab === 'Ticker') await shot(tab.toLowerCase())
    }
    await page.context().close()
  }
  await Promise.all(looks.map(shoot))
  console.log(`Screenshots of the playground: ${shots}`)
})
