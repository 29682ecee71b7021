import { once } from 'node:events'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/port.ts'
import { usePrintedPrograms } from '../support/printed-programs.ts'
import type { Program } from '../support/printed-programs.ts'

const root = join(import.meta.dirname, '../..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const comparison = await readFile(join(root, 'packages/client/docs/guides/comparison.md'), 'utf8')
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
  language,
  code: code!,
}))
const first = (language: string): string => blocks.find((block) => block.language === language)!.code

const programs = usePrintedPrograms(import.meta.dirname)

async function run(name: string, code: string, port: number): Promise<Program> {
  await programs.write(name, code, port)
  return programs.start(name)
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

  it('quotes the sizes of the comparison, as the pages of the site do', async () => {
    const folder = join(root, 'packages/docs/pages')
    const paths = globSync(['{which-wire,faq,index}.md', 'migrate/*.md', 'start/*.md'], { cwd: folder })
    const pages = await Promise.all(paths.map((path) => readFile(join(folder, path), 'utf8')))
    const sizes = [readme, ...pages].flatMap((text) => text.match(/\d+\.\d kB/g) ?? [])
    expect(sizes.length).toBeGreaterThan(8)
    expect(sizes.filter((size) => !comparison.includes(size))).toEqual([])
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
