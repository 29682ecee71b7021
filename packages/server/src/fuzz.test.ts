import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newcomer, setUp } from '../test/support/set-up.ts'

const number = fc.oneof(
  fc.nat({ max: 5 }),
  fc.constantFrom(-1, 0.5, 2 ** 53, 2 ** 53 - 1, NaN, null, '1', true, [], {}),
)
const name = fc.oneof(fc.string(), fc.constantFrom(null, '__proto__', 'constructor', 'ask', 'event', 7))
const meta = fc.oneof(
  fc.record(
    { id: number, re: number, off: number, raw: fc.boolean(), error: name, absent: fc.boolean() },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
)
const frame = fc.oneof(
  fc.tuple(number, number),
  fc.tuple(number, number, name),
  fc.tuple(number, number, name, fc.jsonValue()),
  fc.tuple(number, number, name, fc.jsonValue(), meta),
  fc.tuple(
    fc.nat({ max: 3 }),
    fc.constant(0),
    fc.constantFrom('ask', 'event'),
    fc.jsonValue(),
    fc.record({ id: fc.nat({ max: 3 }) }),
  ),
)
const control = fc.tuple(
  fc.constantFrom('hi', 'ok', 'a', 'p', 'q', 'renew', 'token', 'drain', 'bye', 'holdfast', 'x'),
  fc.oneof(number, fc.record({ rx: number, after: fc.array(number) }), fc.constant(newcomer), fc.jsonValue()),
)
const message = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .oneof(frame, fc.array(frame, { maxLength: 5 }), control)
      .map((value) => JSON.stringify(value)),
  },
  fc.string(),
  fc.uint8Array({ maxLength: 40 }),
  frame.map((value) => {
    const header = new TextEncoder().encode(JSON.stringify(value))
    return new Uint8Array([header.length >> 8, header.length, ...header, 1, 2])
  }),
)
const start = fc.constantFrom('greeted', 'confirmed', 'new')

describe('whatever a client sends', () => {
  it('harms nobody else, throws nothing, and leaves nothing', async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(message, { maxLength: 12 }), async (how, messages) => {
        const { clock, hub, dial, join, reported } = setUp({ sessionTimeout: 100 })
        let heard = 0
        hub.on('well', () => heard++)
        hub.handle('ask', (input, peer) => {
          peer.send('asked', input)
          return input
        })
        const other = await join({ client: 'other' })
        const client = dial()
        if (how !== 'new') await client.say(['hi', newcomer])
        if (how === 'confirmed') await client.say(['a', 0])
        for (const item of messages) client.socket.message(item)
        await other.say([1, 0, 'well'])
        expect(heard).toBe(1)
        expect(other.socket.closedWith).toBeUndefined()
        client.socket.end()
        await other.say(['bye', { rx: 0 }])
        await clock.advance(40_000)
        expect(hub.stats()).toMatchObject({
          connections: 0,
          sessions: 0,
          greeting: 0,
          bufferedMessages: 0,
          bufferedBytes: 0,
        })
        expect([reported, clock.pending, hub.peers.size]).toEqual([[], 0, 0])
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
    )
  })
})
