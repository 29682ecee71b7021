import { createVirtualClock } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { ParkedBytes } from './parked-bytes.ts'

it('bytes count from when the store is given them until its time is over, and not if it refuses them', async () => {
  const clock = createVirtualClock()
  const bytes = new ParkedBytes(clock, 100, 1_000)
  let answer: ((isKept: boolean) => void) | undefined
  bytes.add(60, new Promise((resolve) => (answer = resolve)))
  await clock.advance(5_000)
  expect([bytes.hasRoom(40), bytes.hasRoom(41)]).toEqual([true, false])
  answer!(true)
  await clock.advance(900)
  expect(bytes.hasRoom(41)).toBe(false)
  await clock.advance(200)
  expect(bytes.hasRoom(100)).toBe(true)
  bytes.add(60, Promise.resolve(false))
  await clock.advance(0)
  expect(bytes.hasRoom(100)).toBe(true)
})

it('what the store answers when the hub is closed sets no timer', async () => {
  const clock = createVirtualClock()
  const bytes = new ParkedBytes(clock, 100, 1_000)
  let answer: ((isKept: boolean) => void) | undefined
  bytes.add(60, new Promise((resolve) => (answer = resolve)))
  bytes.close()
  answer!(true)
  await clock.advance(0)
  expect(clock.pending).toBe(0)
})
