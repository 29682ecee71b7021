import { expect } from 'vitest'
import type { Browser, Locator, Page } from 'playwright'

/** One window of the chat, as a user sees it. Each has a storage of its own. */
export interface ChatPage {
  readonly page: Page
  readonly status: Locator
  readonly log: Locator
  /** The texts of the messages of others, in order. */
  received(): Promise<string[]>
  /** The own messages, in order, with what the page says about them. */
  own(): Promise<{ readonly text: string; readonly state: string; readonly meta: string }[]>
  say(...texts: readonly string[]): Promise<void>
  connected(): Promise<void>
  /** Like `connected`, without the waits between attempts; for a page that hurries. */
  hurried(): Promise<void>
  press(button: string): Promise<void>
  /** Fails unless the browser had nothing to complain about, but for what is expected. */
  expectNoComplaints(expected?: RegExp): void
}

export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly viewport?: { readonly width: number; readonly height: number }
  /** The timers of the page can be sped up by `page.clock`. */
  readonly hurries?: boolean
  readonly wire?: 'plain' | 'session'
  readonly room?: string
}

/** Opens the lobby, or another room, with one phone, which has the name of an earlier visit. */
export async function joinChat(
  browser: Browser,
  url: string,
  name: string,
  look: Look = {},
): Promise<ChatPage> {
  const { colorScheme = 'light', viewport = { width: 1_100, height: 760 } } = look
  const context = await browser.newContext({ colorScheme, viewport })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const complaints = watchComplaints(page)

  if (look.hurries) await page.clock.install()
  // Only once, because a test may change the name and load the page again.
  await context.addInitScript((named) => {
    const key = 'holdfast-playground-name'
    if (localStorage.getItem(key) === null) localStorage.setItem(key, named)
  }, name)
  await page.goto(`${url}?${new URLSearchParams({ room: look.room ?? 'lobby', wire: look.wire ?? 'plain' })}`)

  const chat: ChatPage = {
    page,
    status: page.locator('#status'),
    log: page.locator('#phone-left .log'),
    received: () => page.locator('#phone-left .theirs .text').allTextContents(),
    own: () =>
      page.locator('#phone-left .own').evaluateAll((entries) =>
        entries.map((entry) => ({
          text: entry.querySelector('.text')?.textContent ?? '',
          state: entry.getAttribute('data-state') ?? '',
          meta: entry.querySelector('.meta')?.textContent ?? '',
        })),
      ),
    async say(...texts) {
      for (const text of texts) {
        await page.getByLabel('Message', { exact: true }).fill(text)
        await page.keyboard.press('Enter')
      }
    },
    connected: () => page.locator('#status-label', { hasText: /^Connected$/ }).waitFor({ timeout: 60_000 }),
    async hurried() {
      const hurry = async (): Promise<string | null> => {
        const status = await chat.status.getAttribute('data-status')
        if (status === 'waiting') await page.clock.fastForward(30_000)
        return status
      }
      await expect.poll(hurry, { interval: 200, timeout: 60_000 }).toBe('open')
    },
    press: (button) => page.getByRole('button', { name: button, exact: true }).click(),
    expectNoComplaints: (expected) =>
      expect(complaints.filter((complaint) => !expected?.test(complaint))).toEqual([]),
  }
  await chat.connected()
  return chat
}

/** Unfolds the inspector of the phone, whose clients work without it. */
export async function openInspector(page: Page): Promise<void> {
  await page.locator('#inspector summary').click()
}

/** Unfolds the rooms and scenes, and shows one of them. */
export async function openTab(page: Page, name: string): Promise<void> {
  const fold = page.locator('#more')
  if ((await fold.getAttribute('open')) === null) await fold.locator('summary').first().click()
  await page.getByRole('tab', { name }).click()
}

/** Collects what the browser complains about from now on: errors, warnings, violations of the policy, dialogs. */
export function watchComplaints(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Every browser reports a dial that fails, and a request for the reason. No page can keep it from that.
    const isUnavoidable =
      message.text().startsWith('WebSocket connection to ') ||
      /\/(ws|session|rooms|scenes|favicon)\b/.test(message.location().url) ||
      // So are messages that a plain WebSocket discards: nothing else reports that.
      message.text() === 'WebSocket is already in CLOSING or CLOSED state.'
    if (['error', 'warning'].includes(message.type()) && !isUnavoidable)
      complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return complaints
}
