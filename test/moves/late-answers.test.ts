// Handlers that take longer than their session stays.
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { openLocalStage } from './stage.ts'
import type { Asked, Stage } from './stage.ts'

expectNothingLeft()

/** How long a handler takes, in milliseconds; longer with HANDLER. */
const slow = Number(process.env['HANDLER'] ?? 3_000)

function endsOf({ seen }: Stage, { id }: Asked): unknown[] {
  return seen.filter((event) => event.type === 'answered' && event.id === id)
}

describe.each([['hubs of one process', openLocalStage]])('%s', (_, open) => {
  test('a handler answers when its session has moved twice: the answer arrives once', async () => {
    await using stage = await open()
    const [one, two, three] = [
      await stage.nodes.start(),
      await stage.nodes.start(),
      await stage.nodes.start(),
    ]
    await stage.goTo(one)
    const asked = await stage.ask(slow)
    await stage.goTo(two)
    const askedThere = await stage.ask(slow)
    await stage.goTo(three)
    await Promise.all([asked.ended, askedThere.ended])
    for (const each of [asked, askedThere]) expect(endsOf(stage, each)).toMatchObject([{ how: 'right' }])
    expect((await stage.end()).losses).toEqual({})
  })

  test('a handler answers when its session has come back to its node: the answer arrives once', async () => {
    await using stage = await open()
    const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
    await stage.goTo(one)
    const asked = await stage.ask(slow)
    await stage.goTo(two)
    await stage.goTo(one)
    await asked.ended
    expect(endsOf(stage, asked)).toMatchObject([{ how: 'right' }])
    expect((await stage.end()).losses).toEqual({})
  })
})
