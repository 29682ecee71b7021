// Redis fails over while a session moves: with real processes, a real replica, and traffic all the time.
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@holdfast/testing/proxy'
import { expect, test } from 'vitest'
import type { Summary } from '../audit/summary.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { freePort } from '../support/port.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { openReplicatedStage } from './stage.ts'

expectNothingLeft()

/** A node whose calls are not answered keeps its lease for a while. */
const options = { redisOptions: { memberTimeout: 30_000, timeout: 2_000 } }
const patience = 60_000

const inShort = ({ opens, losses }: Summary): object => ({ opens, losses })

/** Resolves when the only session is as Redis should know it. */
async function isKnown(server: RedisServer, state: 'parked' | 'owned', since = ''): Promise<string> {
  for (const late = AbortSignal.timeout(patience); !late.aborted;) {
    const [key] = (await server.command('KEYS', 'holdfast:{s:*}')) as string[]
    const [owner, isParked, run] = key
      ? ((await server.command('HMGET', key, 'o', 'p', 's')) as (string | null)[])
      : []
    const found = `${owner} ${run}`
    if (owner && found !== since && (state === 'parked') === (isParked === '1')) return found
    await sleep(50)
  }
  throw new Error(`Redis does not know the session as ${state}`)
}

test.each([
  ['and the replica lacks the take', true],
  ['and the replica has the take', false],
])(
  'Redis fails over between a take and its answer, %s: the session is lost without a false outcome, and the client opens',
  async (_, isForgotten) => {
    await using stage = await openReplicatedStage(options)
    const { servers } = stage
    await using path = await startFaultProxy({ target: servers.addresses[1].port })
    const [one, two] = [await stage.nodes.start(), await stage.nodes.start({ redisPort: path.port })]
    await stage.goTo(one)
    await stage.known()
    // From now on, Redis knows the script of a take, whose answer is the only one.
    await stage.goTo(two)
    await stage.goTo(one)
    await stage.joined(3)
    stage.target = `ws://127.0.0.1:${await freePort()}/ws`
    await one.drain()
    const parked = await isKnown(servers.primary, 'parked')
    if (isForgotten) await servers.lag()
    // It executes what the node wants, and its answers do not arrive.
    path.blackHole('toClient')
    stage.target = two.url
    await isKnown(servers.primary, 'owned', parked)
    if (!isForgotten) await isKnown(servers.replica, 'owned', parked)
    await servers.failOver()
    path.reset()
    path.heal()
    await stage.opened(2)
    expect(inShort(await stage.end({ mayForgetMail: true }))).toEqual({ opens: 2, losses: { unknown: 1 } })
  },
)

test('Redis fails over and forgets a take that was answered: the session goes on, and moves again when the new primary knows of it', async () => {
  await using stage = await openReplicatedStage(options)
  const { servers } = stage
  const [one, two] = [
    await stage.nodes.start(),
    await stage.nodes.start({ redisPort: servers.addresses[1].port }),
  ]
  await stage.goTo(one)
  await stage.known()
  await servers.lag()
  const before = await isKnown(servers.replica, 'owned')
  await stage.goTo(two)
  await stage.joined(2)
  await servers.failOver()
  await isKnown(servers.replica, 'owned', before)
  await stage.goTo(one)
  await stage.joined(3)
  expect(inShort(await stage.end({ mayForgetMail: true }))).toEqual({ opens: 1, losses: {} })
})
