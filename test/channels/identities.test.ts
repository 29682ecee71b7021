// Real sockets: what is sent to a user, on all devices.
import { channel } from 'holdfast'
import { expect, test } from 'vitest'
import { until, upTo } from '../session/pair.ts'
import type { Pair } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { impatient, joined, record, startRooms, whileAway } from './rooms.ts'

expectNothingLeft()

const start = (): Promise<Pair> =>
  startRooms({}, { authenticate: ({ token }) => ({ identity: token ?? null }) })

/** The session of the client is confirmed. */
async function enter(pair: Pair, token: string, isDirect = true) {
  const { client } = await pair.join({
    token: () => token,
    ...impatient,
    ...(isDirect && { url: pair.direct }),
  })
  const got: unknown[] = []
  client.on('n', (data) => got.push(data))
  return { client, got }
}

test('a message to a user reaches each device once and in order, also one that is away', async () => {
  await using pair = await start()
  const [phone, laptop] = [await enter(pair, 'anna', false), await enter(pair, 'anna')]
  const bert = await enter(pair, 'bert')
  await pair.hub.to('anna').send('n', 0)
  await whileAway(pair, phone.client, async () => {
    for (const n of upTo(20).slice(1)) await pair.hub.to('anna').send('n', n)
    await until(() => laptop.got.length === 20)
  })
  await until(() => phone.got.length === 20)
  expect([phone.got, laptop.got, bert.got]).toEqual([upTo(20), upTo(20), []])
})

test('a user is subscribed to a channel on each device, and unsubscribed', async () => {
  await using pair = await start()
  const [phone, laptop] = [await enter(pair, 'anna'), await enter(pair, 'anna')]
  const room = channel(laptop.client, 'room:1')
  const inRoom = record(room)
  await joined(room)
  const hall = pair.hub.channel('room:1')
  await hall.join('anna')
  await hall.publish('n', 1)
  // The client that has joined by itself gets it there.
  await until(() => phone.got.length + inRoom.length === 2)
  await hall.leave('anna')
  await until(() => room.state.status === 'refused')
  await hall.publish('n', 2)
  await pair.hub.to('anna').send('n', 'last')
  await until(() => phone.got.includes('last') && laptop.got.includes('last'))
  expect([room.state.reason, inRoom, phone.got, laptop.got]).toEqual(['left', [1], [1, 'last'], ['last']])
})
