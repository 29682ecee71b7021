import { expect, test } from 'vitest'
import { useBrowser } from './browser.ts'
import { joinChat, openInspector, type ChatPage } from './chat-page.ts'
import { watchMainThread, type Business } from './main-thread.ts'

const openPlayground = useBrowser()

/** The rows of the inspector that are in sight, as `direction name payload outcome`. */
function messages({ page }: ChatPage): Promise<string[]> {
  return page.locator('#inspector .row:not([hidden])').evaluateAll((rows) =>
    rows.map((row) =>
      [...row.children]
        .slice(1)
        .map(({ textContent }) => textContent)
        .join(' ')
        .trim(),
    ),
  )
}

function states({ page }: ChatPage): Promise<string[]> {
  return page.locator('#inspector .timeline li').evaluateAll((entries) =>
    entries.map((entry) =>
      [...entry.children]
        .slice(1, 3)
        .map(({ textContent }) => textContent)
        .join(' ')
        .trim(),
    ),
  )
}

test(
  'the inspector shows states with causes, and messages with payloads and outcomes',
  { timeout: 180_000 },
  async () => {
    const { browser, url, joinAs } = await openPlayground()
    const bo = await joinAs('Bo')
    const ann = await joinChat(browser, url, 'Ann', { hurries: true })
    const inspector = ann.page.locator('#inspector')
    await openInspector(ann.page)
    const hostile = '<img src=x onerror="alert(1)">'
    bo.say({ type: 'chat', message: hostile })
    await ann.say('hello')
    await expect
      .poll(() => messages(ann))
      .toEqual(
        expect.arrayContaining([
          expect.stringContaining('In chat {"type":"chat","id":"1","name":"Bo"'),
          'Out chat {"message":"hello"} sent',
        ]),
      )
    expect(await inspector.locator('img').count()).toBe(0)

    await ann.press('Take this page offline')
    await ann.status.getByText(/attempt [2-9] in/).waitFor()
    await ann.say('one', 'two')
    await ann.page.getByRole('button', { name: 'Cancel' }).last().click()
    await expect
      .poll(() => messages(ann))
      .toEqual(
        expect.arrayContaining([
          'Out chat {"message":"one"} waits',
          'Out chat {"message":"two"} undelivered: cancelled',
          'Out typing  undelivered: volatile',
        ]),
      )
    await expect
      .poll(() => states(ann))
      .toEqual(
        expect.arrayContaining([
          'Connected',
          'Waiting The connection broke (1006)',
          'Waiting This device is offline (1006)',
        ]),
      )
    await expect
      .poll(() => inspector.getByRole('img', { name: /^Queue, the last minute: 1 now/ }).count())
      .toBe(1)
    await expect.poll(() => inspector.locator('summary').textContent()).toMatch(/attempt \d in \d+\.\d s/)

    // The filters.
    await inspector.getByLabel('Direction').selectOption('out')
    await inspector.getByLabel('Filter').fill('TWO')
    await expect.poll(() => messages(ann)).toEqual(['Out chat {"message":"two"} undelivered: cancelled'])
    await inspector.getByRole('listbox').getByRole('option').first().click()
    await expect.poll(() => inspector.locator('.payload').textContent()).toContain('"message": "two"')
    await inspector.getByLabel('Filter').fill('')
    await inspector.getByLabel('Direction').selectOption('all')

    // The keyboard.
    await inspector.getByRole('listbox').press('Home')
    await expect.poll(() => inspector.locator('.payload').textContent()).toContain('welcome')
    await inspector.getByRole('listbox').press('ArrowDown')
    await expect.poll(() => inspector.locator('.payload').textContent()).not.toContain('welcome')
    const isActiveSelected = (): Promise<string | null | undefined> =>
      inspector
        .getByRole('listbox')
        .evaluate(
          (list) => document.getElementById(list.getAttribute('aria-activedescendant') ?? '')?.ariaSelected,
        )
    await expect.poll(isActiveSelected).toBe('true')

    // Pausing, folding, clearing.
    await inspector.getByRole('button', { name: 'Pause' }).click()
    const before = await messages(ann)
    await ann.say('three')
    await ann.page.waitForTimeout(200)
    expect(await messages(ann), 'it stands still').toEqual(before)
    await inspector.getByRole('button', { name: 'Pause' }).click()
    await expect.poll(() => messages(ann)).toContain('Out chat {"message":"three"} waits')
    await inspector.locator('summary').click()
    await expect.poll(() => inspector.getByRole('listbox').isVisible()).toBe(false)
    await ann.press('Take this page offline')
    await ann.hurried()
    await inspector.locator('summary').click()
    await expect.poll(() => messages(ann)).toContainEqual(expect.stringContaining('In welcome'))
    await expect.poll(async () => (await states(ann))[0]).toBe('Connected')
    await inspector.getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => messages(ann)).toEqual([])
    await expect.poll(() => states(ann)).toEqual(['Connected'])
    ann.expectNoComplaints()
  },
)

function describe({ elapsed, tasks, script, layout, longTasks }: Business): string {
  return (
    `Main thread busy for ${tasks} of ${elapsed} ms (script ${script}, layout ${layout}), ` +
    `long tasks: ${longTasks.join(', ') || 'none'}`
  )
}

test(
  'neither a flood of 20,000 nor 1,000 messages a second blocks the page',
  { timeout: 180_000 },
  async () => {
    const { browser, url } = await openPlayground()
    const ann = await joinChat(browser, url, 'Ann')
    await openInspector(ann.page)
    const flooded = await watchMainThread(ann.page)
    await ann.press('20,000 at once')
    const said = ann.page.locator('#trouble-said', { hasText: 'in order, none missing' })
    await said.waitFor()
    const flood = await flooded()
    console.log(`${await said.textContent()} ${describe(flood)}`)
    expect(Math.max(0, ...flood.longTasks), 'the longest task').toBeLessThan(1_000)

    // The last 5,000 to 10,000 are kept, and the last of them is in sight.
    await expect.poll(async () => (await messages(ann)).at(-1)).toContain('"number":20000')
    await ann.page.getByRole('listbox').press('Home')
    await expect.poll(async () => (await messages(ann))[0]).toMatch(/"number":1[0-4]\d{3}/)
    expect(await ann.page.locator('.row').count(), 'rows in the page').toBeLessThan(40)

    await ann.press('Clear')
    const received = async (): Promise<number> =>
      Number((await ann.page.locator('.totals dd').nth(1).textContent())?.split(' ')[0]?.replaceAll(',', ''))
    const before = await received()
    const streamed = await watchMainThread(ann.page)
    await ann.press('1,000 messages/s')
    const refused = ann.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const told = document.querySelector('#trouble-said')!
          new MutationObserver(() => told.textContent === 'One flood at a time.' && resolve()).observe(told, {
            childList: true,
            subtree: true,
            characterData: true,
          })
          document.querySelector<HTMLElement>('[data-trouble=flood]')!.click()
        }),
    )

    const typed = 'Still here, and every key is answered.'
    const startedAt = performance.now()
    await ann.page.getByLabel('Message', { exact: true }).pressSequentially(typed)
    const typing = performance.now() - startedAt
    await expect.poll(received).toBeGreaterThan(before + 2_000)
    await refused
    const stream = await streamed()
    const count = (await received()) - before
    console.log(`${count} messages, ${typed.length} keys in ${typing.toFixed(0)} ms. ${describe(stream)}`)
    expect(await ann.page.getByLabel('Message', { exact: true }).inputValue()).toBe(typed)
    // A few hundredths, and more on a machine that is busy; a page that stalls is blocked all the time.
    const blocked = stream.longTasks.reduce((sum, duration) => sum + duration, 0)
    expect(blocked / stream.elapsed, 'blocked').toBeLessThan(0.9)
    expect(await ann.page.locator('.row').count(), 'rows in the page').toBeLessThan(40)
    ann.expectNoComplaints(/status of 409/)
  },
)
