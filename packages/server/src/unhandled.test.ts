import { expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { createUnhandledLog } from './unhandled.ts'

it('the hub logs the first message of each name that nobody listens to, with what to look for', async () => {
  const { hub, join, warned } = setUp()
  hub.on('message', () => {})
  const client = await join()
  await client.say(['message', 'mesage', 'mesage', 'other'].map((name, index) => [index + 1, 0, name]))
  for (const seq of [5, 6]) await client.say([seq, 0, null, 'text', { raw: true }])
  expect(warned).toEqual([
    expect.stringMatching(/no listener for 'mesage'.*misspelled/),
    expect.stringContaining("no listener for 'other'"),
    expect.stringContaining('hub.onRaw()'),
  ])
})

it('the hub logs no more than a hundred such names, and says so', () => {
  const warned: string[] = []
  const log = createUnhandledLog((text) => warned.push(text))
  for (let n = 0; n < 1_000; n++) log(`name ${n}`)
  expect(warned).toHaveLength(101)
  expect(warned.at(-1)).toContain('no more')
})

it('a name cannot write a line of its own into the log, and no long one', () => {
  const warned: string[] = []
  const log = createUnhandledLog((text) => warned.push(text))
  log('a\r\nb\u001b[2Jc\u0085d\u2028e\u202ef')
  log('x'.repeat(1_000))
  expect(warned[0]).toContain("'a b [2Jc d e f'")
  expect(warned[1]!.length).toBeLessThan(250)
})
