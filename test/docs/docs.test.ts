import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { promisify } from 'node:util'
import { defaultCloseRules } from '@holdfast/protocol'
import type { CloseRule } from '@holdfast/protocol'
import type { HoldfastErrorCode } from 'holdfast'
import { beforeAll, describe, expect, it } from 'vitest'
import { excerptErrors } from '../support/type-check.ts'
import { blockExcerpt, docstringExcerpts, exampleExcerpts, frameworks } from './examples.ts'
import { parsePage, readPages, root } from './pages.ts'
import type { Page } from './pages.ts'

const docs = 'packages/client/docs'
const pages = readPages()
const blocks = pages.flatMap((page) => page.blocks)
const page = (path: string): Page | undefined => pages.find((candidate) => candidate.path === path)
const names = (folder: string): string[] =>
  pages.flatMap(({ path }) => (dirname(path) === folder ? [posix.basename(path, '.md')] : [])).sort()

/** Complete by type: a code that is added to the union has to be added here, and then needs its page. */
const errorCodes: Readonly<Record<HoldfastErrorCode, true>> = {
  misuse: true,
  'no-websocket': true,
  'wire-mismatch': true,
  'connect-failed': true,
  disconnected: true,
  disposed: true,
  timeout: true,
  aborted: true,
  remote: true,
  invalid: true,
  undelivered: true,
  unknown: true,
  overflow: true,
  'not-stored': true,
}

describe('the code in the documents', () => {
  const inPages = blocks.filter(({ language }) => /^tsx?$/.test(language)).map(blockExcerpt)
  const inDocstrings = ['client', 'protocol', 'react', 'redis', 'server', 'svelte', 'testing', 'vue'].flatMap(
    (name) => docstringExcerpts(`packages/${name}/src`),
  )
  const wrong = [
    ...parsePage(
      'wrong.md',
      '# A\n\n<!-- prelude:\ndeclare const a: 1\n-->\n\n```ts\na\nconst b: 2 = a\n```\n',
    ).blocks.map(blockExcerpt),
    ...exampleExcerpts('wrong.ts', '/**\n * Some.\n *\n * @example\n * createClient({ ur: url })\n */\n'),
  ]
  let errors: string[]
  // As one program, because the compiler reads the libraries once then.
  beforeAll(() => {
    errors = excerptErrors([...inPages, ...inDocstrings, ...wrong], frameworks)
  })
  const errorsIn = (files: RegExp): string[] => errors.filter((error) => files.test(error.split(':')[0]!))

  it('the code in every Markdown file compiles', () => {
    expect(inPages.length).toBeGreaterThan(50)
    expect(errorsIn(/^(?!wrong).*\.md$/)).toEqual([])
  })

  it('the code in every docstring compiles', () => {
    const inPackage = (name: string): number =>
      inDocstrings.filter(({ path }) => path.startsWith(`packages/${name}/`)).length
    for (const binding of ['react', 'svelte', 'vue']) expect(inPackage(binding)).toBeGreaterThan(3)
    expect(inPackage('redis')).toBeGreaterThan(0)
    expect(inPackage('server')).toBeGreaterThan(2)
    expect(inPackage('testing')).toBeGreaterThan(5)
    expect(inDocstrings.length).toBeGreaterThan(11)
    expect(errorsIn(/^(?!wrong)(?!.*\.md$)/)).toEqual([])
  })

  it('a compile error names the line of the document', () => {
    expect(errorsIn(/^wrong/).map((error) => error.split('\n')[0])).toEqual([
      `wrong.md:9: Type '1' is not assignable to type '2'.`,
      'wrong.ts:5: No overload matches this call.',
    ])
  })

  it('Node can parse JavaScript code, also in HTML pages', async () => {
    const scripts = blocks.flatMap(({ path, line, language, code }) => {
      const place = `${path}:${line}`
      if (language === 'js') return [{ place, code }]
      if (language !== 'html') return []
      return [...code.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => ({
        place,
        code: match[1]!,
      }))
    })
    expect(scripts.length).toBeGreaterThan(5)
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-docs-'))
    try {
      for (const [index, { place, code }] of scripts.entries()) {
        const file = join(folder, `${index}.mjs`)
        await writeFile(file, code)
        const complaint = await promisify(execFile)(process.execPath, ['--check', file]).then(
          () => undefined,
          (error: Error) => error.message,
        )
        expect(complaint, place).toBeUndefined()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('JSON code is valid JSON', () => {
    for (const { path, line, language, code } of blocks) {
      if (language === 'json') expect(() => JSON.parse(code) as unknown, `${path}:${line}`).not.toThrow()
    }
  })
})

describe('the README of a package', () => {
  const readmes = pages.filter(({ path }) => /^packages\/\w+\/README\.md$/.test(path))

  it.each(readmes.map(({ path }) => path))(
    '%s begins with one sentence, how to install it, and a short program, and links to its kin',
    (path) => {
      const { text, links } = page(path)!
      const [top = ''] = text.split('\n## ')
      const [, name] = /^# (\S+)\n\n\*\*[^*\n]+\.\*\*\n/.exec(top) ?? []
      expect(name).toBeDefined()
      const [install, program] = parsePage(path, top).blocks
      expect(install!.code).toMatch(/^npm install /)
      expect(install!.code.split(' ')).toContain(name)
      expect(program!.code.split('\n').length).toBeLessThanOrEqual(13)
      expect(links).not.toEqual([])
    },
  )

  it('every package has one', () => expect(readmes.length).toBe(8))
})

describe('links', () => {
  const broken = (from: Page, target: string): boolean => {
    const [file, anchor] = target.split('#') as [string, string?]
    const path = file === '' ? from.path : posix.join(posix.dirname(from.path), decodeURI(file))
    if (path.startsWith('..') || !existsSync(join(root, path))) return true
    return anchor !== undefined && !page(path)?.anchors.has(anchor)
  }

  it('every link in every Markdown file has a target', () => {
    const relative = pages.flatMap((from) =>
      from.links.filter(({ target }) => !/^[a-z]+:/.test(target)).map((link) => ({ from, ...link })),
    )
    expect(relative.length).toBeGreaterThan(100)
    expect(
      relative
        .filter(({ from, target }) => broken(from, target))
        .map(({ from, line, target }) => `${from.path}:${line}: ${target}`),
    ).toEqual([])
  })

  it('links are found in prose and not in code', () => {
    const text = '## A `b` (c)\n[x](y.md) and `[x](z.md)`\n```md\n[x](no.md)\n```\n## A `b` (c)\n'
    const { links, anchors } = parsePage('a.md', text)
    expect(links).toEqual([{ line: 2, target: 'y.md' }])
    expect([...anchors]).toEqual(['a-b-c', 'a-b-c-1'])
  })

  it('the index of the documentation links to every guide', () => {
    const listed = page(`${docs}/README.md`)!.links.map(({ target }) => target)
    expect(names(`${docs}/guides`).length).toBeGreaterThan(8)
    for (const name of names(`${docs}/guides`)) expect(listed).toContain(`guides/${name}.md`)
  })
})

describe('the page of an error', () => {
  it('every error code has a page, and is listed', () => {
    expect(names(`${docs}/errors`)).toEqual(Object.keys(errorCodes).sort())
    const listed = page(`${docs}/errors.md`)!.links.map(({ target }) => target)
    for (const code of Object.keys(errorCodes)) expect(listed).toContain(`errors/${code}.md`)
  })

  it('every error code has a paragraph in the troubleshooting that leads to its page', () => {
    const { anchors, links } = page('packages/docs/pages/troubleshooting.md')!
    for (const code of Object.keys(errorCodes)) {
      expect([...anchors]).toContain(code)
      expect(links.map(({ target }) => target)).toContain(`../../client/docs/errors/${code}.md`)
    }
  })

  it.each(Object.keys(errorCodes))(
    'the page of %s describes the error, when it happens, what to do, and an example',
    (code) => {
      const { text, blocks: examples } = page(`${docs}/errors/${code}.md`)!
      expect(text.startsWith(`# ${code}\n`)).toBe(true)
      expect(text).toContain('\n## When\n')
      expect(text).toContain('\n## What to do\n')
      expect(examples.some((example) => example.language === 'ts')).toBe(true)
    },
  )
})

describe('the page of a close code', () => {
  const facts = ({ reason, action, limit, delay = [0, 5_000] }: CloseRule): string => {
    const actions = { fatal: 'stop', refresh: 'refresh the token, once' }
    const again = limit === undefined ? 'dial again' : `dial again, ${limit} times`
    const [from, to] = delay
    const window = action === 'fatal' ? 'never' : `${from / 1000} to ${to / 1000} s`
    return `| \`${reason}\` | ${action ? actions[action] : again} | ${window} |`
  }
  const rules = Object.entries(defaultCloseRules)

  it('every close code of the table has a page, and no other', () => {
    expect(names(`${docs}/close-codes`)).toEqual(rules.map(([code]) => code).sort())
  })

  it('every close code of the protocol has a page', () => {
    const { text } = page('packages/protocol/PROTOCOL.md')!
    const named = [...text.matchAll(/^\| (\d{4}) \|/gm)].map(([, code]) => code)
    expect(named.length).toBeGreaterThan(12)
    expect(names(`${docs}/close-codes`)).toEqual(expect.arrayContaining(named))
  })

  it.each(rules)('the page of %s describes what the client does', (code, rule) => {
    const { text } = page(`${docs}/close-codes/${code}.md`)!
    expect(text.startsWith(`# ${code}: ${rule.reason}\n`)).toBe(true)
    expect(text.split('\n').filter((line) => line.startsWith('| `'))).toEqual([facts(rule)])
  })

  it('the table of close codes agrees with the rules', () => {
    const rows = page(`${docs}/close-codes.md`)!
      .text.split('\n')
      .filter((line) => line.startsWith('| ['))
    expect(rows).toEqual(rules.map(([code, rule]) => `| [${code}](close-codes/${code}.md) ${facts(rule)}`))
  })
})
