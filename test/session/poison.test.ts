import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { setEnds } from './ends.ts'
import { outcomes } from './pair.ts'

expectNothingLeft()

/** Deeper than either end takes. The sender does not check the depth. */
const poison: unknown = JSON.parse('['.repeat(70) + ']'.repeat(70))

test.each([
  ['the server, on the WebSocket of the platform', 'client', undefined],
  ['the server, on `ws`', 'client', WebSocket],
  ['the client, on the WebSocket of the platform', 'hub', undefined],
  ['the client, on `ws`', 'hub', WebSocket],
] as const)(
  'a message of %s that the other end refuses is found and withdrawn, and all others arrive once',
  async (_, receiver, Socket) => {
    await using ends = await setEnds(receiver, { backoff: () => 5, ...(Socket && { WebSocket: Socket }) })
    const { client, pair, send } = ends
    const got: unknown[] = []
    ends.on((data) => got.push(data))
    const back: unknown[] = []
    ends.onReply((data) => back.push(data))
    const sent = [send(1), send(2), send(poison), send(3), send(4), send(poison), send(5)]
    const replies = [ends.reply('a'), ends.reply('b')]
    const settled = await outcomes(sent)
    expect(settled).toEqual(
      [1, 2, 0, 3, 4, 0, 5].map((number) => (number === 0 ? 'undelivered: rejected' : 'delivered')),
    )
    expect(got).toEqual([1, 2, 3, 4, 5])
    expect(await outcomes(replies)).toEqual(['delivered', 'delivered'])
    expect(back).toEqual(['a', 'b'])
    expect(pair.hub.stats()).toMatchObject({ sessions: 1, connected: 1 })
    expect(client.stats().opens).toBeLessThan(10)
  },
)

test('a message that is larger than the other end takes is never written', async () => {
  await using ends = await setEnds('hub')
  const { client, peer, pair } = ends
  const got: unknown[] = []
  ends.on((data) => got.push(data))
  const sent = [
    client.sendRaw('x'.repeat(1_048_577)),
    ends.send('after'),
    peer.sendRaw(new Uint8Array(2 ** 24)),
  ]
  expect(await outcomes(sent)).toEqual(['undelivered: too-large', 'delivered', 'undelivered: too-large'])
  expect(got).toEqual(['after'])
  expect(client.stats().opens).toBe(1)
  expect(pair.hub.stats().connected).toBe(1)
})
