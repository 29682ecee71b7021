import { expect, it } from 'vitest'
import { isYoung, newSessionId } from './session-id.ts'

const youth = 10_000
const now = 1_800_000_000_000

it('a session is young for some time, also by the clock of a hub that is a little late', () => {
  const id = newSessionId('secret', now)
  expect([-59_000, 0, 9_999].map((age) => isYoung(id, now + age, youth))).toEqual([true, true, true])
  expect([-61_000, 10_000, 86_400_000].map((age) => isYoung(id, now + age, youth))).toEqual([
    false,
    false,
    false,
  ])
})

it.each(['', 'secret', '.', 'secret.', 'secret.?', `secret.${'z'.repeat(300)}`, now.toString(36)])(
  'an id that a client has made up is not young: %j',
  (id) => {
    expect(isYoung(id, now, youth)).toBe(false)
  },
)
