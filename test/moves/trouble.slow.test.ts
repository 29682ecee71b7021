// Nodes that stop, wake and die, and a Redis that is slow, while a session moves.
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@holdfast/testing/proxy'
import type { FaultProxy } from '@holdfast/testing/proxy'
import { describe, expect, test } from 'vitest'
import type { Summary } from '../audit/summary.ts'
import { freePort } from '../support/port.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { endsOf } from './late-answers-suite.ts'
import { openProcessStage } from './stage.ts'

expectNothingLeft()

/** How long the sessions of a node are its own although it does not renew its lease, in milliseconds. */
const shortLease = 5_000
const longLease = 30_000

const inShort = ({ opens, losses }: Summary): object => ({ opens, losses })

/** Nothing of what Redis answers to the commands of a node comes through: it has executed them. What it publishes does. */
function loseAnswers(path: FaultProxy): void {
  const [commands] = path.connections.toSorted((a, b) => b.toServer.bytes - a.toServer.bytes)
  const { number } = commands!
  path.rule({ action: 'black-hole', direction: 'toClient', connections: { from: number, to: number } })
}

describe('the owner is paused', () => {
  test.each([1_000, 10_000])(
    'for %i ms, less than its lease, while its client comes to another node: the session goes on there when it wakes',
    async (ms) => {
      await using stage = await openProcessStage({ redisOptions: { memberTimeout: longLease } })
      const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
      await stage.goTo(one)
      await stage.known()
      one.process.kill('SIGSTOP')
      const gone = stage.goTo(two)
      await sleep(ms)
      one.process.kill('SIGCONT')
      await gone
      expect(inShort(await stage.end())).toEqual({ opens: 1, losses: {} })
    },
  )

  test('longer than its lease, while its client comes to another node: the session is lost, and the owner has no part in the next one', async () => {
    // The owner keeps a session to which its client does not return for that long.
    await using stage = await openProcessStage({
      redisOptions: { memberTimeout: shortLease },
      hubOptions: { sessionTimeout: 5_000 },
    })
    const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
    await stage.goTo(one)
    await stage.known()
    one.process.kill('SIGSTOP')
    await stage.goTo(two)
    await stage.joined(2)
    one.process.kill('SIGCONT')
    await sleep(2 * shortLease)
    await stage.goTo(one)
    expect(inShort(await stage.end())).toEqual({ opens: 2, losses: { unknown: 1 } })
  })

  test('longer than its lease, and its client has nowhere else to go: the session goes on when it wakes', async () => {
    await using stage = await openProcessStage({ redisOptions: { memberTimeout: shortLease } })
    const one = await stage.nodes.start()
    await stage.goTo(one)
    await stage.known()
    one.process.kill('SIGSTOP')
    await sleep(2 * shortLease)
    one.process.kill('SIGCONT')
    expect(inShort(await stage.end())).toEqual({ opens: 1, losses: {} })
  })
})

test('a client comes to another node before Redis knows of its session: the session goes on there', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: longLease } })
  await using path = await startFaultProxy({ target: stage.redis.port })
  const [one, two] = [await stage.nodes.start({ redisPort: path.port }), await stage.nodes.start()]
  path.rule('toServer: delay 500ms')
  await stage.goTo(one)
  await stage.goTo(two)
  expect(inShort(await stage.end())).toEqual({ opens: 1, losses: {} })
})

test('Redis is emptied, and a client comes to another node: its session goes on there', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: shortLease } })
  const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
  await stage.goTo(one)
  await stage.known()
  // It is not a new one.
  await sleep(10_000)
  await stage.redis.command('FLUSHALL')
  await stage.goTo(two)
  expect(inShort(await stage.end())).toEqual({ opens: 1, losses: {} })
})

test('Redis answers after a claim timed out: the session goes on at the node that asked', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: longLease, timeout: 1_000 } })
  await using path = await startFaultProxy({ target: stage.redis.port })
  const [one, two] = [await stage.nodes.start(), await stage.nodes.start({ redisPort: path.port })]
  await stage.goTo(one)
  await stage.known()
  const isFast = path.rule('toClient: delay 2500ms')
  const gone = stage.goTo(two)
  await sleep(8_000)
  isFast()
  await gone
  expect(inShort(await stage.end())).toEqual({ opens: 1, losses: {} })
})

test('the owner dies when it has parked a session and does not know it: the session goes on at another node', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: shortLease } })
  await using path = await startFaultProxy({ target: stage.redis.port })
  const [one, two] = [await stage.nodes.start({ redisPort: path.port }), await stage.nodes.start()]
  await stage.goTo(one)
  await stage.known()
  loseAnswers(path)
  await stage.goTo(two)
  await one.kill()
  expect(inShort(await stage.end())).toEqual({ opens: 1, losses: {} })
})

test('the owner dies before its park comes to Redis: the session is lost when its lease has ended', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: shortLease } })
  await using path = await startFaultProxy({ target: stage.redis.port })
  const [one, two] = [await stage.nodes.start({ redisPort: path.port }), await stage.nodes.start()]
  await stage.goTo(one)
  await stage.known()
  path.blackHole('toServer')
  const gone = stage.goTo(two)
  await sleep(500)
  await one.kill()
  await gone
  expect(inShort(await stage.end())).toEqual({ opens: 2, losses: { unknown: 1 } })
})

test('a node dies that was given a parked session and does not know it: the client has a way to open, and no outcome is false', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: shortLease } })
  await using path = await startFaultProxy({ target: stage.redis.port })
  const [one, two, three] = [
    await stage.nodes.start(),
    await stage.nodes.start({ redisPort: path.port }),
    await stage.nodes.start(),
  ]
  await stage.goTo(one)
  await stage.known()
  // From now on, Redis knows the script of a take: the answer that is lost is not that it does not.
  await stage.goTo(two)
  await stage.goTo(one)
  await stage.joined(3)
  stage.target = `ws://127.0.0.1:${await freePort()}/ws`
  await one.drain()
  loseAnswers(path)
  stage.target = two.url
  await sleep(2_000)
  await two.kill()
  await stage.goTo(three)
  const { opens, resumes } = await stage.end()
  expect(opens + resumes).toBe(4)
})

test('the node of a handler dies when its session has moved: the request fails as interrupted, once', async () => {
  await using stage = await openProcessStage({ redisOptions: { memberTimeout: shortLease } })
  const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
  await stage.goTo(one)
  const asked = await stage.ask(60_000)
  await stage.goTo(two)
  await stage.joined(2)
  await one.kill()
  await asked.ended
  expect(endsOf(stage, asked)).toMatchObject([{ code: 'remote', reason: 'interrupted' }])
  expect((await stage.end()).losses).toEqual({})
})
