import { expect, test } from 'vitest'
import { createLedger, type Counts } from '../../playground/web/src/show/ledger.ts'

const none: Counts = { sent: 0, arrived: 0, underWay: 0, lost: 0, twice: 0, outOfOrder: 0 }

test('what arrives once and in order is counted as that, also if texts repeat', () => {
  const ledger = createLedger()
  for (const text of ['a', 'a', 'b']) ledger.sent(text)
  expect(ledger.counts).toEqual({ ...none, sent: 3, underWay: 3 })
  for (const text of ['a', 'a', 'b']) ledger.arrived(text)
  expect(ledger.counts).toEqual({ ...none, sent: 3, arrived: 3 })
})

test('a message is lost when a later one has arrived, and late when it arrives after all', () => {
  const ledger = createLedger()
  for (const text of ['a', 'b', 'c']) ledger.sent(text)
  ledger.arrived('b')
  expect(ledger.counts).toEqual({ ...none, sent: 3, arrived: 1, underWay: 1, lost: 1 })
  ledger.arrived('a')
  expect(ledger.counts).toEqual({ ...none, sent: 3, arrived: 2, underWay: 1, outOfOrder: 1 })
})

test('what arrives twice is counted', () => {
  const ledger = createLedger()
  ledger.sent('a')
  ledger.arrived('a')
  expect(ledger.arrived('a')).toBeUndefined()
  expect(ledger.counts).toEqual({ ...none, sent: 1, arrived: 1, twice: 1 })
})

test('settling loses what was sent before, and withdrawn messages are neither sent nor lost', () => {
  const ledger = createLedger()
  const withdrawn = ledger.sent('a')
  const lost = ledger.sent('b')
  const count = ledger.entries.length
  ledger.sent('c')
  ledger.withdraw(withdrawn)
  ledger.settle(count)
  expect(lost.state).toBe('lost')
  expect(ledger.counts).toEqual({ ...none, sent: 2, underWay: 1, lost: 1 })
})
