import { setTimeout as sleep } from 'node:timers/promises'
import type {
  Broker,
  BrokerListener,
  BrokerNode,
  LogBounds,
  LogEntry,
  MemberChange,
  Position,
} from '@holdfast/server'
import { describe, expect, it } from 'vitest'

/** A broker that the suite tries: a fresh one, with nothing in it. */
export interface BrokerUnderTest extends AsyncDisposable {
  readonly broker: Broker
  /** Makes that many milliseconds pass for the broker. */
  pass(milliseconds: number): Promise<void>
}

/** A node, and what it has heard. */
interface Heard {
  readonly node: BrokerNode
  readonly published: (readonly [channel: string, epoch: string, entry: LogEntry, before: string])[]
  readonly changes: (readonly [channel: string, change: MemberChange])[]
  /** The texts that have arrived of a channel. */
  texts(channel: string): string[]
}

const plenty: LogBounds = { maxMessages: 1_000, maxBytes: 1_000_000, maxAge: 1_000_000 }
/** The names of channels that are trouble for stores that take them for something else. */
const names = ['room', 'room:1', '__proto__', 'constructor', 'a b\n{c}*:?', '𝄞', 'x'.repeat(256)]

function open(broker: Broker): Heard {
  const published: Heard['published'] = []
  const changes: Heard['changes'] = []
  const listener: BrokerListener = {
    published: (...what) => void published.push(what),
    memberChanged: (...what) => void changes.push(what),
    reset() {},
  }
  const node = broker.open(listener)
  const texts = (channel: string): string[] =>
    published.filter(([name]) => name === channel).map(([, , { text }]) => text)
  return { node, published, changes, texts }
}

/** Appends texts, each of which is its id as well. */
async function append(
  { node }: Heard,
  channel: string,
  ids: readonly string[],
  bounds = plenty,
): Promise<Position[]> {
  return await Promise.all(ids.map((id) => node.append(channel, { id, text: id }, bounds)))
}

/** Resolves when the node has heard everything that was published before. */
async function heardAll(heard: Heard, channel: string, last: string): Promise<void> {
  while (!heard.texts(channel).includes(last)) await sleep(1)
}

/**
 * What a hub relies on in a broker. Run it for every broker: `create` makes a fresh one.
 */
export function brokerSuite(name: string, create: () => Promise<BrokerUnderTest>): void {
  describe(name, () => {
    describe('a log', () => logTests(create))
    describe('its bounds', () => boundTests(create))
    describe('a subscription', () => subscriptionTests(create))
    describe('members', () => memberTests(create))
  })
}

function logTests(create: () => Promise<BrokerUnderTest>): void {
  it('numbers its publications from 1, in the order in which they were made', async () => {
    await using tested = await create()
    const one = open(tested.broker)
    const positions = await append(one, 'room', ['a', 'b', 'c'])
    const [{ epoch }] = positions as [Position]
    expect(positions).toEqual([
      { epoch, offset: 1, id: 'a' },
      { epoch, offset: 2, id: 'b' },
      { epoch, offset: 3, id: 'c' },
    ])
    expect(epoch).toMatch(/^.{1,64}$/)
    await one.node.close()
  })

  it('is empty before the first publication, and keeps its epoch', async () => {
    await using tested = await create()
    const { node } = open(tested.broker)
    await node.subscribe('room')
    const empty = await node.read('room', { last: 10 })
    expect(empty).toEqual({
      epoch: empty.epoch,
      head: { offset: 0, id: '' },
      before: { offset: 0, id: '' },
      entries: [],
    })
    expect((await node.append('room', { id: 'a', text: 'a' }, plenty)).epoch).toBe(empty.epoch)
    await node.close()
  })

  it('is read from an offset, from the end, and in part', async () => {
    await using tested = await create()
    const one = open(tested.broker)
    await append(one, 'room', ['a', 'b', 'c', 'd', 'e'])
    const read = async (range: Parameters<BrokerNode['read']>[1]): Promise<unknown> => {
      const { head, before, entries } = await one.node.read('room', range)
      return [before, entries.map(({ offset, id, text }) => `${offset}${id}${text}`).join(' '), head.id]
    }
    expect(await read({ after: 0 })).toEqual([{ offset: 0, id: '' }, '1aa 2bb 3cc 4dd 5ee', 'e'])
    expect(await read({ after: 3 })).toEqual([{ offset: 3, id: 'c' }, '4dd 5ee', 'e'])
    expect(await read({ after: 5 })).toEqual([{ offset: 5, id: 'e' }, '', 'e'])
    expect(await read({ after: 9 })).toEqual([{ offset: 5, id: 'e' }, '', 'e'])
    expect(await read({ last: 2 })).toEqual([{ offset: 3, id: 'c' }, '4dd 5ee', 'e'])
    expect(await read({ last: 0 })).toEqual([{ offset: 5, id: 'e' }, '', 'e'])
    expect(await read({ last: 99 })).toEqual([{ offset: 0, id: '' }, '1aa 2bb 3cc 4dd 5ee', 'e'])
    expect(await read({ after: 1, limit: 2 })).toEqual([{ offset: 1, id: 'a' }, '2bb 3cc', 'e'])
    expect(await read({ last: 4, limit: 1 })).toEqual([{ offset: 1, id: 'a' }, '2bb', 'e'])
    await one.node.close()
  })

  it('gives a repeated publication the position of the first, and does not bring it again', async () => {
    await using tested = await create()
    const one = open(tested.broker)
    await one.node.subscribe('room')
    const ids = Array.from({ length: 100 }, (_, index) => `id ${index}`)
    const positions = await append(one, 'room', ids, { ...plenty, maxMessages: 3 })
    for (const index of [0, 50, 99])
      expect(await one.node.append('room', { id: ids[index]!, text: 'again' }, plenty)).toEqual(
        positions[index],
      )
    await append(one, 'room', ['last'])
    await heardAll(one, 'room', 'last')
    expect(one.texts('room')).toEqual([...ids, 'last'])
    // Another channel may use the same ids.
    expect(await append(one, 'room:1', ['id 0'])).toMatchObject([{ offset: 1 }])
    await one.node.close()
  })

  it.each(names)('may have any name, such as %j', async (channel) => {
    await using tested = await create()
    const one = open(tested.broker)
    for (const name of names) await one.node.subscribe(name)
    await append(one, channel, ['a'])
    await heardAll(one, channel, 'a')
    expect(one.published).toMatchObject([
      [channel, expect.any(String), { offset: 1, id: 'a', text: 'a' }, ''],
    ])
    await one.node.close()
  })

  it('carries any text', async () => {
    await using tested = await create()
    const one = open(tested.broker)
    const texts = ['', '\u0000', '"\\', '𝄞 ü', 'x'.repeat(60_000)]
    for (const text of texts) await one.node.append('room', { id: `id ${text.length}`, text }, plenty)
    const { entries } = await one.node.read('room', { after: 0 })
    expect(entries.map(({ text }) => text)).toEqual(texts)
    await one.node.close()
  })
}

function boundTests(create: () => Promise<BrokerUnderTest>): void {
  const ids = ['a', 'b', 'c', 'd', 'e']

  it.each<[string, Partial<LogBounds>, string]>([
    ['a number of publications', { maxMessages: 2 }, 'd e'],
    ['their size', { maxBytes: 3 }, 'c d e'],
    ['none at all', { maxMessages: 0 }, ''],
  ])('are %s, and the place before is remembered', async (_, bounds, left) => {
    await using tested = await create()
    const one = open(tested.broker)
    await append(one, 'room', ids, { ...plenty, ...bounds })
    const { before, entries, head } = await one.node.read('room', { after: 0 })
    expect(entries.map(({ id }) => id).join(' ')).toBe(left)
    const offset = 5 - entries.length
    expect(before).toEqual({ offset, id: ids[offset - 1] })
    expect(head).toEqual({ offset: 5, id: 'e' })
    await one.node.close()
  })

  it('are an age', async () => {
    await using tested = await create()
    const one = open(tested.broker)
    const bounds = { ...plenty, maxAge: 500 }
    await append(one, 'room', ['a', 'b'], bounds)
    await tested.pass(400)
    await append(one, 'room', ['c'], bounds)
    await tested.pass(200)
    await append(one, 'room', ['d'], bounds)
    const { before, entries } = await one.node.read('room', { after: 0 })
    expect([before, entries.map(({ id }) => id)]).toEqual([{ offset: 2, id: 'b' }, ['c', 'd']])
    await one.node.close()
  })
}

function subscriptionTests(create: () => Promise<BrokerUnderTest>): void {
  it('brings everything that is appended afterwards, by any node, in order', async () => {
    await using tested = await create()
    const [one, two, three] = [open(tested.broker), open(tested.broker), open(tested.broker)]
    await append(one, 'room', ['before'])
    await Promise.all([one.node.subscribe('room'), two.node.subscribe('room')])
    await append(three, 'room', ['a', 'b'])
    await append(one, 'room', ['c'])
    for (const heard of [one, two]) {
      await heardAll(heard, 'room', 'c')
      expect(heard.texts('room')).toEqual(['a', 'b', 'c'])
      expect(heard.published.map(([, , { offset }]) => offset)).toEqual([2, 3, 4])
      expect(new Set(heard.published.map(([, epoch]) => epoch)).size).toBe(1)
    }
    expect(three.published).toEqual([])
    for (const { node } of [one, two, three]) await node.close()
  })

  it('names the entry before each, also if the log does not have it any more', async () => {
    await using tested = await create()
    const one = open(tested.broker)
    await one.node.subscribe('room')
    const none = { ...plenty, maxMessages: 0 }
    await append(one, 'room', ['ä'], none)
    await append(one, 'room', ['𝄞', 'b', 'ä', 'c'], none)
    await append(one, 'room', ['d'])
    await heardAll(one, 'room', 'd')
    expect(one.published.map(([, , { id }, before]) => `${before}>${id}`).join(' ')).toBe(
      '>ä ä>𝄞 𝄞>b b>c c>d',
    )
    await one.node.close()
  })

  it('ends, and may be made again', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    for (const { node } of [one, two]) await node.subscribe('room')
    await append(one, 'room', ['a'])
    await heardAll(one, 'room', 'a')
    one.node.unsubscribe('room')
    await append(one, 'room', ['b'])
    await heardAll(two, 'room', 'b')
    await one.node.subscribe('room')
    await append(two, 'room', ['c'])
    await heardAll(one, 'room', 'c')
    expect(one.texts('room')).toEqual(['a', 'c'])
    for (const { node } of [one, two]) await node.close()
  })

  it('ends with its node', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    for (const { node } of [one, two]) await node.subscribe('room')
    await one.node.close()
    await append(two, 'room', ['a'])
    await heardAll(two, 'room', 'a')
    expect(one.published).toEqual([])
    await two.node.close()
  })
}

function memberTests(create: () => Promise<BrokerUnderTest>): void {
  const anna = { key: 's1', identity: 'anna', data: '{"name":"Anna"}' }
  const bert = { key: 's2', identity: null, data: undefined }
  /** How long members are parked, in milliseconds. */
  const ttl = 300
  const changed = async ({ changes }: Heard, count: number): Promise<MemberChange[]> => {
    while (changes.length < count) await sleep(1)
    return changes.map(([, change]) => change)
  }

  it('are known to every node, which hears of each change under the next version', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    expect((await two.node.members('room')).members).toEqual([])
    await two.node.subscribe('room')
    const { version } = await two.node.members('room')
    await one.node.setMember('room', anna)
    await one.node.setMember('room', bert)
    await one.node.setMember('room', { ...anna, data: '1' })
    await one.node.removeMember('room', 's2')
    await one.node.removeMember('room', 'nobody')
    expect(await changed(two, 4)).toEqual([
      { version: version + 1, key: 's1', member: anna },
      { version: version + 2, key: 's2', member: bert },
      { version: version + 3, key: 's1', member: { ...anna, data: '1' } },
      { version: version + 4, key: 's2', member: undefined },
    ])
    expect(await two.node.members('room')).toEqual({
      version: version + 4,
      members: [{ ...anna, data: '1' }],
    })
    expect((await two.node.members('room:1')).members).toEqual([])
    for (const { node } of [one, two]) await node.close()
  })

  it('are removed only by the node that has set them last', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    await one.node.setMember('room', anna)
    await two.node.setMember('room', anna)
    await one.node.removeMember('room', 's1')
    expect((await one.node.members('room')).members).toEqual([anna])
    await one.node.close()
    expect((await two.node.members('room')).members).toEqual([anna])
    await two.node.removeMember('room', 's1')
    expect((await two.node.members('room')).members).toEqual([])
    await two.node.close()
  })

  it('that are parked stay when their node closes, and another node takes them over in silence', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    await two.node.subscribe('room')
    await one.node.setMember('room', anna)
    await one.node.parkMember('room', 's1', ttl)
    await one.node.removeMember('room', 's1')
    await one.node.close()
    expect((await two.node.members('room')).members).toEqual([anna])
    await two.node.setMember('room', anna)
    await two.node.setMember('room', { ...anna, data: '1' })
    expect((await changed(two, 2)).map(({ member }) => member?.data)).toEqual([anna.data, '1'])
    await two.node.close()
    const three = open(tested.broker)
    expect((await three.node.members('room')).members).toEqual([])
    await three.node.close()
  })

  it('that are parked leave after a time, unless a node has set them meanwhile', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    await two.node.subscribe('room')
    const three = { ...bert, key: 's3' }
    for (const member of [anna, bert, three]) await one.node.setMember('room', member)
    for (const { key } of [anna, bert, three]) await one.node.parkMember('room', key, ttl)
    // A call that is repeated, and those of a node that has not the member.
    await one.node.parkMember('room', 's2', 100 * ttl)
    await two.node.parkMember('room', 's2', 100 * ttl)
    await two.node.setMember('room', anna)
    await one.node.parkMember('room', 's1', ttl)
    await tested.pass(ttl)
    const left = (await changed(two, 5)).slice(3)
    expect(left.map(({ member }) => member)).toEqual([undefined, undefined])
    expect(new Set(left.map(({ key }) => key))).toEqual(new Set(['s2', 's3']))
    expect((await two.node.members('room')).members).toEqual([anna])
    for (const { node } of [one, two]) await node.close()
  })

  it('leave with their node', async () => {
    await using tested = await create()
    const [one, two] = [open(tested.broker), open(tested.broker)]
    await two.node.subscribe('room')
    await one.node.setMember('room', anna)
    await two.node.setMember('room', bert)
    await one.node.close()
    expect((await changed(two, 3)).map(({ key, member }) => [key, member !== undefined])).toEqual([
      ['s1', true],
      ['s2', true],
      ['s1', false],
    ])
    expect((await two.node.members('room')).members).toEqual([bert])
    await two.node.close()
  })
}
