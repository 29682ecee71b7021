// The rules of leases, by the scripts themselves on a real Redis: what whole hubs do hides a rule behind the others.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parkMember, readMembers, removeOwner, renew, setMember } from '../../packages/redis/src/scripts.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'

expectNothingLeft()

const lease = 400

test('a node judges others only if its own lease was renewed in time', async () => {
  await using server = await RedisServer.start()
  const client = await server.client.connect()
  const renewed = (node: string, begin = ''): Promise<unknown> =>
    client.eval(renew.text, {
      keys: ['{n}', `{n}:${node}`],
      arguments: [node, String(lease), '60000', begin && '1'],
    })
  try {
    expect([await renewed('anna', 'begin'), await renewed('bert', 'begin')]).toEqual([[1], [1]])
    // Redis was away for both.
    await sleep(lease + 50)
    expect(await renewed('anna'), 'anna is late herself').toEqual([1])
    await expect
      .poll(() => renewed('anna'), { interval: lease / 4, message: 'bert alone is late' })
      .toEqual([1, 'bert'])
    expect(await renewed('bert'), 'what was judged cannot be renewed').toEqual([0])
  } finally {
    client.destroy()
  }
})

test('a member that a node has parked does not leave when the lease of that node ends', async () => {
  await using server = await RedisServer.start()
  const client = await server.client.connect()
  const [node, parked] = ['a'.repeat(22), 'p'.repeat(22)]
  const run = (script: { readonly text: string }, ...args: string[]): Promise<unknown> =>
    client.eval(script.text, { keys: ['{c}', '{c}:p'], arguments: args })
  const count = async (): Promise<number> => {
    const [, fields] = (await run(readMembers, '60000')) as [string, string[]]
    return fields.length / 2 - 1
  }
  try {
    await run(setMember, 'anna', node, '["anna"]', '60000')
    await run(setMember, 'bert', node, '["bert"]', '60000')
    await run(parkMember, 'anna', node, parked, '60000')
    await run(removeOwner, node)
    expect(await count()).toBe(1)
    await run(removeOwner, parked)
    expect(await count()).toBe(0)
  } finally {
    client.destroy()
  }
})
