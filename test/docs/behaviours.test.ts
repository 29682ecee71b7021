import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const rows = readFileSync(join(root, 'test/behaviours.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`: '))

test.each(rows)('%s', (row) => {
  const [, file, title] = /`([^`]+\.tsx?)`: (.*?) \|/.exec(row)!
  expect(readFileSync(join(root, file!), 'utf8')).toContain(title)
})

test('the list of behaviours is complete', () => {
  expect(rows.length).toBeGreaterThan(25)
})
