import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { endsOf, testLateAnswers } from './late-answers-suite.ts'
import { openProcessStage } from './stage.ts'

expectNothingLeft()

/** How long the handlers take, in milliseconds. */
const slow = 20_000

testLateAnswers(openProcessStage, slow)

test('the node of a handler of 20 s dies when its session has moved twice: the request fails as interrupted, once', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: 5_000 } })
  const [one, two, three] = [await stage.nodes.start(), await stage.nodes.start(), await stage.nodes.start()]
  await stage.goTo(one)
  await stage.known()
  const asked = await stage.ask(slow)
  await stage.goTo(two)
  await stage.goTo(three)
  await one.kill()
  await asked.ended
  expect(endsOf(stage, asked)).toMatchObject([{ code: 'remote', reason: 'interrupted' }])
  expect((await stage.end()).losses).toEqual({})
})
