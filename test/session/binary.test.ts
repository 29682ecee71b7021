import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { setEnds } from './ends.ts'
import type { Ends, Receiver } from './ends.ts'
import { outcomes, upTo } from './pair.ts'

expectNothingLeft()

const receivers: readonly Receiver[] = ['hub', 'client']
/** Nothing, one byte, a pack that is almost full, full and too full, and much more. */
const sizes = [0, 1, 16_383, 16_384, 16_385, 70_000, 300_000]

describe.each(receivers)('bytes and text for the %s', (receiver) => {
  test('arrive as they are, in order with the events around them', async () => {
    await using ends = await setEnds(receiver)
    const got = collect(ends, receiver)
    const sent: Delivery[] = []
    const expected: unknown[] = []
    for (const size of sizes) {
      const bytes = someBytes(size)
      const text = bytes.reduce((all, byte) => all + String.fromCodePoint(0x1_f300 + byte), '').slice(0, size)
      const whole = text.isWellFormed() ? text : text.slice(0, -1)
      sent.push(
        ends.send(size, 'before'),
        raw(ends, receiver, bytes),
        ends.send(bytes, 'event'),
        raw(ends, receiver, whole),
        ends.send({ size }, 'after'),
      )
      expected.push(
        ['before', size],
        [null, print(bytes)],
        ['event', print(bytes)],
        [null, print(whole)],
        ['after', { size }],
      )
    }
    expect(await outcomes(sent)).toEqual(sent.map(() => 'delivered'))
    expect(got).toEqual(expected)
  })

  test('may come from any buffer, and are copied when they are sent', async () => {
    await using ends = await setEnds(receiver)
    const got = collect(ends, receiver)
    const bytes = someBytes(1_000)
    const original = print(bytes.slice())
    const view = bytes.subarray(100, 200)
    const part = print(view.slice())
    const sent = [
      raw(ends, receiver, bytes.buffer),
      raw(ends, receiver, new DataView(bytes.buffer, 100, 100)),
      raw(ends, receiver, new Uint16Array(bytes.buffer, 100, 50)),
      raw(ends, receiver, Buffer.from(view)),
      ends.send(view, 'event'),
      ends.send(Buffer.from(view), 'event'),
    ]
    bytes.fill(0)
    await outcomes(sent)
    expect(got).toEqual([
      [null, original],
      [null, part],
      [null, part],
      [null, part],
      ['event', part],
      ['event', part],
    ])
  })

  test('may be the input of a request and its answer', async () => {
    await using ends = await setEnds(receiver)
    ends.handle((input) => (input as Uint8Array).toReversed())
    const bytes = someBytes(50_000)
    const answer = (await ends.request(bytes)) as Uint8Array
    expect(print(answer)).toEqual(print(bytes.toReversed()))
  })

  test('survive cuts in the middle of them, in order with the events', async () => {
    await using ends = await setEnds(receiver)
    const { client, pair } = ends
    const got = collect(ends, receiver)
    const sent: Delivery[] = []
    const expected: unknown[] = []
    for (const number of upTo(60)) {
      const bytes = someBytes(20_000 + number * 1_000)
      sent.push(ends.send(number, 'event'), raw(ends, receiver, bytes))
      expected.push(['event', number], [null, print(bytes)])
      if (number % 15 === 14) {
        pair.proxy.freeze(receiver === 'hub' ? 'toServer' : 'toClient')
        await sleep(2)
        pair.proxy.reset()
        pair.proxy.heal()
        void client.reconnect()
      }
      if (number % 5 === 0) await sleep(2)
    }
    expect(await outcomes(sent)).toEqual(sent.map(() => 'delivered'))
    expect(got).toEqual(expected)
    expect(client.stats().opens).toBeGreaterThan(1)
  })

  test('are the same on `ws`', async () => {
    await using ends = await setEnds(receiver, { WebSocket })
    const got = collect(ends, receiver)
    const bytes = someBytes(100_000)
    await outcomes([ends.send(bytes, 'event'), raw(ends, receiver, bytes), raw(ends, receiver, 'text')])
    expect(got).toEqual([
      ['event', print(bytes)],
      [null, print(bytes)],
      [null, print('text')],
    ])
  })
})

/** All that the receiver gets, in order: names with data, and without a name what is raw. */
function collect({ client, pair }: Ends, receiver: Receiver): unknown[] {
  const got: unknown[] = []
  const take = (name: string | null, data: unknown): number =>
    got.push([name, data instanceof Uint8Array || name === null ? print(data as Uint8Array) : data])
  const end = receiver === 'hub' ? pair.hub : client
  end.onAny((name: string, data: unknown) => take(name, data))
  end.onRaw((data: string | Uint8Array) => take(null, data))
  return got
}

function raw(
  { client, peer }: Ends,
  receiver: Receiver,
  data: string | ArrayBuffer | ArrayBufferView,
): Delivery {
  return receiver === 'hub' ? client.sendRaw(data) : peer.sendRaw(data)
}

/** What tells large data apart in a message of a test. */
function print(data: string | Uint8Array): string {
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 8)
  return `${typeof data === 'string' ? 'text' : 'bytes'} ${data.length} ${hash}`
}

let seed = 1
function someBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  for (let index = 0; index < size; index++) bytes[index] = seed = (seed * 48_271) % 2_147_483_647
  return bytes
}
