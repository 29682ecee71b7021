import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const comparison = await readFile(join(root, 'packages/client/docs/guides/comparison.md'), 'utf8')
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
  language,
  code: code!,
}))
const first = (language: string): string => blocks.find((block) => block.language === language)!.code

// Inside this package, so that the programs find `ws` and `holdfast` as a user's would.
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Runs a program of the README, as it is printed but for the port, and gives its output line by line. */
async function run(
  name: string,
  code: string,
  port: number,
): Promise<{ child: ChildProcess; line(): Promise<string> }> {
  const file = join(folder, name)
  await writeFile(file, code.replaceAll('8080', String(port)))
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', file], {
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
  return { child, line: async () => (await lines.next()).value as string }
}

describe('the README', () => {
  it('has a server and a client of about ten lines that understand each other', async () => {
    const port = await freePort()
    const server = await run('server.mjs', first('js'), port)
    expect(await server.line()).toBe(`listening on ws://localhost:${port}`)
    const client = await run('client.mts', first('ts'), port)
    expect(await client.line()).toBe('hi')
    expect(first('js').trimEnd().split('\n').length).toBeLessThanOrEqual(12)
    expect(first('ts').trimEnd().split('\n').length).toBeLessThanOrEqual(12)
  })

  it('has a client that waits for its server, and outlives it', async () => {
    const port = await freePort()
    const client = await run(
      'client.mts',
      first('ts') + '\nsetInterval(() => client.send("chat", { message: "again" }), 50)\n',
      port,
    )
    for (const round of [1, 2]) {
      const server = await run(`server-${round}.mjs`, first('js'), port)
      await server.line()
      if (round === 1) expect(await client.line()).toBe('hi')
      expect(await client.line()).toBe('again')
      server.child.kill('SIGKILL')
      await once(server.child, 'exit')
    }
  })

  it('has a server that holds sessions, and its client, of ten lines each', async () => {
    const port = await freePort()
    const [server, client] = ['createHub', 'session()'].map(
      (text) => blocks.find(({ language, code }) => language === 'ts' && code.includes(text))!.code,
    ) as [string, string]
    for (const code of [server, client]) expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(12)
    const { child } = await run('server.ts', server, port)
    const { line } = await run('client.ts', client, port)
    expect([await line(), await line()]).toEqual(['1: hi', 'delivered 1'])
    expect(child.exitCode).toBeNull()
  })

  it('is short, and names both commands', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThan(150)
    expect(readme).toContain('npm start')
    expect(readme).toContain('npm test')
  })

  it('quotes what was measured, where that is described', async () => {
    const pageLife = await readFile(join(root, 'packages/client/docs/guides/page-life.md'), 'utf8')
    const cellsOf = (row: string): string[] =>
      row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''))
    const rows = readme.split('\n').filter((row) => / lost \||^\| size with/.test(row))
    expect(rows.length).toBeGreaterThan(5)
    for (const row of rows) {
      const [title, ...cells] = cellsOf(row)
      const source = `${pageLife}\n${comparison}`.split('\n').find((line) => line.startsWith(`| ${title} |`))!
      const isSize = title === 'size with brotli'
      for (const cell of cells)
        expect(isSize && cell === cells[1] ? comparison : cellsOf(source), `${title}: ${cell}`).toContain(
          cell,
        )
    }
  })

  it('compares with the versions that are measured', async () => {
    const [, ...others] = /^\| \| (holdfast .*) \|$/m.exec(comparison)![1]!.split(' | ')
    expect(others.length).toBeGreaterThan(4)
    for (const other of others) {
      const [name = '', version] = other.split(' ')
      const manifest = await readFile(join(root, 'test/node_modules', name, 'package.json'), 'utf8')
      expect(JSON.parse(manifest), name).toMatchObject({ version })
    }
  })
})
