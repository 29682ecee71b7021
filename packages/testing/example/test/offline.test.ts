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
  /** The saved notes of the server, which outlive its process. */
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

describe('notes written offline', () => {
  it('notes written offline are shown as sending, and arrive once and in order', async () => {
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
    'notes arrive once if the connection breaks at message %s',
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

  it('a note that has waited too long fails, and can be sent again', async () => {
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

describe('a black hole', () => {
  it('a page that writes shows a black hole within seconds', async () => {
    await using page = await openPage()
    page.network.blackHole()
    page.notebook.write('milk')
    await page.until(() => page.notebook.banner, { within: 15_000 })

    page.network.heal()
    await page.until(() => page.statuses().includes('saved'))
    expect(page.savedTexts()).toEqual(['milk'])
    expect(page.notebook.notices).toEqual([])
  })

  it('a page that only reads shows a black hole within a minute', async () => {
    await using page = await openPage()
    page.network.blackHole('toClient')
    await page.until(() => page.notebook.banner, { within: 1 * minutes })
    page.network.heal()
    await page.until(() => !page.notebook.banner)
  })
})

describe('a restarted server', () => {
  it('the page reports a restart of the server, with the number of unknown notes', async () => {
    await using page = await openPage()
    // The note arrives, and its acknowledgement does not.
    page.network.blackHole('toClient')
    page.notebook.write('milk')
    await page.settle()
    page.stop()
    page.network.heal()
    await page.until(() => page.notebook.banner)
    page.notebook.write('bread')
    page.start()

    await page.until(() => page.statuses().every((status) => status !== 'sending'))
    expect(page.statuses()).toEqual(['unknown', 'saved'])
    expect(page.notebook.notices).toEqual(['The server was restarted. 1 of your notes may be missing.'])
    // The first note was saved, which is why the client does not send unknown messages again.
    expect(page.savedTexts()).toEqual(['milk', 'bread'])
  })

  it('no note is unknown after the server drained', async () => {
    await using page = await openPage()
    page.notebook.write('milk')
    await page.until(page.hub.close({ drain: 5_000 }))
    expect(page.statuses()).toEqual(['saved'])
    expect(page.notebook.notices).toEqual([])
  })
})

it('the page shows notes of other pages, also after an outage', async () => {
  await using page = await openPage()
  const other = page.newClient()
  const otherNotebook = openNotebook(other)
  await page.open(other)
  page.network.last!.cut()
  page.notebook.write('milk')
  await page.until(() => otherNotebook.lines.length === 1)
  expect(otherNotebook.lines).toMatchObject([{ text: 'milk', status: 'saved' }])
})

it('the page requests the existing notes', async () => {
  await using page = await openPage()
  page.saved.push({ id: 'old', text: 'eggs' })
  expect(await page.until(page.client.request('notes.list'))).toEqual([{ id: 'old', text: 'eggs' }])
})
