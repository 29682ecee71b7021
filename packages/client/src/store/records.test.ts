import { describe, expect, it } from 'vitest'
import { createOrigin } from '../../test/support/fake-page.ts'
import type { FakeOrigin } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'

const producer = 'abcdefghijklmnopqrstuv'

function textOf(n: number): string {
  return `,"m",${n},{"producer":["${producer}",${n}]}`
}

/** A message as an earlier page has left it. */
function message(n: number): Record<string, unknown> {
  const text = textOf(n)
  return {
    producer,
    n,
    name: 'm',
    text,
    data: undefined,
    bytes: text.length,
    at: 0,
    expiresAt: 1e15,
    epoch: null,
  }
}

const record = { id: producer, identity: undefined, epoch: null, written: 0, taken: 0, emptiedAt: undefined }

const foreign = JSON.stringify({ producer: ['someone-elses', 2] })
const own = JSON.stringify({ producer: [producer, 2] })

const damages: readonly (readonly [title: string, damage: object])[] = [
  ['without text', { text: undefined }],
  ['whose text is a number', { text: 5 }],
  ['whose text is no JSON', { text: ',garbage' }],
  ['whose text is empty', { text: '' }],
  ['whose text would go on with the number before it', { text: `0${textOf(2)}` }],
  ['whose text would be the exponent of the number before it', { text: `e5${textOf(2)}` }],
  ['whose text would be two frames', { text: `,"m",2,${own}],[3,0,"m",3,${own}` }],
  ['with more than a frame has', { text: `${textOf(2)},1` }],
  ['without its place in the producer', { text: ',"m",2' }],
  ['with null for its place in the producer', { text: ',"m",2,null' }],
  ['of another producer', { text: `,"m",2,${foreign}` }],
  ['with the number of another one', { text: textOf(3) }],
  ['that is a request', { text: `,"m",2,{"producer":["${producer}",2],"id":1}` }],
  ['that is an answer', { name: undefined, text: `,null,2,{"producer":["${producer}",2],"re":1}` }],
  ['that is raw and has a name', { text: `,"m","text",{"raw":true,"producer":["${producer}",2]}` }],
  ['that is raw and no text', { name: undefined, text: `,null,2,{"raw":true,"producer":["${producer}",2]}` }],
  ['whose text nests too deep to be parsed', { text: `,"m",${'['.repeat(1e6)},${own}` }],
  ['with a lone surrogate', { text: `,"m","\ud800",${own}` }],
  ['of another name', { name: 'other' }],
  ['whose name is a number', { name: 5, text: `,5,2,${own}` }],
  ['whose name is too long', { name: 'x'.repeat(1_025), text: `,"${'x'.repeat(1_025)}",2,${own}` }],
  ['whose data is a number', { data: 5 }],
  ['whose data is null', { data: null }],
  ['whose data is there twice', { data: new Uint8Array(1) }],
  ['whose data is numbers of another kind', { text: `,"m",null,${own}`, data: new Float64Array(1) }],
  [
    'whose head has no room in its message',
    { text: `,"m",null,${' '.repeat(70_000)}${own}`, data: new Uint8Array(1) },
  ],
  ['whose size is not a number', { bytes: Number.NaN }],
  ['whose size is negative', { bytes: -1 }],
  ['whose size is text', { bytes: '40' }],
  ['that was sent at no time', { at: undefined }],
  ['that was sent before all time', { at: -1 }],
  ['that expires at no time', { expiresAt: Number.NaN }],
  ['that may have been written to anything', { epoch: 5 }],
  ['of a later version', { text: undefined, frame: ['m', 2], v: 2 }],
  ['with keys of prototypes', { text: undefined, ['__proto__']: { text: textOf(2) }, constructor: {} }],
]

async function setUpRows(...rows: object[]): Promise<FakeOrigin> {
  const origin = createOrigin()
  const first = setUpStore({ origin })
  first.client.send('first', 0)
  await first.outbox.committed()
  await first.client.dispose()
  await origin.put('test', 'producers', record)
  for (const row of rows) await origin.put('test', 'messages', row)
  return origin
}

/** A page that sends all that was left, to a server that takes it. */
async function sendAll(origin: FakeOrigin) {
  const given = setUpStore({ origin })
  await given.live()
  await given.outbox.committed()
  given.client.send('later', 'x')
  let acked = 0
  await until(async () => {
    const { length } = given.frames()
    if (length > acked) await given.say(['a', (acked = length)])
    expect(await given.records()).toEqual([])
  })
  const sent = given.frames().map(([, , name, data]) => `${name as string} ${data as string}`)
  // In a producer of its own, without an order between the two.
  expect(sent).toContain('later x')
  await given.client.dispose()
  return {
    sent: sent.filter((text) => text !== 'later x'),
    settled: given.settled.filter((text) => !text.startsWith('later')),
    troubles: given.troubles,
    durability: given.outbox.durability,
  }
}

describe('a message that is damaged in the database', () => {
  it.each(damages)(
    '(%s) is unknown, told and deleted, alone: the others are sent in order',
    async (_, damage) => {
      const origin = await setUpRows(message(1), { ...message(2), ...damage }, message(3), message(4))
      const { sent, settled, troubles, durability } = await sendAll(origin)
      expect(sent).toEqual(['m 1', 'm 3', 'm 4'])
      expect(settled.filter((text) => text.endsWith('delivered'))).toHaveLength(3)
      expect(settled.filter((text) => text.endsWith('session-lost'))).toHaveLength(1)
      expect(troubles).toMatchObject([{ what: 'invalid', durability: 'disk' }])
      expect(String(troubles[0]!.cause)).toContain(`messages ["${producer}",2]`)
      expect(durability).toBe('disk')
    },
  )

  it.each([
    ['a negative number', -1],
    ['zero', 0],
    ['half a number', 1.5],
    ['a number too large to count on', 2 ** 53],
    ['an infinite number', Infinity],
    ['text', '2'],
    ['a date', new Date(0)],
    ['numbers', [2]],
    ['bytes', new Uint8Array([2])],
  ])('under %s instead of its number is deleted as well', async (_, n) => {
    const text = `,"m",2,{"producer":${JSON.stringify([producer, n])}}`
    const origin = await setUpRows(message(1), { ...message(2), n, text }, message(3))
    const { sent, troubles } = await sendAll(origin)
    expect(sent).toEqual(['m 1', 'm 3'])
    expect(troubles).toMatchObject([{ what: 'invalid' }])
  })

  it('counts as much as it holds, not as it says', async () => {
    const origin = await setUpRows({ ...message(1), bytes: 0 }, { ...message(2), bytes: 1e9 })
    expect(await sendAll(origin)).toMatchObject({ sent: ['m 1', 'm 2'], troubles: [] })
  })

  it('is told for each of a thousand, of which not one keeps a good one from being sent', async () => {
    const all = Array.from({ length: 1_000 }, (_, index) => message(index + 1))
    const origin = await setUpRows(
      ...all.map((row, index) => (index % 10 === 5 ? row : { ...row, bytes: '' })),
    )
    const { sent, troubles } = await sendAll(origin)
    expect(sent).toEqual(Array.from({ length: 100 }, (_, index) => `m ${index * 10 + 6}`))
    expect(troubles).toHaveLength(900)
  })

  it('and goes bad between two looks is not sent, and holds nothing up', async () => {
    const origin = await setUpRows(...[1, 2, 3, 4].map(message))
    const given = setUpStore({ origin, client: { outbox: { maxMessages: 4 } } })
    await given.live({ window: [1, 1_048_576] })
    await until(() => expect(given.frames()).toHaveLength(1))
    for (const n of [3, 4]) await origin.put('test', 'messages', { ...message(n), text: 'garbage' })
    for (let ack = 1; ack <= 2; ack++) {
      await until(() => expect(given.frames()).toHaveLength(ack))
      await given.say(['a', ack])
    }
    await until(async () => expect(await given.records()).toEqual([]))
    expect(given.settled).toEqual(['m delivered', 'm delivered', 'm session-lost', 'm session-lost'])
    expect(given.troubles).toHaveLength(2)
    await given.client.dispose()
  })
})

describe('a producer whose record is damaged', () => {
  it.each([
    ['whose identity is a number', { identity: 5 }],
    ['whose epoch is missing', { epoch: undefined }],
    ['whose epoch is a number', { epoch: 5 }],
    ['whose mark is text', { written: '2' }],
    ['whose mark is negative', { written: -1 }],
    ['whose mark is not a number', { written: Number.NaN }],
    ['that was taken no number of times', { taken: undefined }],
    ['that was emptied at no time', { emptiedAt: 'never' }],
    ['of a later version', { epoch: undefined, written: undefined, marks: [] }],
  ])(
    '(%s) is told, and sends nothing that may have been sent before or be of somebody else',
    async (_, damage) => {
      const origin = await setUpRows(message(1), message(2))
      await origin.put('test', 'producers', { ...record, ...damage })
      const { sent, settled, troubles } = await sendAll(origin)
      expect(sent).toEqual([])
      expect(settled).toEqual(['m session-lost', 'm session-lost'])
      expect(troubles.map(({ cause }) => String(cause))).toEqual([
        expect.stringContaining(`producers "${producer}"`),
        expect.stringContaining(`messages ["${producer}",1]`),
        expect.stringContaining(`messages ["${producer}",2]`),
      ])
      expect((await origin.records('test', 'producers')).map(({ id }) => id)).not.toContain(producer)
    },
  )

  it.each([
    ['a number', 5],
    ['bytes', new Uint8Array(1)],
    ['a list', ['a']],
  ])('has %s for its id, or is missing altogether, and so is deleted with what is in it', async (_, id) => {
    const origin = await setUpRows(
      message(1),
      { ...message(1), producer: id },
      { ...message(1), producer: 'orphan' },
    )
    await origin.put('test', 'producers', { ...record, id })
    const { sent, settled, troubles } = await sendAll(origin)
    expect(sent).toEqual(['m 1'])
    expect(settled.sort()).toEqual(['m delivered', 'm session-lost', 'm session-lost'])
    expect(troubles).toHaveLength(3)
    expect(await origin.records('test', 'producers')).toMatchObject([{ id: producer }])
  })

  it('and is of a page that was only away does not keep that page from going on', async () => {
    const first = setUpStore()
    first.client.send('a', 1)
    await first.outbox.committed()
    const [mine] = await first.origin.records('test', 'producers')
    first.away()
    await until(() => expect(first.origin.isLocked(`holdfast:test:${mine!['id'] as string}`)).toBe(false))
    await first.origin.put('test', 'producers', { ...mine, taken: 'often', written: Number.NaN })
    first.back()
    await first.live()
    await until(() => expect(first.frames()).toHaveLength(1))
    expect(first.troubles).toMatchObject([{ what: 'invalid', durability: 'disk' }])
    await until(async () =>
      expect(await first.origin.records('test', 'producers')).toMatchObject([{ taken: 0, written: 1 }]),
    )
    await first.client.dispose()
  })

  it('is the one that says whose the database is, and then it is of whoever connects', async () => {
    const origin = await setUpRows()
    await origin.put('test', 'producers', { ...record, id: '', identity: {} })
    const { client, outbox, troubles, live, frames } = setUpStore({ origin })
    client.send('a', 1)
    await outbox.committed()
    await live({ identity: 'ann' })
    await until(() => expect(frames()).toHaveLength(1))
    expect(troubles).toMatchObject([{ what: 'invalid' }])
    await client.dispose()
  })
})
