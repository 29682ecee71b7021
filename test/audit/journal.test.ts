import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openJournal, readJournal, writeJournal } from './journal.ts'
import { mergeHistories } from './merge.ts'
import { clientEvents, tell } from './tell.ts'

const c = clientEvents('c0')
const other = clientEvents('c1')
const history = tell(c.did('connect'), c.open(), c.sent(1))

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'journal')
}

test('what is written to a journal can be read before it is closed', () => {
  const file = newFile()
  const journal = openJournal(file)
  journal.write(history[0]!)
  journal.write(history[1]!)
  expect(readJournal(file)).toEqual(history.slice(0, 2))
  journal.write(history[2]!)
  journal.close()
  expect(readJournal(file)).toEqual(history)
})

test('a line that its writer did not live to finish is not there', () => {
  const file = newFile()
  writeJournal(file, history)
  appendFileSync(file, JSON.stringify(history[0]).slice(0, -1))
  expect(readJournal(file)).toEqual(history)
  // Even if the line is readable: it may be incomplete.
  appendFileSync(file, '}')
  expect(readJournal(file)).toEqual(history)
})

test('histories are merged by their moments, and what has the same one keeps its order', () => {
  const first = [
    { at: 1, ...c.open() },
    { at: 3, ...c.sent(1) },
    { at: 3, ...c.delivered(1) },
  ]
  const second = [
    { at: 2, ...other.open() },
    { at: 3, ...other.sent(2) },
  ]
  expect(mergeHistories([first, second])).toEqual([first[0], second[0], first[1], first[2], second[1]])
})
