import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { begin, end, guide, suites } from '../browser/verified.ts'
import { root } from './pages.ts'

test('the guide lists every suite that runs in browsers, with the results of the last recorded run', () => {
  const files = globSync(['test/browser/*.browser.test.*', 'test/engines/*.test.ts'], { cwd: root })
  expect(files.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(Object.keys(suites).sort())

  const text = readFileSync(join(root, guide), 'utf8')
  const from = text.indexOf(begin) + begin.length
  const [head, , ...rows] = text.slice(from, text.indexOf(end, from)).trim().split('\n')
  expect(head).toMatch(/^\| \| Chromium [\d.]+ \| Firefox [\d.]+ \| WebKitGTK [\d.]+ \|$/)
  const told = Object.values(suites).map((words) => `| ${words} | passed | passed | passed |`)
  expect(rows, 'node test/browser/verified.ts').toEqual(told)
})
