import { expect, test } from 'vitest'
import { crash } from './crash-run.ts'

const seed = Math.floor(Math.random() * 2 ** 31)

/** Short runs, to see that they run; long ones are for `npm run crash`. */
test(`a crash of the page loses nothing that was committed, and doubles nothing, seed ${seed}`, async () => {
  const { faults, committed, handed } = await crash({ times: 10, seed })
  expect(faults).toEqual([])
  expect(committed, 'reported').toBeGreaterThan(0)
  expect(handed).toBeGreaterThanOrEqual(committed)
})

test('a store that deletes a message before its outcome is detected', async () => {
  const { faults } = await crash({
    times: 4,
    seed: 3,
    plan: { connectAfter: 1e6, isSending: true, commits: 20 },
    sabotage: {
      file: /store\/persistence\.ts$/,
      from: 'journal.push(messageTask(entry))\n    },',
      to: 'journal.push(messageTask(entry)); setTimeout(() => ledger.forget(entry.producer.id, entry.n), 1) },',
    },
  })
  expect(faults.join()).toMatch(/are missing/)
})

test('a store that sends messages of other pages without their producers is detected', async () => {
  const { faults } = await crash({
    times: 6,
    seed: 3,
    plan: { connectAfter: -1, burst: 100, isSending: true, commits: 1 },
    sabotage: {
      file: /store\/records\.ts$/,
      from: 'return data ? { head: text, bytes: data } : text',
      to: 'return text.replace(/,\\{"producer".*$/, "")',
    },
  })
  expect(faults.join()).toMatch(/were delivered twice/)
})
