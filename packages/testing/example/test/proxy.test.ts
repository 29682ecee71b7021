// The same page on real sockets, in real time: fewer cases, and everything in them is what users have.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startFaultProxy } from '@holdfast/testing/proxy'
import type { FaultProxy } from '@holdfast/testing/proxy'
import { describe, expect, it } from 'vitest'
import { createNotesClient } from '../src/client.ts'
import type { Note } from '../src/contract.ts'
import { createNotesHub } from '../src/hub.ts'
import { openNotebook } from '../src/notebook.ts'
import type { Notebook } from '../src/notebook.ts'

interface Stage extends AsyncDisposable {
  readonly notebook: Notebook
  readonly proxy: FaultProxy
  savedTexts(): string[]
  statuses(): string[]
}

/** The page, a proxy and the server, connected. */
async function openPage(...rules: string[]): Promise<Stage> {
  const saved: Note[] = []
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hub = createNotesHub(saved)
  hub.attach(server)
  const { port } = server.address() as AddressInfo
  const proxy = await startFaultProxy({ target: `ws://127.0.0.1:${port}/ws`, rules })

  const client = createNotesClient({ url: proxy.url, backoff: { minDelay: 10, baseDelay: 50 } })
  const notebook = openNotebook(client)
  await client.connect()
  return {
    notebook,
    proxy,
    savedTexts: () => saved.map(({ text }) => text),
    statuses: () => notebook.lines.map(({ status }) => status),
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await hub.close()
      await proxy.close()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('what is written offline', () => {
  it('is shown as waiting, and arrives once and in order', async () => {
    await using page = await openPage()
    page.proxy.refuse()
    page.proxy.cut()
    await expect.poll(() => page.notebook.banner).toBe('No connection. What you write is sent later.')
    for (const text of ['milk', 'bread', 'tea']) page.notebook.write(text)
    expect(page.statuses()).toEqual(['sending', 'sending', 'sending'])

    await page.proxy.accept()
    await expect.poll(page.statuses).toEqual(['saved', 'saved', 'saved'])
    expect(page.savedTexts()).toEqual(['milk', 'bread', 'tea'])
  })

  it.each([2, 3, 4])(
    'arrives once though the connection breaks at message %s to the server',
    async (frame) => {
      await using page = await openPage(`connection 1 toServer frame ${frame}: cut`)
      for (const text of ['milk', 'bread', 'tea']) {
        page.notebook.write(text)
        // One message each, because those of one turn travel together.
        await new Promise(setImmediate)
      }
      await expect.poll(page.statuses).toEqual(['saved', 'saved', 'saved'])
      expect(page.savedTexts()).toEqual(['milk', 'bread', 'tea'])
      expect(page.proxy.dials).toBe(2)
    },
  )
})

it('notices a path that swallows everything, shows it, and saves what was written', async () => {
  await using page = await openPage()
  page.proxy.blackHole()
  page.notebook.write('milk')
  await expect.poll(() => page.notebook.banner).toBeDefined()

  page.proxy.heal()
  await expect.poll(page.statuses).toEqual(['saved'])
  expect(page.savedTexts()).toEqual(['milk'])
})
