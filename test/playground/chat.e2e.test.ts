import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shots, useBrowser } from './browser.ts'
import { joinChat } from './chat-page.ts'

const openPlayground = useBrowser()

test('two people chat, see each other come, type and go, and see text as text', async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann')
  const bo = await joinChat(browser, url, 'Bo')

  await ann.log.getByText('Bo joined').waitFor()
  await expect
    .poll(() => bo.page.getByLabel('Online').getByRole('listitem').allTextContents())
    .toHaveLength(2)

  await bo.page.getByLabel('Message', { exact: true }).pressSequentially('He')
  await ann.page.getByText('Bo\u2069 is typing…').waitFor()

  const hostile = `<img src=x onerror="alert(1)"><b>bold</b>`
  await bo.say('Hello, Ann', hostile)
  await expect.poll(ann.received).toEqual(['Hello, Ann', hostile])
  await expect.poll(() => ann.page.locator('#typing').textContent()).toBe('')
  expect(await ann.page.locator('.text *').count(), 'elements made of text').toBe(0)
  expect((await bo.own()).map(({ state }) => state)).toEqual(['sent', 'sent'])

  await ann.say('Hello, Bo')
  await expect.poll(bo.received).toEqual(['Hello, Bo'])

  await bo.page.context().close()
  await ann.log.getByText('Bo left').waitFor()
  await expect
    .poll(() => ann.page.getByLabel('Online').getByRole('listitem').allTextContents())
    .toHaveLength(1)
  ann.expectNoComplaints()
  bo.expectNoComplaints()
})

test(
  'a cut heals: what was written meanwhile is pending, then arrives in order and once',
  { timeout: 60_000 },
  async () => {
    const { browser, url } = await openPlayground()
    const ann = await joinChat(browser, url, 'Ann', { hurries: true })
    const bo = await joinChat(browser, url, 'Bo')
    await ann.say('before')
    await expect.poll(bo.received).toEqual(['before'])

    await ann.press('Cut the connection')
    await ann.page.locator('#status-label', { hasText: /^Waiting$/ }).waitFor()
    await ann.status.getByText('(1006)').first().waitFor()
    await ann.status.getByText(/attempt [2-9] in \d\.\d s/).waitFor()
    await bo.log.getByText('Ann left').waitFor()

    const meanwhile = Array.from({ length: 20 }, (_, index) => `meanwhile ${index}`)
    await ann.say(...meanwhile)
    const waiting = await ann.own()
    expect(waiting.slice(1).map(({ text, state }) => [text, state])).toEqual(
      meanwhile.map((text) => [text, 'pending']),
    )
    expect(waiting[1]?.meta).toContain('Pending')
    await ann.page.getByText('20 messages wait').waitFor()
    expect(await bo.received(), 'nothing gets through a cut').toEqual(['before'])
    await ann.page
      .locator('.own', { hasText: /^meanwhile 7Pending/ })
      .getByRole('button', { name: 'Cancel' })
      .click()

    // The waits between the attempts pass quickly, so that this takes no longer than the cut.
    await ann.hurried()
    await bo.log.getByText('Ann joined').waitFor()
    await ann.say('after')
    const arrived = ['before', ...meanwhile.filter((text) => text !== 'meanwhile 7'), 'after']
    await expect.poll(bo.received).toEqual(arrived)
    for (const { text, state, meta } of await ann.own()) {
      expect([text, state]).toEqual([text, text === 'meanwhile 7' ? 'undelivered' : 'sent'])
      expect(meta).toMatch(text === 'meanwhile 7' ? /^Not sent: cancelled$/ : /^Sent \d/)
    }
    await ann.log.getByText(/^Back after/).waitFor()
    await ann.page.screenshot({ path: join(shots, 'healed.png') })
    ann.expectNoComplaints()
    bo.expectNoComplaints()
  },
)

test('disconnecting keeps what is written, connecting sends it', async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann')
  const bo = await joinChat(browser, url, 'Bo')

  await ann.press('Disconnect')
  await ann.status.getByText('Disconnected', { exact: true }).waitFor()
  await bo.log.getByText('Ann left').waitFor()
  await ann.say('one', 'two')
  expect((await ann.own()).map(({ state }) => state)).toEqual(['pending', 'pending'])

  await ann.press('Connect')
  await expect.poll(bo.received).toEqual(['one', 'two'])
  await expect.poll(async () => (await ann.own()).map(({ state }) => state)).toEqual(['sent', 'sent'])
  ann.expectNoComplaints()
})

test('the name is remembered, can be changed, and is said again after a cut', async () => {
  const { browser, url } = await openPlayground()
  const bo = await joinChat(browser, url, 'Bo')
  const ann = await joinChat(browser, url, 'Ann')
  await ann.page.reload()
  await ann.connected()
  await ann.page.getByLabel('Online').getByText('Ann', { exact: true }).waitFor()

  await ann.press('Change name')
  await ann.page.getByRole('textbox', { name: 'Name' }).fill('Anna')
  await ann.page.keyboard.press('Enter')
  await bo.log.getByText('Ann is now called Anna').waitFor()

  await ann.press('Reconnect')
  await bo.log.getByText('Anna joined').waitFor()
  ann.expectNoComplaints()
})
