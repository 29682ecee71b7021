import { expect, test } from 'vitest'
import { useBrowser } from './browser.ts'
import { joinChat, openInspector, type ChatPage } from './chat-page.ts'

const openPlayground = useBrowser()

/** The newest states that the inspector shows, each with its cause. */
function states({ page }: ChatPage): Promise<string> {
  return page.locator('#inspector .timeline li').evaluateAll((entries) =>
    entries
      .map((entry) =>
        [...entry.children]
          .slice(1, 3)
          .map(({ textContent }) => textContent)
          .join(' '),
      )
      .join('\n'),
  )
}

async function closeWith(chat: ChatPage, code: string): Promise<void> {
  await chat.page.getByLabel('Close code').selectOption(code)
  await chat.press('Close with')
}

test(
  'every switch has its effect on this page only, and the page recovers',
  { timeout: 180_000 },
  async () => {
    const { browser, url, joinAs } = await openPlayground()
    const [ann, bo, cy] = await Promise.all([
      joinChat(browser, url, 'Ann', { hurries: true }),
      joinChat(browser, url, 'Bo', { hurries: true }),
      joinChat(browser, url, 'Cy'),
    ])
    await Promise.all([ann, bo, cy].map(({ page }) => openInspector(page)))
    const eve = await joinAs('Eve')

    const blackHole = async (): Promise<void> => {
      await bo.press('Black-hole it')
      await bo.page.getByText('neither reads nor answers').waitFor()
      await bo.say('into the hole')
      await bo.page.clock.fastForward(5_500) // The heartbeat's interval,
      await bo.page.clock.fastForward(3_500) // and its timeout.
      await expect.poll(() => states(bo)).toContain('The server stopped answering')
      await expect.poll(() => states(bo)).toMatch(/^Connected/)
      await bo.say('out of the hole')
      const heard = await eve.heardUpTo('out of the hole')
      expect(heard, 'nothing comes out of a black hole').not.toContain('into the hole')
    }

    const refuse = async (): Promise<void> => {
      await cy.press('Refuse dials')
      await cy.page.getByText('refuses new connections').waitFor()
      await cy.press('Reconnect')
      await expect.poll(() => states(cy)).toContain('Waiting The server does not answer')
    }

    const closeAndOffline = async (): Promise<void> => {
      await closeWith(ann, '1011')
      await expect
        .poll(() => states(ann))
        .toContain('Waiting The server reported an error of its own (code 1011)')
      await ann.press('Reconnect')
      await ann.connected()
      await closeWith(ann, '4403')
      await expect
        .poll(() => states(ann))
        .toMatch(/^Disconnected The server does not let this page in \(code 4403\)/)
      await ann.press('Restart the server')
      await ann.page.getByText('has no connection that the server could break').waitFor()
      await ann.press('Connect')
      await ann.connected()

      await ann.press('Take this page offline')
      await expect.poll(() => states(ann)).toContain('Waiting The connection broke (1006)')
      await expect.poll(() => states(ann)).toContain('Waiting This device is offline (1006)')
      expect(await ann.page.evaluate(() => navigator.onLine)).toBe(false)
      await ann.say('said offline')
      await ann.press('Take this page offline')
      await ann.hurried()
      await expect.poll(async () => (await ann.own()).map(({ state }) => state)).toEqual(['sent'])
      expect(await ann.page.evaluate(() => navigator.onLine)).toBe(true)
    }

    const slow = async (): Promise<void> => {
      await cy.press('Answer slowly')
      await cy.page.getByText('a second longer').waitFor()
      const startedAt = performance.now()
      await cy.say('slowly')
      await expect.poll(ann.received, { interval: 20 }).toContain('slowly')
      expect(performance.now() - startedAt).toBeGreaterThan(950)
    }

    await slow()
    await Promise.all([blackHole(), refuse(), closeAndOffline()])
    expect(eve.socket.readyState, 'nobody else noticed anything').toBe(eve.socket.OPEN)

    // Affects all pages. A new server also does not know which pages it was to refuse.
    await bo.press('Restart the server')
    expect(await eve.closed).toBe(1001)
    for (const chat of [ann, bo])
      await expect.poll(() => states(chat)).toContain('The server shut down (code 1001)')
    await Promise.all([ann.hurried(), bo.hurried()])
    await cy.press('Reconnect')
    await cy.connected()
    for (const chat of [ann, bo, cy]) chat.expectNoComplaints(/status of 404/)
  },
)
