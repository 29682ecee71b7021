import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { assemblePage } from '../../packages/docs/assemble.ts'
import { mapLinks } from '../../packages/docs/links.ts'
import { findPages, groups, root, titleOf } from '../../packages/docs/site.ts'
import { parsePage } from './pages.ts'

const files = findPages()
const pages = [...files].filter(([path]) => path.endsWith('.md'))
const textOf = (source: string): string => readFileSync(join(root, source), 'utf8')
const assembled = new Map(
  pages.map(([path, source]) => [path, parsePage(path, assemblePage(path, source, textOf(source), files))]),
)

describe('the documentation site', () => {
  it('every page has a title, and a place at the side or a table that leads to it', () => {
    const listed = groups().flatMap(({ pages: paths }) => paths)
    expect(new Set(listed).size).toBe(listed.length)
    for (const path of listed) expect([...files.keys()]).toContain(path)
    const others = pages.map(([path]) => path).filter((path) => !listed.includes(path))
    expect(others.filter((path) => !/^(errors|close-codes)\//.test(path))).toEqual(['index.md'])
    for (const [, source] of pages) expect(titleOf(textOf(source))).not.toBe('')
  })

  it('every link between its pages leads to a page and to a heading on it', () => {
    const broken = [...assembled].flatMap(([path, { links }]) =>
      links.flatMap(({ target }) => {
        if (/^[a-z]+:/.test(target)) return []
        const [file = '', anchor] = target.replace(/\.html(?=#|$)/, '.md').split('#')
        const to = file === '' ? path : posix.join(posix.dirname(path), file)
        const isThere = files.has(to) && (anchor === undefined || assembled.get(to)?.anchors.has(anchor))
        return isThere ? [] : [`${path}: ${target}`]
      }),
    )
    expect([...assembled.values()].flatMap(({ links }) => links).length).toBeGreaterThan(300)
    expect(broken).toEqual([])
  })

  it('its first page is short: one sentence, how to install it, a program of ten lines and three doors', () => {
    const { text, blocks, links } = assembled.get('index.md')!
    const [install, program] = blocks
    expect(install!.code).toBe('npm install holdfast')
    expect(program!.code.split('\n').length).toBeLessThanOrEqual(12)
    expect(text.indexOf('```ts')).toBeLessThan(600)
    const doors = ['start/your-server.html', 'start/both-ends.html', 'start/socket.html']
    expect(links.map(({ target }) => target)).toEqual(
      expect.arrayContaining(doors.map((door) => `./${door}`)),
    )
  })

  it('notes for the tests are not on its pages', () => {
    for (const { text } of assembled.values()) expect(text).not.toMatch(/^<!-- (prelude|follow|verified)/m)
    expect(assembled.get('start/your-server.md')!.text).toContain('<!-- index.html -->')
  })
})

describe('the links of a page', () => {
  it('get other targets in prose and in HTML, and not in code', () => {
    const text =
      '[a](a.md#x) `[b](b.md)`\n```md\n[c](c.md)\n```\n<a href="d.md">\n[e](https://e) [`f`](f.md) [g](#g)\n'
    expect(mapLinks(text, (written) => `on/${written}`)).toBe(
      '[a](on/a.md#x) `[b](b.md)`\n```md\n[c](c.md)\n```\n<a href="on/d.html">\n[e](https://e) [`f`](on/f.md) [g](#g)\n',
    )
  })

  it('a note is removed, and a page of the repository that is not on the site is no link', () => {
    expect(mapLinks('<!-- prelude:\na\n-->\n\n```ts\nb\n```\n', () => undefined)).toBe('```ts\nb\n```\n')
    expect(mapLinks('See [the tests](../test/x.md).', () => undefined)).toBe('See the tests.')
  })
})
