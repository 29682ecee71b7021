import { expect, test } from 'vitest'
import { findIn, findReplaced } from './words.ts'

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

// Lower the number as comments change. Their tests still have titles with such words.
test('the client, the protocol and the server get no further comments with replaced words', () => {
  const sources = findIn(['packages/{client,protocol,server}/src/**/*.ts'])
  expect(sources.filter(({ place }) => !place.includes('.test.ts:')).length).toBeLessThanOrEqual(15)
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
