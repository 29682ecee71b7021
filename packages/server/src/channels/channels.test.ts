import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { decodeText, defaultDecodeLimits, HoldfastError, isServerControl } from '@holdfast/protocol'
import { settleMicrotasks } from '@holdfast/testing'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { channelClient, wire } from '../../test/channels/channel-client.ts'
import { resuming, setUp } from '../../test/support/set-up.ts'
import { schemas } from '../index.ts'
import type { Hub, Position } from '../index.ts'

const open = { subscribe: () => true, publish: () => true, history: { maxMessages: 3 } }

/** Publishes n, n + 1 and so on, and returns the positions. */
async function publish(hub: Hub, name: string, from: number, to = from): Promise<Position[]> {
  const positions: Position[] = []
  for (let n = from; n <= to; n++)
    positions.push(await hub.channel(name).publish('n', n, { id: `${name}.${n}` }))
  return positions
}

describe('a client that joins a channel', () => {
  it('receives the publications from then on, under their offsets', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    expect(client.ok.channels).toBe(true)
    const [answer] = await client.enter(['room:1', null])
    const epoch = (answer!['at'] as string[])[0]!
    expect(answer).toEqual({ joined: 'room:1', n: 1, at: [epoch, 0, ''], missed: 0 })
    const position = await hubs.hub.channel('room:1').publish('message', { text: 'hi' }, { id: 'a' })
    expect(position).toEqual({ epoch, offset: 1, id: 'a' })
    expect(await client.received()).toEqual([
      [0, 0, 'message', { text: 'hi' }, { channel: 'room:1', at: [1, 'a'] }],
    ])
    await hubs.hub.channel('room:2').publish('message', 'elsewhere')
    expect(await client.received()).toEqual([])
  })

  it('receives what has no data as such', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    await hubs.hub.channel('room').publish('bell', undefined, { id: 'a' })
    expect(await client.received()).toEqual([
      [0, 0, 'bell', null, { absent: true, channel: 'room', at: [1, 'a'] }],
    ])
    const { publications } = await hubs.hub.channel('room').history()
    expect(publications).toEqual([{ offset: 1, id: 'a', event: 'bell', data: undefined }])
  })

  it('receives several publications of a turn in one message', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    await client.enter(['room:1', null], ['room:2', null])
    for (const name of ['room:1', 'room:2', 'room:1']) void hubs.hub.channel(name).publish('n', 1)
    await settleMicrotasks()
    expect(client.take()).toEqual([[expect.anything(), expect.anything(), expect.anything()]])
  })

  it('is told of no channels by a hub without rules, and may not speak of them', async () => {
    const { heard, join } = setUp()
    const client = await join()
    expect(client.ok).not.toHaveProperty('channels')
    await client.say(['channel', { join: [['room:1', null]], n: 1 }])
    expect(client.socket.closedWith?.code).toBe(4400)
    expect(heard.at(-1)![0]).toBe('refused')
  })

  it.each([
    ['no object', 5],
    ['a join of nothing', { join: 5, n: 1 }],
    ['a join without a number', { join: [['room', null]] }],
    ['a name that is no text', { join: [[5, null]], n: 1 }],
    ['a position of two', { join: [['room', ['e', 1]]], n: 1 }],
    ['an epoch that is too long', { join: [['room', ['e'.repeat(65), 1, '']]], n: 1 }],
    ['options that are none', { join: [['room', null, 5]], n: 1 }],
    ['a leave of no names', { leave: [5] }],
    ['data of no channel', { data: [] }],
  ])('is disconnected for %s', async (_, content) => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await hubs.join()
    await client.say(['channel', content])
    expect(client.socket.closedWith).toEqual({ code: 4400, reason: 'malformed channel control' })
  })

  it('may speak a later version', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await hubs.join()
    await client.say(['channel', { dance: 1 }])
    expect(client.socket.closedWith).toBeUndefined()
  })
})

describe('a client that comes back with a position', () => {
  const come = async (position: (positions: Position[]) => Position): Promise<unknown[]> => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const positions = await publish(hubs.hub, 'room', 1, 6)
    const other = await publish(hubs.hub, 'room:other', 1, 6)
    const client = await channelClient(hubs)
    const at = wire(position([...positions, ...other]))
    return (await client.enter(['room', at])).map((item) => {
      if (Array.isArray(item)) return item[3] as unknown
      const { missed, gap } = item
      expect(item).toMatchObject({ joined: 'room', n: 1, at: wire(positions[5]!) })
      return missed === undefined ? { gap } : { missed }
    })
  }

  it('has missed nothing', async () => {
    expect(await come((all) => all[5]!)).toEqual([{ missed: 0 }])
  })

  it('gets everything that it has missed, once and in order', async () => {
    expect(await come((all) => all[3]!)).toEqual([{ missed: 2 }, 5, 6])
  })

  it('gets everything also if the log begins right after it', async () => {
    expect(await come((all) => all[2]!)).toEqual([{ missed: 3 }, 4, 5, 6])
  })

  it('is told of a gap if the log has lost one publication after it', async () => {
    expect(await come((all) => all[1]!)).toEqual([{ gap: 4 }])
  })

  it.each<[string, (positions: Position[]) => Position, number | null]>([
    ['of another epoch', (all) => ({ ...all[4]!, epoch: 'old' }), null],
    ['of the future', (all) => ({ ...all[5]!, offset: 7 }), null],
    ['of a publication that the log has replaced', (all) => ({ ...all[4]!, id: 'lost' }), null],
    ['of another channel', (all) => all[10]!, null],
    [
      'that was before the first publication, and is trimmed',
      (all) => ({ ...all[0]!, offset: 0, id: '' }),
      6,
    ],
  ])('is told of a gap for a position %s', async (_, position, gap) => {
    expect(await come(position)).toEqual([{ gap }])
  })

  it('gets what it has missed while another client keeps the channel alive', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const witness = await channelClient(hubs)
    await publish(hubs.hub, 'room', 1)
    await witness.enter(['room', null])
    const [, second] = await publish(hubs.hub, 'room', 2, 5)
    const client = await channelClient(hubs, { client: 'c2' })
    expect((await client.enter(['room', wire(second!)])).slice(1).map((frame) => frame[3])).toEqual([4, 5])
    await publish(hubs.hub, 'room', 6)
    expect(await client.publications()).toEqual([6])
    expect(await witness.publications()).toEqual([2, 3, 4, 5, 6])
  })

  it('is older than what the hub has read of the log, and gets it nevertheless', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, history: { maxMessages: 10 } })
    const [first] = await publish(hubs.hub, 'room', 1, 3)
    const witness = await channelClient(hubs)
    await witness.enter(['room', null])
    await publish(hubs.hub, 'room', 4)
    const client = await channelClient(hubs, { client: 'c2' })
    expect((await client.enter(['room', wire(first!)])).slice(1).map((frame) => frame[3])).toEqual([2, 3, 4])
    expect(await witness.publications()).toEqual([4])
  })
})

describe('the rule of a kind', () => {
  const enter = async (subscribe: () => unknown): Promise<{ answer: unknown; reported: unknown[] }> => {
    const hubs = setUp()
    hubs.hub.channels('room', { subscribe: subscribe as () => boolean })
    const client = await channelClient(hubs)
    const [answer] = await client.enter(['room:1', null])
    return { answer, reported: hubs.reported }
  }

  it.each([true, {}, Promise.resolve(true), Promise.resolve({ presence: 1 })])(
    'allows a subscription with %j',
    async (verdict) => {
      expect((await enter(() => verdict)).answer).toMatchObject({ joined: 'room:1', n: 1 })
    },
  )

  it.each([false, undefined, null, 1, 'true', Promise.resolve(), Promise.resolve('yes')])(
    'refuses with %j',
    async (verdict) => {
      expect((await enter(() => verdict)).answer).toEqual({ refused: 'room:1', n: 1, why: 'forbidden' })
    },
  )

  it('refuses with the reason of the application', async () => {
    const error = new HoldfastError('remote', 'not you', { reason: 'banned' })
    const { answer, reported } = await enter(() => {
      throw error
    })
    expect([answer, reported]).toEqual([{ refused: 'room:1', n: 1, why: 'banned' }, []])
  })

  it('that fails means try later, and is reported once', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { subscribe: () => Promise.reject(new TypeError('no database')) })
    const client = await channelClient(hubs)
    const refusal = { n: 1, why: 'unavailable', after: [1_000, 10_000] }
    expect(await client.enter(['room:1', null], ['room:2', null])).toEqual([
      { refused: 'room:1', ...refusal },
      { refused: 'room:2', ...refusal },
    ])
    expect(hubs.reported).toEqual([new TypeError('no database')])
  })

  it('that does not answer within 30 s means try later, and is not listened to after that', async () => {
    const hubs = setUp()
    const answers: ((verdict: boolean) => void)[] = []
    hubs.hub.channels('room', { subscribe: () => new Promise<boolean>((resolve) => answers.push(resolve)) })
    const client = await channelClient(hubs)
    expect(await client.enter(['room', null])).toEqual([])
    await hubs.clock.advance(29_000)
    expect(await client.received()).toEqual([])
    await hubs.clock.advance(1_100)
    expect(await client.received()).toEqual([
      { refused: 'room', n: 1, why: 'unavailable', after: [1_000, 10_000] },
    ])
    expect(hubs.reported).toEqual([new HoldfastError('timeout', 'the rule did not answer in time')])
    answers[0]!(true)
    expect(await client.received()).toEqual([])
    expect(hubs.hub.stats()).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  it('may end the session, and with it the other subscriptions of the same join', async () => {
    const hubs = setUp()
    const asked: string[] = []
    hubs.hub.channels('room', {
      subscribe(peer, id) {
        asked.push(id)
        peer.close()
        return true
      },
    })
    const client = await channelClient(hubs)
    await client.enter(['room:1', null], ['room:2', null])
    await hubs.clock.advance(5_000)
    expect(asked).toEqual(['1'])
    expect(hubs.hub.stats()).toMatchObject({ sessions: 0, channels: 0, subscriptions: 0 })
  })

  it('is needed: nothing is allowed without', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', {})
    const client = await channelClient(hubs)
    const refusal = { n: 1, why: 'forbidden' }
    expect(
      await client.enter(
        ['room:1', null],
        ['hall', null],
        ['', null],
        [':1', null],
        ['r'.repeat(300), null],
        ['room:\ud800', null],
      ),
    ).toEqual([
      { refused: 'room:1', ...refusal },
      { refused: 'hall', ...refusal },
      { refused: '', ...refusal },
      { refused: ':1', ...refusal },
      { refused: 'r'.repeat(300), ...refusal },
      { refused: 'room:\ud800', ...refusal },
    ])
    expect(await client.ask('message', 1, { channel: 'room:1', pub: 'a' })).toEqual({ error: 'forbidden' })
    expect(await client.ask('history', {}, { channel: 'room:1' })).toEqual({ error: 'forbidden' })
    expect(await client.ask('message', 1, { channel: 'hall', pub: 'a' })).toEqual({ error: 'forbidden' })
  })

  it('gets the id of the channel, which is empty for a kind alone', async () => {
    const hubs = setUp()
    const asked: string[] = []
    hubs.hub.channels('room', { subscribe: (peer, id) => asked.push(`${peer.id} ${id}`) > 0 })
    const client = await channelClient(hubs)
    await client.enter(['room', null], ['room:a:b', null], ['room:__proto__', null])
    const { id } = hubs.peers[0]!
    expect(asked).toEqual([`${id} `, `${id} a:b`, `${id} __proto__`])
  })
})

describe('a subscription', () => {
  it('that is left before its rule has decided is not answered', async () => {
    const hubs = setUp()
    let decide: ((verdict: boolean) => void) | undefined
    hubs.hub.channels('room', { subscribe: () => new Promise<boolean>((resolve) => (decide = resolve)) })
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    await client.say(['channel', { leave: ['room'] }])
    decide!(true)
    await publish(hubs.hub, 'room', 1)
    expect(await client.received()).toEqual([])
    expect(hubs.hub.stats()).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  it('that is left and joined in one turn is answered for the last join', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, subscribe: async () => true })
    const client = await channelClient(hubs)
    for (const content of [
      { join: [['room', null]], n: 1 },
      { leave: ['room'] },
      { join: [['room', null]], n: 2 },
    ])
      client.socket.message(['channel', content])
    expect(await client.received()).toMatchObject([{ joined: 'room', n: 2 }])
    await publish(hubs.hub, 'room', 1)
    expect(await client.publications()).toEqual([1])
  })

  it('that is joined again is asked for again, and gets nothing in between', async () => {
    const hubs = setUp()
    let verdict: boolean | Promise<boolean> = true
    hubs.hub.channels('room', { ...open, subscribe: () => verdict })
    const client = await channelClient(hubs)
    const [{ at }] = (await client.enter(['room', null])) as [{ at: [string, number, string] }]
    verdict = new Promise(() => {})
    await client.enter(['room', at])
    await publish(hubs.hub, 'room', 1)
    expect(await client.received()).toEqual([])
    verdict = true
    expect((await client.enter(['room', at])).slice(1).map((frame) => frame[3])).toEqual([1])
  })

  it('ends with a leave, its connection and its session', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    await client.enter(['room', null], ['room:1', null])
    expect(hubs.peers[0]!.channels).toEqual(['room', 'room:1'])
    await client.say(['channel', { leave: ['room', 'unknown'] }])
    await publish(hubs.hub, 'room', 1)
    expect(await client.received()).toEqual([])
    expect(hubs.hub.stats()).toMatchObject({ channels: 1, subscriptions: 1 })
    expect(hubs.hub.channel('room:1').size).toBe(1)
    client.socket.end()
    expect(hubs.hub.stats()).toMatchObject({ channels: 0, subscriptions: 0, sessions: 1 })
    const again = hubs.dial()
    await again.greet(resuming(client.ok, 0))
    await publish(hubs.hub, 'room:1', 1)
    expect(again.frames()).toEqual([])
  })

  it('is ended by the application, and the client is told', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    await client.enter(['room', null], ['room:1', null])
    await other.enter(['room', null])
    hubs.hub.channel('room').kick(hubs.peers[0]!)
    hubs.peers[0]!.leave('room:1')
    expect(await client.received()).toEqual([
      { refused: 'room', why: 'kicked' },
      { refused: 'room:1', why: 'left' },
    ])
    await publish(hubs.hub, 'room', 1)
    expect([await client.publications(), await other.publications()]).toEqual([[], [1]])
  })

  it('that is ended before its rule has decided is refused', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { subscribe: () => new Promise<boolean>(() => {}) })
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    hubs.hub.channel('room').kick(hubs.peers[0]!)
    expect(await client.received()).toEqual([{ refused: 'room', n: 1, why: 'kicked' }])
  })
})

describe('a client that publishes', () => {
  it('gets the position, and everybody the publication', async () => {
    const hubs = setUp()
    const asked: unknown[] = []
    hubs.hub.channels('room', { ...open, publish: (_, ...what) => asked.push(what) > 0 })
    const client = await channelClient(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    const [{ at }] = (await other.enter(['room:1', null])) as [{ at: [string, number, string] }]
    const answer = await client.ask('message', { text: 'hi' }, { channel: 'room:1', pub: 'p1' })
    expect(answer).toEqual([at[0], 1, 'p1'])
    expect(asked).toEqual([['1', 'message', { text: 'hi' }]])
    expect(await other.received()).toEqual([
      [0, 0, 'message', { text: 'hi' }, { channel: 'room:1', at: [1, 'p1'] }],
    ])
  })

  it('may repeat a publication, which is not applied twice', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    const first = await client.ask('n', 1, { channel: 'room', pub: 'p1' })
    await client.ask('n', 2, { channel: 'room', pub: 'p2' })
    expect(await client.ask('n', 1, { channel: 'room', pub: 'p1' })).toEqual(first)
    expect((await hubs.hub.channel('room').history()).publications.map(({ data }) => data)).toEqual([1, 2])
  })

  it('has its publications in order, even if rules take their time', async () => {
    const hubs = setUp()
    const decide: ((verdict: boolean) => void)[] = []
    hubs.hub.channels('room', {
      ...open,
      publish: (_, __, ___, data) =>
        data === 'slow' ? new Promise<boolean>((resolve) => decide.push(resolve)) : true,
    })
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    await client.ask('n', 'slow', { channel: 'room', pub: 'p1' })
    await client.ask('n', 'fast', { channel: 'room', pub: 'p2' })
    expect(await client.publications()).toEqual([])
    decide[0]!(true)
    expect(await client.publications()).toEqual(['slow', 'fast'])
  })

  it('goes on after a publication about which a rule never decides', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', {
      ...open,
      publish: (_, __, ___, data) => data !== 'never' || new Promise<boolean>(() => {}),
    })
    const client = await channelClient(hubs)
    expect(await client.ask('n', 'never', { channel: 'room', pub: 'p1' })).toBeUndefined()
    expect(await client.ask('n', 'next', { channel: 'room', pub: 'p2' })).toBeUndefined()
    await hubs.clock.advance(30_100)
    expect(await client.received()).toMatchObject([
      [1, 2, null, null, { re: 1, error: 'unavailable' }],
      [2, 2, null, [expect.any(String), 1, 'p2'], { re: 2 }],
    ])
    expect((await hubs.hub.channel('room').history()).publications.map(({ data }) => data)).toEqual(['next'])
  })

  it('is refused what is not allowed, too large, too much or invalid', async () => {
    const hubs = setUp({ limits: { maxPublicationBytes: 100, publishRate: 1, publishBurst: 5 } })
    let fails = false
    hubs.hub.channels('room', {
      publish() {
        if (fails) throw new Error('no database')
        return false
      },
    })
    const client = await channelClient(hubs)
    const say = async (data: unknown, pub: unknown): Promise<unknown> =>
      await client.ask('n', data, { channel: 'room', pub })
    expect(await say(1, 'a')).toEqual({ error: 'forbidden' })
    fails = true
    expect(await say(1, 'a')).toEqual({ error: 'unavailable' })
    expect(await say(1, '')).toEqual({ error: 'invalid' })
    expect(await say(1, 'x'.repeat(65))).toEqual({ error: 'invalid' })
    expect(await say(1, 5)).toEqual({ error: 'invalid' })
    expect(await say(1, '\ud800')).toEqual({ error: 'invalid' })
    expect(await say('x'.repeat(100), 'a')).toEqual({ error: 'too-large' })
    expect(await say(1, 'a')).toEqual({ error: 'unavailable' })
    expect(await say(1, 'a')).toEqual({ error: 'unavailable' })
    expect(await say(1, 'a')).toEqual({ error: 'rate' })
    await hubs.clock.advance(1_000)
    expect(await say(1, 'a')).toEqual({ error: 'unavailable' })
    expect(hubs.reported).toEqual([new Error('no database')])
  })
})

describe('publications of a kind that has schemas in the contract', () => {
  it('must fit them, whoever publishes', async () => {
    const asked: unknown[] = []
    const contract = schemas({
      channels: { room: { message: v.object({ text: v.pipe(v.string(), v.transform(Number)) }) } },
    })
    const hubs = setUp({ contract })
    const allow = (_: unknown, __: string, ...rest: unknown[]): boolean => asked.push(rest) > 0
    hubs.hub.channels('room', { subscribe: () => true, publish: allow })
    const client = await channelClient(hubs)
    await client.enter(['room:1'])
    const say = async (event: string, data: unknown): Promise<unknown> =>
      await client.ask(event, data, { channel: 'room:1', pub: 'x' })
    for (const data of [{ text: 7 }, null, 'x'])
      expect(await say('message', data)).toEqual({ error: 'invalid' })
    expect(await say('other', { text: 'x' })).toEqual({ error: 'invalid' })
    expect(asked).toEqual([])
    await client.say([5, 0, 'message', { text: '7' }, { id: 5, channel: 'room:1', pub: 'x' }])
    // As it came: what the schema makes of it is for handlers.
    expect(await client.publications()).toEqual([{ text: '7' }])
    expect(asked).toEqual([['message', { text: '7' }]])
    const room = hubs.hub.channel('room:1')
    await expect(room.publish('message', { text: 7 })).rejects.toMatchObject({ code: 'misuse' })
    await expect(room.publish('other', { text: '7' })).rejects.toMatchObject({ code: 'misuse' })
    await room.publish('message', { text: '8' })
    await hubs.hub.channel('free').publish('anything', 1)
    expect(hubs.reported).toEqual([])
  })
})

describe('data that clients would not accept, because it nests too deep', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

  it('is not published, by a client or by the application', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { subscribe: () => true, publish: () => true, history: {} })
    const client = await channelClient(hubs)
    const say = async (depth: number): Promise<unknown> =>
      await client.ask('n', nested(depth), { channel: 'room', pub: `${depth}` })
    expect(await say(60)).toEqual([expect.any(String), 1, '60'])
    expect(await say(61)).toEqual({ error: 'invalid' })
    const room = hubs.hub.channel('room')
    await expect(room.publish('n', nested(61))).rejects.toMatchObject({ code: 'misuse' })
    await room.publish('n', { text: '['.repeat(200), list: Array.from({ length: 100 }, () => []) })
    expect(hubs.reported).toEqual([])
  })
})

describe('the history', () => {
  it('is read in pages, from the newest to the oldest', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, history: { maxMessages: 5 } })
    const positions = await publish(hubs.hub, 'room', 1, 7)
    const client = await channelClient(hubs)
    const read = async (input: object): Promise<unknown> =>
      await client.ask('history', input, { channel: 'room' })
    const page = (from: number, to: number, more: boolean): unknown => ({
      epoch: positions[0]!.epoch,
      publications: positions.slice(from - 1, to).map(({ offset, id }) => [offset, id, 'n', offset]),
      more,
    })
    expect(await read({ limit: 2 })).toEqual(page(6, 7, true))
    expect(await read({ limit: 2, before: 6 })).toEqual(page(4, 5, true))
    expect(await read({ limit: 2, before: 4 })).toEqual(page(3, 3, false))
    expect(await read({ limit: 2, before: 3 })).toEqual(page(3, 2, false))
    expect(await read({})).toEqual(page(3, 7, false))
    expect(await read({ limit: 2, before: 100 })).toEqual(page(6, 7, true))
    expect(await read({ limit: 0 })).toEqual({ error: 'invalid' })
    expect(await read({ before: 'x' })).toEqual({ error: 'invalid' })
  })

  it('is cut to what the client accepts in one message', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, history: { maxMessages: 50 } })
    for (let n = 0; n < 20; n++) await hubs.hub.channel('room').publish('n', 'x'.repeat(200))
    const client = await channelClient(hubs, { maxPayload: 3_000 })
    const { publications, more } = (await client.ask('history', {}, { channel: 'room' })) as {
      publications: unknown[]
      more: boolean
    }
    expect(publications.length).toBeGreaterThan(3)
    expect(publications.length).toBeLessThan(12)
    expect(more).toBe(true)
  })

  it('is cut to the keys and elements that clients accept in one message, and read on from there', async () => {
    const hubs = setUp({ limits: { maxPublicationBytes: 262_144 } })
    hubs.hub.channels('room', { ...open, history: {} })
    const dense = Array.from({ length: 40_000 }, () => 1)
    for (let n = 0; n < 4; n++) await hubs.hub.channel('room').publish('n', dense)
    const client = await channelClient(hubs, { window: [100, 1_000_000] })
    const read = async (input: object): Promise<unknown> => {
      const page = (await client.ask('history', input, { channel: 'room' })) as {
        publications: [number][]
        more: boolean
      }
      const answer = JSON.stringify([1, 1, null, page, { re: 1 }])
      expect(decodeText(answer, defaultDecodeLimits, isServerControl)).toHaveProperty('frames')
      return [page.publications.map(([offset]) => offset), page.more]
    }
    expect(await read({})).toEqual([[3, 4], true])
    expect(await read({ before: 3 })).toEqual([[1, 2], false])
  })

  it('is read in pages of 1,000 publications at most, whatever a client asks for', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, history: { maxMessages: 5_000 } })
    await publish(hubs.hub, 'room', 1, 1_500)
    const client = await channelClient(hubs)
    const page = (await client.ask('history', { limit: 1e9 }, { channel: 'room' })) as {
      publications: unknown[]
      more: boolean
    }
    expect([page.publications.length, page.more]).toEqual([1_000, true])
    expect((await hubs.hub.channel('room').history({ limit: 1e9 })).publications).toHaveLength(1_500)
  })

  it.each([{ limit: 0 }, { limit: NaN }, { limit: 1.5 }, { before: 0 }])(
    'of a hub is not read with %j',
    async (range) => {
      const room = setUp().hub.channel('room')
      await expect(room.history(range)).rejects.toMatchObject({ code: 'misuse' })
    },
  )

  it('expires', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, history: { maxAge: 1_000 } })
    await publish(hubs.hub, 'room', 1)
    await hubs.clock.advance(900)
    await publish(hubs.hub, 'room', 2)
    await hubs.clock.advance(200)
    expect((await hubs.hub.channel('room').history()).publications.map(({ data }) => data)).toEqual([2])
  })
})

describe('a channel of which only the last publication matters', () => {
  it('begins with it, and misses nothing by missing the others', async () => {
    const hubs = setUp()
    hubs.hub.channels('price', { ...open, history: { lastOnly: true } })
    const positions = await publish(hubs.hub, 'price', 1, 5)
    const client = await channelClient(hubs)
    expect(await client.enter(['price', null])).toEqual([
      { joined: 'price', n: 1, at: wire(positions[3]!), missed: 0 },
      [0, 0, 'n', 5, { channel: 'price', at: [5, 'price.5'] }],
    ])
    expect((await client.enter(['price', wire(positions[1]!)])).slice(0, 2)).toEqual([
      { joined: 'price', n: 2, at: wire(positions[3]!), gap: 0 },
      [0, 0, 'n', 5, { channel: 'price', at: [5, 'price.5'] }],
    ])
    expect(await client.enter(['price', wire(positions[4]!)])).toMatchObject([{ missed: 0 }])
  })
})

describe('a channel that is rewound', () => {
  it('begins with the last publications', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { ...open, history: { maxMessages: 5, rewind: 2 } })
    const positions = await publish(hubs.hub, 'room', 1, 4)
    for (const name of ['c1', 'c2']) {
      const client = await channelClient(hubs, { client: name })
      const [answer, ...frames] = await client.enter(['room', null])
      expect(answer).toEqual({ joined: 'room', n: 1, at: wire(positions[1]!), missed: 0 })
      expect(frames.map((frame) => frame[3])).toEqual([3, 4])
    }
  })
})

describe('publications of one turn', () => {
  const begin = async () => {
    const hubs = setUp({ limits: { maxUnsentPublicationBytes: 1_000 } })
    hubs.hub.channels('room', { ...open, history: { maxMessages: 2 } })
    const [position] = await publish(hubs.hub, 'room', 1)
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    const send = (...numbers: number[]): void => {
      for (const n of numbers) void hubs.hub.channel('room').publish('n', n, { id: `room.${n}` })
    }
    return { ...hubs, client, position: position!, send }
  }

  it('reach a client that joins in that turn once', async () => {
    const { join, client, position, send } = await begin()
    const other = await channelClient({ join }, { client: 'c2' })
    send(2)
    other.socket.message(['channel', { join: [['room', wire(position)]], n: 1 }])
    send(3)
    const [answer, ...frames] = await other.received()
    expect(answer).toMatchObject({ joined: 'room', missed: 1 })
    expect(frames.map((frame) => (frame as unknown[])[3])).toEqual([2, 3])
    expect(await client.publications()).toEqual([2, 3])
  })

  it('reach a session that the application joins in that turn from then on', async () => {
    const { join, peers, send } = await begin()
    const other = await channelClient({ join }, { client: 'c2' })
    send(2)
    peers[1]!.join('room')
    send(3)
    expect(await other.received()).toEqual([[0, 0, 'n', 3]])
  })

  it('are a gap for a slow subscriber if they are more than the history has', async () => {
    const { clock, client, send } = await begin()
    client.socket.bufferedAmount = 1_000
    send(2, 3, 4)
    expect(await client.received()).toEqual([])
    client.socket.bufferedAmount = 0
    await clock.advance(200)
    expect(await client.received()).toMatchObject([{ gap: 'room', missed: 3 }])
    send(5)
    expect(await client.publications()).toEqual([5])
  })

  it('arrive in order if they are very many', async () => {
    const { client, send } = await begin()
    const numbers = Array.from({ length: 500 }, (_, index) => index + 2)
    send(...numbers)
    expect(await client.publications()).toEqual(numbers)
  })
})

describe('a slow subscriber', () => {
  const slowly = async (history: number) => {
    const hubs = setUp({ limits: { maxUnsentPublicationBytes: 1_000 } })
    hubs.hub.channels('room', { ...open, history: { maxMessages: history } })
    const slow = await channelClient(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    await slow.enter(['room', null])
    await other.enter(['room', null])
    await publish(hubs.hub, 'room', 1)
    slow.socket.bufferedAmount = 1_000
    const positions = await publish(hubs.hub, 'room', 2, 4)
    expect(await slow.publications()).toEqual([1])
    expect(await other.publications()).toEqual([1, 2, 3, 4])
    return { ...hubs, slow, positions }
  }

  it('gets the publications that were skipped when its socket has drained', async () => {
    const { clock, hub, slow } = await slowly(10)
    await clock.advance(1_000)
    expect(await slow.publications()).toEqual([])
    slow.socket.bufferedAmount = 0
    await clock.advance(200)
    expect(await slow.publications()).toEqual([2, 3, 4])
    await publish(hub, 'room', 5)
    expect(await slow.publications()).toEqual([5])
    expect(clock.pending).toBe(1)
  })

  it('hears of a gap first if the log has lost them', async () => {
    const { clock, hub, slow, positions } = await slowly(2)
    slow.socket.bufferedAmount = 0
    await clock.advance(200)
    expect(await slow.received()).toEqual([{ gap: 'room', at: wire(positions[2]!), missed: 3 }])
    await publish(hub, 'room', 5)
    expect(await slow.publications()).toEqual([5])
  })

  it('is not waited for when it leaves', async () => {
    const { clock, slow } = await slowly(10)
    await slow.say(['channel', { leave: ['room'] }])
    slow.socket.bufferedAmount = 0
    await clock.advance(1_000)
    expect(await slow.received()).toEqual([])
  })
})

describe('the limits of channels', () => {
  it('close a client that asks for very many at once, and refuse what is a few too many', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    const many = (count: number): (readonly [string, null])[] =>
      Array.from({ length: count }, (_, index) => [`hall:${index}`, null])
    expect(await client.enter(...many(2_000))).toHaveLength(2_000)
    expect(await client.enter(...many(20_000))).toEqual([])
    expect(client.socket.closedWith).toMatchObject({ code: 4429 })
    const patient = setUp({ limits: { maxChannelsPerSession: 10_000 } })
    patient.hub.channels('room', open)
    const all = Array.from({ length: 10_000 }, (_, index) => [`room:${index}`, null] as const)
    expect(await (await channelClient(patient)).enter(...all)).toHaveLength(10_000)
  })

  it('refuse a channel too many, of a session and of all, and keep the others', async () => {
    const hubs = setUp({ limits: { maxChannelsPerSession: 2, maxSubscriptions: 3 } })
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    expect(await client.enter(['room:1', null], ['room:2', null], ['room:3', null])).toMatchObject([
      { refused: 'room:3', n: 1, why: 'too-many' },
      { joined: 'room:1' },
      { joined: 'room:2' },
    ])
    expect(await other.enter(['room:1', null], ['room:2', null])).toMatchObject([
      { joined: 'room:1' },
      { refused: 'room:2', n: 1, why: 'too-many' },
    ])
    await publish(hubs.hub, 'room:1', 1)
    expect([await client.publications(), await other.publications()]).toEqual([[1], [1]])
  })

  it('refuse a channel that nobody has joined, above those in use', async () => {
    const hubs = setUp({ limits: { maxChannels: 1 } })
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    await client.enter(['room:1', null])
    expect(await other.enter(['room:1', null], ['room:2', null])).toMatchObject([
      { joined: 'room:1' },
      { refused: 'room:2', n: 1, why: 'too-many' },
    ])
  })

  it('tell a client of a gap instead of a publication that is larger than it accepts', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs, { maxPayload: 1_024 })
    await client.enter(['room', null])
    const large = await hubs.hub.channel('room').publish('n', 'x'.repeat(2_000))
    await publish(hubs.hub, 'room', 2)
    expect(await client.received()).toEqual([
      { gap: 'room', at: wire(large), missed: 1 },
      [0, 0, 'n', 2, { channel: 'room', at: [2, 'room.2'] }],
    ])
  })
})

describe('a session that the application has joined', () => {
  it('receives publications as events while it is connected, over all its connections', async () => {
    const hubs = setUp()
    const client = await channelClient(hubs)
    hubs.peers[0]!.join('news')
    hubs.peers[0]!.join('news')
    await publish(hubs.hub, 'news', 1)
    await hubs.hub.channel('news').publish('bell')
    expect(await client.received()).toEqual([
      [0, 0, 'n', 1],
      [0, 0, 'bell', null, { absent: true }],
    ])
    client.socket.end()
    await publish(hubs.hub, 'news', 2)
    const again = hubs.dial()
    await again.greet(resuming(client.ok, 0))
    await publish(hubs.hub, 'news', 3)
    expect(again.frames()).toEqual([[0, 0, 'n', 3]])
    hubs.peers[0]!.leave('news')
    await publish(hubs.hub, 'news', 4)
    expect([again.frames(), hubs.hub.stats().channels, hubs.peers[0]!.channels]).toEqual([[], 0, []])
  })

  it('receives them once, by the channel, if its client has joined as well', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    hubs.peers[0]!.join('room')
    await client.enter(['room', null])
    expect(hubs.peers[0]!.channels).toEqual(['room'])
    await publish(hubs.hub, 'room', 1)
    await client.say(['channel', { leave: ['room'] }])
    await publish(hubs.hub, 'room', 2)
    expect(await client.received()).toEqual([
      [0, 0, 'n', 1, { channel: 'room', at: [1, 'room.1'] }],
      [0, 0, 'n', 2],
    ])
  })

  it('leaves all channels with its end', async () => {
    const hubs = setUp()
    await channelClient(hubs)
    const [peer] = hubs.peers
    peer!.join('news')
    peer!.close()
    await hubs.clock.advance(2_000)
    expect(hubs.hub.stats()).toMatchObject({ sessions: 0, channels: 0 })
    peer!.join('news')
    expect(hubs.hub.stats().channels).toBe(0)
  })

  it('is forgotten with its end, also if the application joins it afterwards', async () => {
    setFlagsFromString('--expose_gc')
    const collect = runInNewContext('gc') as () => void
    const hubs = setUp()
    const left: WeakRef<object>[] = []
    hubs.hub.onPeer((peer) => {
      left.push(new WeakRef(peer))
      peer.onClose(() => peer.join('news'))
    })
    const client = await hubs.join()
    await client.say(['bye', { rx: 0 }])
    client.socket.end(1000)
    await hubs.clock.advance(5_000)
    expect(hubs.hub.stats().sessions).toBe(0)
    hubs.peers.length = 0
    // A WeakRef keeps its target until the turn is over.
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    expect(left[0]!.deref()).toBeUndefined()
  })
})

describe('a hub with channels', () => {
  it('leaves nothing behind', async () => {
    const hubs = setUp({ limits: { maxUnsentPublicationBytes: 10 } })
    hubs.hub.channels('room', open)
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    client.socket.bufferedAmount = 100
    await publish(hubs.hub, 'room', 1)
    const closed = hubs.hub.close()
    await hubs.clock.advance(5_000)
    await closed
    expect(hubs.clock.pending).toBe(0)
    expect(hubs.hub.stats()).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  it.each<[string, (hub: Hub) => unknown, string]>([
    ['rules twice', (hub) => hub.channels('room', {}) ?? hub.channels('room', {}), 'have rules already'],
    ['a kind with a colon', (hub) => hub.channels('room:1', {}), 'no colon'],
    [
      'an unknown rule',
      (hub) => hub.channels('room', { join: 1 } as never),
      "'join' is not one of subscribe",
    ],
    ['a rule that is none', (hub) => hub.channels('room', { publish: true } as never), 'must be a function'],
    ['an unknown bound', (hub) => hub.channels('room', { history: { size: 1 } as never }), 'maxMessages'],
    ['a bound of 0', (hub) => hub.channels('room', { history: { maxAge: 0 } }), 'above 0'],
    ['a rewind that is too far', (hub) => hub.channels('room', { history: { rewind: 101 } }), 'rewind'],
    ['a name without a kind', (hub) => hub.channel(':1'), 'kind or kind:id'],
    ['a name with a lone surrogate', (hub) => hub.channel('room:\ud800'), 'kind or kind:id'],
  ])('refuses %s', (_, run, told) => {
    expect(() => run(setUp().hub)).toThrow(told)
  })

  it.each<[string, (hub: Hub) => Promise<unknown>, string]>([
    ['bytes', (hub) => hub.channel('a').publish('n', new Uint8Array(1)), 'JSON only'],
    ['a function', (hub) => hub.channel('a').publish('n', () => {}), 'is not JSON'],
    ['an empty id', (hub) => hub.channel('a').publish('n', 1, { id: '' }), '1 to 64'],
    ['a lone surrogate as its id', (hub) => hub.channel('a').publish('n', 1, { id: '\ud800' }), '1 to 64'],
    ['what is too large', (hub) => hub.channel('a').publish('n', 'x'.repeat(70_000)), 'too large'],
  ])('does not publish %s', async (_, run, told) => {
    await expect(run(setUp().hub)).rejects.toThrow(told)
  })
})
