// The programs of the tutorial, put together as its reader does: each server in a process, each page in Chromium.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { freePort } from '../support/port.ts'
import { usePrintedPrograms } from '../support/printed-programs.ts'
import type { Program } from '../support/printed-programs.ts'
import { RedisServer } from '../support/redis-server.ts'
import { parsePage, root } from './pages.ts'

const path = 'packages/docs/pages/tutorial.md'
const { blocks } = parsePage(path, readFileSync(join(root, path), 'utf8'))
const programs = usePrintedPrograms(import.meta.dirname)

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
})
afterAll(() => browser?.close())

/** The only block that contains the text. */
function blockWith(text: string): string {
  const [block, ...others] = blocks.filter(({ code }) => code.includes(text))
  if (!block || others.length > 0) throw new Error(`${path} has ${1 + others.length} blocks with ${text}`)
  return block.code
}

const inServer = `import { createServer } from 'node:http'
import { createHub, HoldfastError } from '@holdfast/server'
import type { Chat } from './contract.ts'
`
const listening = `
const server = createServer()
hub.attach(server)
server.listen(8080)
`
const inPage = `import { channel, createClient, session } from 'holdfast'
import type { Chat, Message } from './contract.ts'
function append(text: string): void {
  const item = document.createElement('li')
  item.textContent = text
  document.querySelector('#messages')!.append(item)
}
`

/** Writes the programs, and starts the server. Returns what starts another one, and opens the page. */
async function begin(server: string, main: string) {
  const port = await freePort()
  for (const name of ['contract.ts', 'step-11/contract.ts'])
    await programs.write(name, blockWith(`// ${name}\n`), port)
  const serverName = /^\/\/ (\S+)\n/.exec(server)?.[1] ?? 'server.ts'
  await programs.write(serverName, server, port)
  const entry = await programs.write(/^\/\/ (\S+)\n/.exec(main)?.[1] ?? 'main.ts', main, port)
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'esnext',
    conditions: ['@holdfast/source'],
  })
  const url = await serve(blockWith('<!-- index.html -->'), outputFiles[0]!.text, port)
  const start = (): Program => programs.start(serverName)
  return { start, first: start(), open: (name = 'ada') => open(url, name) }
}

/** As Vite does: the page and its script, and a proxy for the path /ws. */
async function serve(page: string, script: string, port: number): Promise<string> {
  const files = createServer(({ url }, response) => {
    response.setHeader('content-type', url === '/main.ts' ? 'text/javascript' : 'text/html')
    response.end(url === '/main.ts' ? script : page)
  })
  files.on('upgrade', ({ url, rawHeaders }, socket) => {
    const upstream = connect(port, '127.0.0.1')
    const lines = rawHeaders.flatMap((name, index) =>
      index % 2 ? [] : [`${name}: ${rawHeaders[index + 1]}`],
    )
    upstream.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  files.listen(0, '127.0.0.1')
  await once(files, 'listening')
  onTestFinished(() => {
    files.close()
    files.closeAllConnections()
  })
  return `http://localhost:${(files.address() as AddressInfo).port}/`
}

async function open(url: string, name: string): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  await context.addInitScript((value) => localStorage.setItem('name', value), name)
  const page = await context.newPage()
  await page.goto(url)
  return page
}

const textOf = (page: Page, selector: string) => () => page.locator(selector).innerText()
const messagesOf = (page: Page) => () => page.locator('#messages li').allInnerTexts()

async function write(page: Page, text: string): Promise<void> {
  await page.locator('input').fill(text)
  await page.locator('button').click()
}

it('the first two steps of the tutorial show an answer of the server', async () => {
  const { open: visit } = await begin(blockWith('// step-1/server.ts'), blockWith('// step-2/main.ts'))
  await expect.poll(textOf(await visit(), '#status')).toMatch(/^the server says \d{4}-/)
})

it('steps 3 to 7 of the tutorial are a room with a history, and a status', async () => {
  const { open: visit } = await begin(
    inServer + blockWith('rewind: 20 },\n})') + listening,
    inPage + ['room.on(', "room.watch('gap'", 'offline, next attempt'].map(blockWith).join('\n'),
  )
  const [page, other] = [await visit(), await visit()]
  await expect.poll(textOf(page, '#status')).toBe('open')
  await write(page, 'hi')
  await expect.poll(messagesOf(other)).toEqual(['me: hi'])
  await other.reload()
  await expect.poll(messagesOf(other)).toEqual(['me: hi'])
})

it('steps 8 to 10 of the tutorial have users, who see who is there and types, and messages that are pending', async () => {
  const { open: visit } = await begin(
    inServer + blockWith('// A user may write as itself only.') + listening,
    [
      inPage,
      blockWith('const signedIn ='),
      `const client = signedIn\nconst room = channel(client, 'room:lobby')`,
      `room.on('message', ({ from, text }) => append(from + ': ' + text))`,
      blockWith('room.presence.subscribe('),
      blockWith('(sending)'),
      `document.querySelector('form')!.addEventListener('submit', (event) => {`,
      `  event.preventDefault()\n  void say(document.querySelector('input')!.value)\n})`,
      'void client.connect()',
    ].join('\n'),
  )
  const page = await visit('ada')
  const other = await visit('bob')
  const members = async () => (await textOf(other, '#members')()).split(', ').sort()
  await expect.poll(members).toEqual(['ada', 'bob'])
  const typing = async () => {
    await page.locator('input').fill('hi')
    return members()
  }
  await expect.poll(typing).toEqual(['ada …', 'bob'])
  await page.locator('button').click()
  await expect.poll(messagesOf(page)).toEqual(['ada: hi'])
  await expect.poll(messagesOf(other)).toEqual(['ada: hi'])
  await write(other, 'hi')
  await expect.poll(async () => (await messagesOf(other)()).at(-1)).toContain('hi (HoldfastError')
})

it('the last two steps of the tutorial replace the server, and every message arrives once', async () => {
  await using redis = await RedisServer.start()
  const {
    start,
    first,
    open: visit,
  } = await begin(
    blockWith('// step-12/server.ts').replace('6379', String(redis.port)),
    [
      blockWith('// step-11/main.ts'),
      `import { channel } from 'holdfast'`,
      `channel(client, 'room:lobby').on('message', ({ from, text }) => {`,
      `  document.querySelector('#messages')!.append(document.createElement('li'))`,
      `  document.querySelector('#messages')!.lastElementChild!.textContent = from + ': ' + text\n})`,
      'Object.assign(globalThis, { say })\nvoid client.connect()',
    ].join('\n'),
  )
  const [page, other] = [await visit(), await visit()]
  expect(await page.evaluate(`say('one')`)).toBe('delivered')
  await expect.poll(messagesOf(other)).toEqual(['ada: one'])
  start()
  const ended = once(first.child, 'exit')
  first.child.kill('SIGTERM')
  expect(await page.evaluate(`say('two')`)).toBe('delivered')
  await ended
  expect(await page.evaluate(`say('three')`)).toBe('delivered')
  for (const each of [page, other])
    await expect.poll(messagesOf(each)).toEqual(['ada: one', 'ada: two', 'ada: three'])
})
