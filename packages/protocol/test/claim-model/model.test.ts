import { afterAll, describe, expect, it } from 'vitest'
import { search, searchLarge } from '../model/search.ts'
import { createModel } from './model.ts'
import type { Breach } from './world.ts'
import { breaches, smallWorlds } from './worlds.ts'

const timeout = 60_000

describe('the model of a session that moves', () => {
  let total = 0
  afterAll(() => console.log(`claim model: ${total.toLocaleString('en')} states, all of them, no violation`))

  it.each(Object.entries(smallWorlds))('holds in a world with %s', { timeout }, (_, world) => {
    const { states, isExhausted, violation, trace } = searchLarge(createModel(world), Infinity, () => {})
    total += states
    expect([violation, ...(trace ?? [])]).toEqual([undefined])
    expect(isExhausted).toBe(true)
    expect(states).toBeGreaterThan(500)
  })
})

describe('a broken rule shows in the model of a session that moves', () => {
  it.each(Object.entries(breaches))('%s', { timeout }, (breach, [symptom, world]) => {
    const { violation } = search(createModel(world, breach as Breach))
    expect(violation?.split(':')[0]).toBe(symptom)
  })
})
