import { expect, test } from 'vitest'
import { errorTextsIn, errorTextsOf, findIn, findReplaced } from './words.ts'

const folders =
  'audit,bench,browser,channels,chaos,engines,fuzz,growth,lab,moves,package,playground,proxies,quick-starts,readme,runtime,site,storm,support,testing,types'

test.each([
  ['every page', ['*.md', '.changeset/*.md', 'packages/**/*.md', 'test/lab/*.md']],
  ['the bindings', ['packages/{bindings,react,vue,svelte}/src/**/*.ts']],
  ['the test kit', ['packages/testing/{src,example}/**/*.ts']],
  ['the playground', ['playground/**/*.ts']],
  ['the programs of the documentation site', ['packages/docs/*.ts']],
  ['the tools and tests of the repository', ['test/*.ts', `test/{${folders}}/**/*.{ts,tsx,mjs}`]],
])('%s uses the standard terms instead of the words that they replaced', (_, globs) => {
  expect(findIn(globs)).toEqual([])
})

// Their tests still have titles with such words.
test('the comments of the client, the protocol, the server and the broker use the standard terms', () => {
  const sources = findIn(['packages/{client,protocol,redis,server}/src/**/*.ts'])
  expect(sources.filter(({ place }) => !place.includes('.test.ts:'))).toEqual([])
})

test('the texts of errors use the standard terms', () => {
  const texts = errorTextsIn(['packages/*/src/**/*.ts'])
  expect(texts.length).toBeGreaterThan(100)
  expect(texts.filter(({ instead }) => instead)).toEqual([])
})

test('a replaced word is found in prose, in comments and in titles of tests, and not in code', () => {
  const places = (path: string, text: string): string[] => findReplaced(path, text).map(({ place }) => place)
  expect(places('a.md', 'It hears of it.\n`hears` and [a](hears.md)\nIt receives it.\n')).toEqual(['a.md:1'])
  const program = [
    '/** What became of it. */',
    'const heard = 1 // nobody',
    '  // handed on',
    "it('is told', () => {})",
    "it.each(list)('hears %s', () => {})",
    "const lane = 'lane'",
  ]
  expect(places('a.ts', program.join('\n'))).toEqual(['a.ts:1', 'a.ts:2', 'a.ts:3', 'a.ts:4', 'a.ts:5'])
})

test('the texts of errors are found, also on a line of their own', () => {
  const program =
    "misuse('one')\nthrow new HoldfastError(\n  'remote',\n  `it's ${two}`,\n)\nnew Error(text)\nmisuse(\n  \"three\",\n)"
  expect(errorTextsOf(program)).toEqual(['one', "it's ${two}", 'three'])
})
