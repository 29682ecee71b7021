import { expect, test } from 'vitest'
import { accessibilityFaults } from './accessibility.ts'
import { useBrowser } from './browser.ts'
import { joinChat, openInspector, type ChatPage } from './chat-page.ts'

const openPlayground = useBrowser()

/** The newest entries of the inspector's timeline, each with its cause. */
function timeline({ page }: ChatPage): Promise<string> {
  return page
    .locator('#inspector .timeline li')
    .evaluateAll((entries) =>
      entries.map(({ children: [, title, note] }) => `${title?.textContent} ${note?.textContent}`).join('\n'),
    )
}

function currentWire({ page }: ChatPage): Promise<string> {
  return page.getByRole('navigation', { name: 'Wire' }).locator('[aria-current]').innerText()
}

test('messages written into a dead connection are delivered once, after the session is resumed', async () => {
  const { browser, url, joinAs } = await openPlayground()
  const bo = await joinAs('Bo')
  const ann = await joinChat(browser, url, 'Ann', { hurries: true, wire: 'session' })
  await openInspector(ann.page)
  await ann.say('before')
  await expect.poll(async () => (await ann.own())[0]?.meta).toMatch(/^Delivered \d/)

  await ann.press('Black-hole it')
  await ann.page.getByText('neither reads nor answers').waitFor()
  await ann.say('into the hole')
  bo.say({ type: 'chat', message: 'said meanwhile' })
  await ann.page.getByText('1 not acknowledged', { exact: true }).waitFor()
  // No ack, so it asks; no answer, so it gives the connection up.
  const isSilent = async (): Promise<string> => {
    await ann.page.clock.fastForward(2_500)
    return timeline(ann)
  }
  await expect.poll(isSilent, { interval: 200 }).toContain('The server stopped answering')
  await ann.hurried()

  await expect
    .poll(async () => (await ann.own()).map(({ state }) => state))
    .toEqual(['delivered', 'delivered'])
  await expect.poll(ann.received).toEqual(['said meanwhile'])
  expect(await timeline(ann)).toMatch(/^Connected Session resumed, [12] sent again\n/)
  await ann.log.getByText(/^Back after .* Same session, nothing is missing/).waitFor()
  await ann.say('after')
  expect(await bo.heardUpTo('after')).toEqual(['before', 'into the hole', 'after'])
  expect(await bo.nextIsNothing(), 'nothing comes twice').toBe(true)
  ann.expectNoComplaints()
})

test('after a restart the page shows what is known: lost, unknown, and messages that are sent again', async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann', { hurries: true, wire: 'session' })
  await openInspector(ann.page)
  await ann.press('Answer slowly')
  await ann.page.getByText('a second longer').waitFor()
  await ann.say('under way')
  await ann.press('Restart the server')
  await ann.page.locator('#status-label', { hasText: /^(Waiting|Connecting)/ }).waitFor()
  await ann.say('waits')
  await ann.hurried()

  await expect.poll(async () => (await ann.own()).map(({ state }) => state)).toEqual(['unknown', 'delivered'])
  expect((await ann.own())[0]?.meta).toBe('May or may not have arrived')
  const loss =
    'the server no longer knows it; 1 may or may not have arrived, messages of others may be missing'
  expect(await timeline(ann)).toContain(`Session lost ${loss}`)
  await ann.log.getByText(`The session was lost: ${loss}.`).waitFor()
  await ann.page.getByLabel('Online').getByText('Ann (this phone)').waitFor()
  expect(await accessibilityFaults(ann.page)).toEqual([])

  await ann.press('Drain the server')
  await expect
    .poll(() => timeline(ann))
    .toMatch(/Session lost the server shut down after everything had arrived; nothing is missing/)
  await ann.hurried()
  ann.expectNoComplaints()
})

test('the URL chooses the wire, the session wire is the default, and the name is remembered', async () => {
  const { browser, url } = await openPlayground()
  const ann = await joinChat(browser, url, 'Ann')
  expect(await currentWire(ann)).toBe('Plain JSON')
  await ann.page.getByRole('link', { name: 'Session' }).click()
  await ann.connected()
  expect(new URL(ann.page.url()).search).toBe('?room=lobby&wire=session')
  expect(await currentWire(ann)).toBe('Session')
  await ann.say('hello')
  await expect.poll(async () => (await ann.own())[0]?.state).toBe('delivered')

  await ann.page.goto(`${url}?room=lobby`)
  await ann.connected()
  await ann.page.getByLabel('Online').getByText('Ann (this phone)').waitFor()
  const people = ann.page.getByLabel('Online').getByRole('listitem')
  await expect.poll(() => people.count(), { message: 'there is no ghost' }).toBe(1)

  await ann.page.getByRole('link', { name: 'Plain JSON' }).click()
  await ann.connected()
  await ann.say('hello again')
  await expect.poll(async () => (await ann.own())[0]?.state).toBe('sent')
  await ann.page.goto(url)
  await ann.connected()
  expect(await currentWire(ann), 'whatever was chosen before').toBe('Session')
  ann.expectNoComplaints()
})
