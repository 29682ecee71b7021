import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { freePort } from '../support/port.ts'
import { parsePage, root } from './pages.ts'

// Inside this package, so that the programs find what they import as a user's would.
let folder: string
let children: ChildProcess[]
beforeEach(async () => {
  folder = await mkdtemp(join(import.meta.dirname, '.run-'))
  children = []
})
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  await rm(folder, { recursive: true })
})

/** Writes the programs of a page, as they are printed but for the port. */
async function write(page: string, port: number): Promise<void> {
  const path = `packages/docs/pages/migrate/${page}.md`
  for (const { code } of parsePage(path, await readFile(join(root, path), 'utf8')).blocks) {
    const [, name] = /^\/\/ ((?:before|after)\/\S+)\n/.exec(code) ?? []
    if (name === undefined) continue
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), code.replaceAll('8080', String(port)))
  }
}

function start(file: string): ChildProcess & { readonly lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', join(folder, file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = (async function* () {
    let rest = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const parts = (rest + String(chunk)).split('\n')
      rest = parts.pop()!
      yield* parts
    }
  })()
  return Object.assign(child, { lines })
}

it.each([
  ['before', 'server.mjs', 'client.mjs'],
  ['after', 'server.ts', 'client.ts'],
])('the programs that replace those of socket.io print the same lines: %s', async (which, server, client) => {
  await write('socket-io', await freePort())
  start(`${which}/${server}`)
  const { lines } = start(`${which}/${client}`)
  const printed = [(await lines.next()).value, (await lines.next()).value]
  expect(new Set(printed)).toEqual(new Set(['length 5', 'said hello']))
})

it.each(
  ['reconnecting-websocket', 'partysocket'].flatMap((page) =>
    ['before', 'after'].map((which) => [page, which]),
  ),
)('the program that replaces one with %s prints the same lines: %s', async (page, which) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => socket.send(`echo: ${data.toString()}`)),
  )
  try {
    await write(page, (server.address() as { port: number }).port)
    const { lines } = start(`${which}/client.mjs`)
    expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['echo: hi', 'closed'])
  } finally {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
})
