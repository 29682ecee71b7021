import { createTestPair } from '@holdfast/testing'
import type { HubPair } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createNotesClient } from '../src/client.ts'
import type { Note, NotesContract } from '../src/contract.ts'
import { createNotesHub } from '../src/hub.ts'
import { openNotebook } from '../src/notebook.ts'
import type { Notebook } from '../src/notebook.ts'

const minutes = 60_000

interface Stage extends HubPair<NotesContract> {
  readonly notebook: Notebook
  /** What the server has saved, which outlives its process. */
  readonly saved: Note[]
  savedTexts(): string[]
  statuses(): string[]
}

/** The page and its server, connected. */
async function openPage(): Promise<Stage> {
  const saved: Note[] = []
  const pair = createTestPair({
    createClient: createNotesClient,
    createHub: (options) => createNotesHub(saved, options),
  })
  const notebook = openNotebook(pair.client)
  await pair.open()
  return Object.assign(pair, {
    notebook,
    saved,
    savedTexts: () => saved.map(({ text }) => text),
    statuses: () => notebook.lines.map(({ status }) => status),
  })
}

describe('what is written offline', () => {
  it('is shown as waiting, and arrives once and in order', async () => {
    await using page = await openPage()
    page.stop()
    await page.until(() => page.notebook.banner)
    for (const text of ['milk', 'bread', 'tea']) page.notebook.write(text)
    expect(page.statuses()).toEqual(['sending', 'sending', 'sending'])
    expect(page.notebook.banner).toBe('No connection. What you write is sent later.')

    page.start()
    await page.until(() => page.statuses().every((status) => status === 'saved'))
    expect(page.savedTexts()).toEqual(['milk', 'bread', 'tea'])
    expect(page.notebook.banner).toBeUndefined()
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'arrives once though the connection breaks at message %s of it',
    async (nth) => {
      await using page = await openPage()
      let count = 0
      page.network.setFrameFate(() => (++count === nth ? 'cut' : 'pass'))
      for (const text of ['milk', 'bread', 'tea']) {
        page.notebook.write(text)
        await page.clock.advance(30)
      }
      await page.until(() => page.statuses().every((status) => status === 'saved'))
      expect(page.savedTexts()).toEqual(['milk', 'bread', 'tea'])
    },
  )

  it('is given back to its author when it has waited too long, and can be sent again', async () => {
    await using page = await openPage()
    page.stop()
    await page.until(() => page.notebook.banner)
    page.notebook.write('milk')
    await page.clock.advance(10 * minutes)
    expect(page.statuses()).toEqual(['failed'])

    page.start()
    await page.until(() => !page.notebook.banner)
    expect(page.saved).toEqual([])
    page.notebook.retry(page.notebook.lines[0]!.id)
    await page.until(() => page.statuses().includes('saved'))
    expect(page.savedTexts()).toEqual(['milk'])
  })
})

describe('a path that swallows everything', () => {
  it('is noticed within seconds by somebody who writes, and shown', async () => {
    await using page = await openPage()
    page.network.blackHole()
    page.notebook.write('milk')
    await page.until(() => page.notebook.banner, { within: 15_000 })

    page.network.heal()
    await page.until(() => page.statuses().includes('saved'))
    expect(page.savedTexts()).toEqual(['milk'])
    expect(page.notebook.notices).toEqual([])
  })

  it('is noticed within a minute by somebody who only reads', async () => {
    await using page = await openPage()
    page.network.blackHole('toClient')
    await page.until(() => page.notebook.banner, { within: 1 * minutes })
    page.network.heal()
    await page.until(() => !page.notebook.banner)
  })
})

describe('a server that was restarted', () => {
  it('is told of, with the notes of which nobody knows', async () => {
    await using page = await openPage()
    // The note gets there, and its acknowledgement does not get back.
    page.network.blackHole('toClient')
    page.notebook.write('milk')
    await page.settle()
    page.stop()
    page.network.heal()
    await page.until(() => page.notebook.banner)
    page.notebook.write('bread')
    page.start()

    await page.until(() => page.statuses().every((status) => status !== 'sending'))
    expect(page.statuses()).toEqual(['in doubt', 'saved'])
    expect(page.notebook.notices).toEqual(['The server has started anew. 1 of your notes may be missing.'])
    // It was saved, which is why it is not sent again by itself.
    expect(page.savedTexts()).toEqual(['milk', 'bread'])
  })

  it('leaves nothing in doubt when it is shut down in good order', async () => {
    await using page = await openPage()
    page.notebook.write('milk')
    await page.until(page.hub.close({ drain: 5_000 }))
    expect(page.statuses()).toEqual(['saved'])
    expect(page.notebook.notices).toEqual([])
  })
})

it('shows what somebody else has written, also while one was away', async () => {
  await using page = await openPage()
  const other = page.newClient()
  const otherNotebook = openNotebook(other)
  await page.open(other)
  page.network.last!.cut()
  page.notebook.write('milk')
  await page.until(() => otherNotebook.lines.length === 1)
  expect(otherNotebook.lines).toMatchObject([{ text: 'milk', status: 'saved' }])
})

it('asks for the notes that there are', async () => {
  await using page = await openPage()
  page.saved.push({ id: 'old', text: 'eggs' })
  expect(await page.until(page.client.request('notes.list'))).toEqual([{ id: 'old', text: 'eggs' }])
})
