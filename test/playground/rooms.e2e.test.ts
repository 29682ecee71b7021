import { expect, test } from 'vitest'
import type { Browser } from 'playwright'
import { accessibilityFaults } from './accessibility.ts'
import { useBrowser } from './browser.ts'
import { joinChat, openTab, type ChatPage } from './chat-page.ts'

const openPlayground = useBrowser()

/** A window in a room. */
interface Visitor extends ChatPage {
  /** The lines of the room, in order: messages and notices. */
  lines(): Promise<string[]>
  members(): Promise<string[]>
  publish(text: string): Promise<void>
  joined(): Promise<void>
}

async function enter(browser: Browser, url: string, name: string, room = 'lobby'): Promise<Visitor> {
  const chat = await joinChat(browser, url, name, { hurries: true, room })
  const { page } = chat
  await openTab(page, 'Rooms')
  const texts = (locator: string): Promise<string[]> => page.locator(`${locator} li`).allTextContents()
  const visitor: Visitor = {
    ...chat,
    lines: () => texts('#room-messages'),
    members: async () => (await texts('#room-members')).sort(),
    async publish(text) {
      await page.getByLabel('Message to the room').fill(text)
      await page.keyboard.press('Enter')
    },
    async joined() {
      const hurry = async (): Promise<string | null> => {
        const state = await page.locator('#room-state').textContent()
        if (state !== 'joined') await page.clock.fastForward(5_000)
        return state
      }
      await expect.poll(hurry, { interval: 200 }).toBe('joined')
    },
  }
  await visitor.joined()
  return visitor
}

test('a room shows its history and its members, and who is typing', async () => {
  const { browser, url } = await openPlayground()
  const ann = await enter(browser, url, 'Ann')
  for (const text of ['one', 'two', 'three']) await ann.publish(text)
  await expect.poll(ann.lines).toEqual(['Ann: one', 'Ann: two', 'Ann: three'])

  const bo = await enter(browser, url, 'Bo')
  await expect.poll(bo.lines, { message: 'the history' }).toEqual(['Ann: one', 'Ann: two', 'Ann: three'])
  await expect.poll(ann.members).toEqual(['Ann', 'Bo'])
  await bo.page.getByLabel('Message to the room').pressSequentially('he')
  await expect.poll(ann.members).toEqual(['Ann', 'Bo is typing …'])
  await bo.publish('hello')
  await expect.poll(ann.members).toEqual(['Ann', 'Bo'])
  await expect.poll(ann.lines).toEqual(['Ann: one', 'Ann: two', 'Ann: three', 'Bo: hello'])
  const figures = ann.page.locator('#rooms-figures')
  const subscriptions = figures.getByRole('row', { name: 'Subscriptions' })
  const refreshed = async (): Promise<string | null> => {
    await ann.page.clock.fastForward(1_000)
    return subscriptions.textContent()
  }
  await expect.poll(refreshed, { interval: 200 }).toBe('Subscriptions2')
  expect(await accessibilityFaults(ann.page)).toEqual([])

  await bo.page.getByLabel('Room', { exact: true }).selectOption('Reef')
  await bo.joined()
  await expect.poll(bo.lines).toEqual([])
  await expect.poll(ann.members).toEqual(['Ann'])
  for (const visitor of [ann, bo]) visitor.expectNoComplaints()
})

test('two visitors of one name have different ones in a room, and a page that is reloaded keeps its own', async () => {
  const { browser, url } = await openPlayground()
  const ann = await enter(browser, url, 'Ann')
  // In another chat the name is free.
  const second = await enter(browser, url, 'Ann', 'elsewhere')
  await expect.poll(ann.members).toEqual(['Ann', 'Ann 2'])
  await second.publish('hello')
  await expect.poll(ann.lines).toEqual(['Ann 2: hello'])
  await second.page.reload()
  await openTab(second.page, 'Rooms')
  await second.joined()
  await expect.poll(ann.members).toEqual(['Ann', 'Ann 2'])
  await second.publish('back')
  await expect.poll(ann.lines).toEqual(['Ann 2: hello', 'Ann 2: back'])
  for (const visitor of [ann, second]) visitor.expectNoComplaints()
})

test('what a page misses is recovered in order and once, or reported as a gap after a restart', async () => {
  const { browser, url } = await openPlayground()
  const ann = await enter(browser, url, 'Ann')
  const bo = await enter(browser, url, 'Bo')
  await bo.publish('before')
  await expect.poll(ann.lines).toEqual(['Bo: before'])

  await ann.press('Take this page offline')
  await expect.poll(() => ann.page.locator('#room-state').textContent()).toBe('joining')
  const missed = Array.from({ length: 12 }, (_, number) => `missed ${number}`)
  for (const text of missed) await bo.publish(text)
  await expect.poll(async () => (await bo.lines()).length).toBe(13)
  await ann.press('Take this page offline')
  await ann.joined()
  await bo.publish('after')
  const expected = [
    'Bo: before',
    ...missed.map((text) => `Bo: ${text}`),
    '12 missed messages recovered.',
    'Bo: after',
  ]
  await expect.poll(ann.lines).toEqual(expected)

  await ann.press('Restart the server')
  await expect.poll(() => ann.page.locator('#room-state').textContent()).toBe('joining')
  await Promise.all([ann.joined(), bo.joined()])
  await bo.publish('after the restart')
  await expect
    .poll(ann.lines)
    .toEqual([...expected, 'A gap: an unknown number of messages are missing here.', 'Bo: after the restart'])
  for (const visitor of [ann, bo]) visitor.expectNoComplaints()
})
