import { expect, test } from 'vitest'
import { useBrowser } from './browser.ts'
import { joinChat, type ChatPage } from './chat-page.ts'

const openPlayground = useBrowser({ cutDuration: 3_000 })

const online = ({ page }: ChatPage): Promise<string[]> =>
  page.getByLabel('Online').getByRole('listitem').allTextContents()

test('two participants chat, see each other join, type, rename and leave, and see text as text', async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann')
  const bo = await joinChat(browser, url, 'Bo')

  await ann.log.getByText('Bo joined').waitFor()
  await expect.poll(() => online(bo)).toHaveLength(2)

  await bo.page.getByLabel('Message', { exact: true }).pressSequentially('He')
  await ann.page.getByText('Bo\u2069 is typing…').waitFor()

  const hostile = `<img src=x onerror="alert(1)"><b>bold</b>`
  await bo.say('Hello, Ann', hostile)
  await expect.poll(ann.received).toEqual(['Hello, Ann', hostile])
  await expect.poll(() => ann.page.locator('.typing').textContent()).toBe('')
  expect(await ann.page.locator('.text *').count(), 'elements made of text').toBe(0)
  expect((await bo.own()).map(({ state }) => state)).toEqual(['sent', 'sent'])

  await ann.say('Hello, Bo')
  await expect.poll(bo.received).toEqual(['Hello, Bo'])

  await bo.press('Change name')
  await bo.page.getByRole('textbox', { name: 'Name' }).fill('Bob')
  await bo.page.keyboard.press('Enter')
  await ann.log.getByText('Bo is now called Bob').waitFor()
  await bo.press('Reconnect')
  await ann.log.getByText('Bob joined').waitFor()

  await bo.page.context().close()
  await ann.log.getByText('Bob left').last().waitFor()
  await expect.poll(() => online(ann)).toHaveLength(1)
  ann.expectNoComplaints()
  bo.expectNoComplaints()
})

test('after a cut, messages written meanwhile are pending, then arrive in order and once', async () => {
  const { browser, url, joinAs } = await openPlayground()
  const bo = await joinAs('Bo')
  const ann = await joinChat(browser, url, 'Ann', { hurries: true })
  await ann.say('before')

  // The page dials only on a click, so that it need not write faster than the cut passes.
  await ann.page.clock.pauseAt((await ann.page.evaluate(() => Date.now())) + 2_000)
  await ann.press('Cut the connection')
  await ann.page.locator('#status-label', { hasText: /^Waiting$/ }).waitFor()
  await ann.status.getByText('The connection broke').first().waitFor()
  await ann.page.clock.fastForward(1_000)
  await ann.status.getByText(/attempt [2-9] in \d\.\d s/).waitFor()

  const meanwhile = Array.from({ length: 20 }, (_, index) => `meanwhile ${index}`)
  await ann.say(...meanwhile)
  const waiting = await ann.own()
  expect(waiting.slice(1).map(({ text, state }) => [text, state])).toEqual(
    meanwhile.map((text) => [text, 'pending']),
  )
  expect(waiting[1]?.meta).toContain('Waits')
  await ann.page
    .locator('.own', { hasText: /^meanwhile 7Waits/ })
    .getByRole('button', { name: 'Cancel' })
    .click()
  await ann.page.getByText('19 messages wait').waitFor()

  await ann.page.clock.resume()
  await ann.hurried()
  await ann.say('after')
  const kept = meanwhile.filter((text) => text !== 'meanwhile 7')
  expect(await bo.heardUpTo('after')).toEqual(['before', ...kept, 'after'])
  for (const { text, state, meta } of await ann.own()) {
    expect([text, state]).toEqual([text, text === 'meanwhile 7' ? 'undelivered' : 'sent'])
    expect(meta).toMatch(text === 'meanwhile 7' ? /^Not delivered: cancelled$/ : /^Sent \d/)
  }
  await ann.log.getByText(/^Back after/).waitFor()
  expect(await bo.nextIsNothing(), 'nothing comes twice').toBe(true)
  ann.expectNoComplaints()
})

test('messages written while disconnected are sent later, and the name is remembered', async () => {
  const { browser, url, joinAs } = await openPlayground()
  const bo = await joinAs('Bo')
  const ann = await joinChat(browser, url, 'Ann')
  await ann.page.reload()
  await ann.connected()
  await ann.page.getByLabel('Online').getByText('Ann (this phone)').waitFor()

  await ann.press('Disconnect')
  await ann.status.getByText('Disconnected', { exact: true }).waitFor()
  await ann.say('one', 'two')
  expect((await ann.own()).map(({ state }) => state)).toEqual(['pending', 'pending'])
  await ann.press('Connect')
  expect(await bo.heardUpTo('two')).toEqual(['one', 'two'])
  await expect.poll(async () => (await ann.own()).map(({ state }) => state)).toEqual(['sent', 'sent'])
  ann.expectNoComplaints()
})
