// Handlers that take longer than their session stays.
import { expect, test } from 'vitest'
import type { Asked, Stage } from './stage.ts'

/** How a request has ended, as often as it has. */
export function endsOf({ seen }: Stage, { id }: Asked): unknown[] {
  return seen.filter((event) => event.type === 'answered' && event.id === id)
}

/** How long a handler takes where it does not matter, in milliseconds. */
const short = 3_000

/** The handlers of the first test take that many milliseconds. */
export function testLateAnswers(open: () => Promise<Stage>, slow: number): void {
  test(`a handler of ${slow / 1_000} s answers when its session has moved twice: the answer arrives once`, async () => {
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
    const asked = await stage.ask(short)
    await stage.goTo(two)
    await stage.goTo(one)
    await asked.ended
    expect(endsOf(stage, asked)).toMatchObject([{ how: 'right' }])
    expect((await stage.end()).losses).toEqual({})
  })

  test('the node of a handler drains, and gives it the time to answer', async () => {
    await using stage = await open()
    const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
    await stage.goTo(one)
    const asked = await stage.ask(short)
    stage.target = two.url
    await one.drain()
    await asked.ended
    expect(endsOf(stage, asked)).toMatchObject([{ how: 'right' }])
    expect((await stage.end()).losses).toEqual({})
  })
}
