// The tutorial, followed literally: after a step, each file is what its reader has by then; the server is a process, each page in Chromium.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { channel, createClient, session } from 'holdfast'
import { chromium } from 'playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { freePort } from '../support/port.ts'
import { usePrintedPrograms } from '../support/printed-programs.ts'
import type { Program } from '../support/printed-programs.ts'
import { RedisServer } from '../support/redis-server.ts'
import { parsePage, root } from './pages.ts'

const path = 'packages/docs/pages/tutorial.md'
const parts = readFileSync(join(root, path), 'utf8').split(/^(?=## \d+\. )/m)
const programs = usePrintedPrograms(import.meta.dirname)

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
})
afterAll(() => browser?.close())

/** The files of a reader who has followed the steps so far. */
function filesAfter(step: number): Map<string, string> {
  const files = new Map<string, string>()
  for (const { code } of parts.slice(0, step + 1).flatMap((part) => parsePage(path, part).blocks)) {
    const [head, name, how] = /^(?:\/\/|<!--) ([\w.]+\.\w+)(?:, (.+))?(?: -->)?\n/.exec(code) ?? []
    if (head === undefined || name === undefined) continue
    const before = files.get(name) ?? ''
    const added = how === undefined ? code : code.slice(head.length)
    const starts = /^in place of (.+)$/.exec(how ?? '')?.[1]?.split(', ')
    if (how === undefined) files.set(name, added)
    else if (starts) files.set(name, replaceStatements(before, starts, added))
    else if (how === 'at the end') files.set(name, `${before}\n${added}`)
    else throw new Error(`${path}: ${head} has no meaning here`)
  }
  return files
}

/** Puts the code in place of the first statement, and removes the others. */
function replaceStatements(text: string, [first, ...others]: readonly string[], code: string): string {
  const rest = others.reduce((all, start) => replaceStatement(all, start, ''), text)
  return replaceStatement(rest, first!, `${code}\n`)
}

function replaceStatement(text: string, start: string, code: string): string {
  const escaped = start.replaceAll(/\W/g, '\\$&')
  // Its first line, those that are indented, and the one with its last bracket.
  const statement = new RegExp(`^${escaped}.*\\n(?:\\n*[ \\t].*\\n)*(?:[})].*\\n)?`, 'm')
  if (!statement.test(text)) throw new Error(`${path}: no statement begins with ${start}`)
  return text.replace(statement, () => code)
}

/** Writes the files, and starts the server. Returns what starts another one, and opens the page. */
async function follow(step: number, redisPort = 6379) {
  const port = await freePort()
  const files = filesAfter(step)
  for (const [name, code] of files) await programs.write(name, code.replace('6379', String(redisPort)), port)
  const entry = await programs.write('main.ts', files.get('main.ts')!, port)
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'esnext',
    conditions: ['@holdfast/source'],
  })
  const url = await serve(files.get('index.html')!, outputFiles[0]!.text, port)
  const start = (): Program => programs.start('server.ts')
  return { port, start, first: start(), open: (name = 'ada') => open(url, name) }
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

/** The server is stopped, and its connections end. */
async function kill({ child }: Program): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

it('the first two steps of the tutorial show an answer of the server', async () => {
  const { open: visit } = await follow(2)
  await expect.poll(textOf(await visit(), '#status')).toMatch(/^the server says \d{4}-/)
})

it('after step 7 of the tutorial there is a room with a history, a status, and a gap when the history is lost', async () => {
  const { start, first, open: visit } = await follow(7)
  const [page, other] = [await visit(), await visit()]
  await expect.poll(textOf(page, '#status')).toBe('open')
  await write(page, 'hi')
  await expect.poll(messagesOf(other)).toEqual(['me: hi'])
  await other.reload()
  await expect.poll(messagesOf(other)).toEqual(['me: hi'])

  await kill(first)
  await expect.poll(textOf(page, '#status')).toMatch(/^no connection, next attempt in \d+ s$|^connecting$/)
  start()
  await expect.poll(textOf(page, '#status')).toBe('open')
  await expect.poll(messagesOf(page)).toEqual(['me: hi', '— some messages are missing —'])
})

it('after step 10 of the tutorial there are users, who see who is there and types, and messages that are pending', async () => {
  const { port, start, first, open: visit } = await follow(10)
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

  const url = `ws://127.0.0.1:${port}/ws`
  const eve = createClient({ url, wire: session(), token: () => 'eve', WebSocket })
  onTestFinished(() => eve.dispose())
  await eve.connect()
  const forged = channel(eve, 'room:lobby').publish('message', { id: '1', from: 'ada', text: 'I am ada' })
  await expect(forged).rejects.toMatchObject({ code: 'remote', reason: 'forbidden' })

  await kill(first)
  await write(page, 'waits')
  await expect.poll(messagesOf(page)).toContain('waits (sending)')
  start()
  await expect.poll(messagesOf(other)).toContain('ada: waits')
  await expect.poll(messagesOf(page)).not.toContain('waits (sending)')
})

it('after step 11 of the tutorial a message arrives whose page was closed without a connection', async () => {
  const { start, first, open: visit } = await follow(11)
  const page = await visit('ada')
  await expect.poll(textOf(page, '#status')).toBe('open')
  await kill(first)
  await write(page, 'from the disk')
  await expect.poll(messagesOf(page)).toContain('from the disk (stored on this device)')
  const url = page.url()
  const next = await page.context().newPage()
  await page.close()
  start()
  await next.goto(url)
  await expect.poll(messagesOf(next)).toEqual(['ada: from the disk'])
})

it('after the last step of the tutorial the server is replaced, and every message arrives once', async () => {
  await using redis = await RedisServer.start()
  const { start, first, open: visit } = await follow(12, redis.port)
  const [page, other] = [await visit('ada'), await visit('bob')]
  const say = async (text: string): Promise<void> => {
    await write(page, text)
    await expect.poll(messagesOf(page)).toContain(`ada: ${text}`)
  }
  await say('one')
  start()
  const ended = once(first.child, 'exit')
  first.child.kill('SIGTERM')
  await say('two')
  await ended
  await say('three')
  for (const each of [page, other])
    await expect.poll(messagesOf(each)).toEqual(['ada: one', 'ada: two', 'ada: three'])
})
