import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { freePort } from '../support/port.ts'
import { usePrintedPrograms } from '../support/printed-programs.ts'
import { parsePage, root } from './pages.ts'

const programs = usePrintedPrograms(import.meta.dirname)

/** Writes the programs of a page, as they are printed but for the port. */
async function write(page: string, port: number): Promise<void> {
  const path = `packages/docs/pages/migrate/${page}.md`
  for (const { code } of parsePage(path, await readFile(join(root, path), 'utf8')).blocks) {
    const [, name] = /^\/\/ ((?:before|after)\/\S+)\n/.exec(code) ?? []
    if (name === undefined) continue
    await programs.write(name, code, port)
  }
}

it.each([
  ['before', 'server.mjs', 'client.mjs'],
  ['after', 'server.ts', 'client.ts'],
])('the programs that replace those of socket.io print the same lines: %s', async (which, server, client) => {
  await write('socket-io', await freePort())
  programs.start(`${which}/${server}`)
  const { line } = programs.start(`${which}/${client}`)
  const printed = [await line(), await line()]
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
    const { line } = programs.start(`${which}/client.mjs`)
    expect([await line(), await line()]).toEqual(['echo: hi', 'closed'])
  } finally {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
})
