import { describe, expect, it } from 'vitest'
import { channelClient } from '../../test/channels/channel-client.ts'
import type { ChannelClient } from '../../test/channels/channel-client.ts'
import { TestBroker } from '../../test/channels/test-broker.ts'
import { newcomer, resuming, setUp } from '../../test/support/set-up.ts'
import type { SetUp } from '../../test/support/set-up.ts'
import { memory } from './memory.ts'
import type { HubOptions } from '../index.ts'
import type { AnyContract, Ok } from '@holdfast/protocol'

interface Here {
  readonly here: string
  readonly v: number
  readonly all?: unknown[][]
  readonly set?: unknown[][]
  readonly gone?: string[]
  readonly more?: true
}

/** A hub whose clients are called as their token says. */
function present(
  options: HubOptions & { by?: 'session' | 'identity'; clientData?: boolean } = {},
): SetUp<AnyContract> {
  const { by = 'session', clientData = false, ...rest } = options
  const hubs = setUp({ authenticate: ({ token }) => ({ identity: token ?? null }), ...rest })
  hubs.hub.channels('room', {
    subscribe: (peer) => ({ presence: peer.identity }),
    history: {},
    presence: { by, clientData },
  })
  return hubs
}

type Present = Awaited<ReturnType<typeof channelClient>> & {
  /** What came with the answer to its join, until it was looked at. */
  readonly first: Here[]
}

async function enter(
  hubs: SetUp<AnyContract>,
  token: string | undefined,
  options: object = {},
  hi: object = {},
): Promise<Present> {
  const client = await channelClient(hubs, {
    client: `c ${hubs.peers.length}`,
    ...(token !== undefined && { token }),
    ...hi,
  })
  const first = (await client.enter(['room', null, options])) as unknown[] as Here[]
  return { ...client, first: first.filter(({ here }) => here !== undefined) }
}

/** What a client has been told of members. */
async function told(
  { clock }: SetUp<AnyContract>,
  client: ChannelClient & Partial<Present>,
): Promise<Here[]> {
  await clock.advance(300)
  const later = ((await client.received()) as Here[]).filter((item) => item.here !== undefined)
  return [...(client.first?.splice(0) ?? []), ...later]
}

const watching = { presence: true }

function byText(a: unknown, b: unknown): number {
  return String(a) < String(b) ? -1 : 1
}

async function names({ clock, hub }: SetUp<AnyContract>): Promise<unknown[]> {
  await clock.advance(100)
  const members = await hub.channel('room').presence()
  return members.map(({ data }) => data).toSorted(byText)
}

/** A new connection of a session. */
async function resume(
  hubs: SetUp<AnyContract>,
  ok: Ok,
  token: string,
  n = 2,
): Promise<ReturnType<typeof hubs.dial>> {
  const client = hubs.dial()
  await client.greet({ ...newcomer, client: `again ${token}`, token, ...resuming(ok, 0, n) })
  client.take()
  return client
}

describe('a client that wants to know who is here', () => {
  it('is told of all members, and then of changes under the next versions', async () => {
    const hubs = present()
    await enter(hubs, 'anna')
    const bert = await enter(hubs, 'bert', watching)
    const [anna, itself] = hubs.peers.map(({ memberKey }) => memberKey)
    const [all, change] = (await told(hubs, bert)) as [Here, Here]
    expect(all).toEqual({ here: 'room', v: all.v, all: [[anna, 'anna', 'anna']] })
    expect(change).toEqual({ here: 'room', v: all.v + 1, set: [[itself, 'bert', 'bert']] })
    const cleo = await enter(hubs, 'cleo')
    const { memberKey } = hubs.peers[2]!
    const set = [[memberKey, 'cleo', 'cleo']]
    expect(await told(hubs, bert)).toEqual([{ here: 'room', v: all.v + 2, set }])
    await cleo.say(['channel', { leave: ['room'] }])
    expect(await told(hubs, bert)).toEqual([{ here: 'room', v: all.v + 3, gone: [memberKey] }])
    await bert.say(['channel', { leave: ['room'] }])
    await enter(hubs, 'dora')
    expect(await told(hubs, bert)).toEqual([])
    expect(await names(hubs)).toEqual(['anna', 'dora'])
  })

  it('is told nothing of a kind without presence', async () => {
    const hubs = setUp()
    hubs.hub.channels('hall', { subscribe: () => ({ presence: 'x' }) })
    const client = await channelClient(hubs)
    expect(await client.enter(['hall', null, watching])).toMatchObject([{ joined: 'hall' }])
    expect(await told(hubs, client)).toEqual([])
    expect(await hubs.hub.channel('hall').presence()).toEqual([])
  })

  it('is told once of changes that follow each other quickly', async () => {
    const hubs = present()
    const watcher = await enter(hubs, 'anna', watching)
    await told(hubs, watcher)
    for (let n = 0; n < 1_000; n++) {
      const client = await enter(hubs, `u${n}`)
      if (n % 2 === 0) await client.say(['channel', { leave: ['room'] }])
      if (n % 10 === 0) await hubs.clock.advance(10)
    }
    const changes = await told(hubs, watcher)
    expect(changes.length).toBeLessThanOrEqual(14)
    const here = new Set(hubs.peers.slice(0, 1).map(({ memberKey }) => memberKey))
    for (const { set = [], gone = [] } of changes) {
      for (const [key] of set) here.add(key as string)
      for (const key of gone) here.delete(key)
    }
    expect(here.size).toBe(501)
    expect(changes.map(({ v }) => v)).toEqual(changes.map((_, index) => changes[0]!.v + index))
  })

  it('is told of nothing if a member has come and gone meanwhile', async () => {
    const hubs = present()
    const watcher = await enter(hubs, 'anna', watching)
    await told(hubs, watcher)
    await enter(hubs, 'bert')
    await hubs.clock.advance(1)
    const cleo = await enter(hubs, 'cleo')
    await cleo.say(['channel', { leave: ['room'] }])
    expect(await told(hubs, watcher)).toMatchObject([{ set: [[expect.anything(), 'bert', 'bert']] }])
  })

  it('gets a long list in several messages', async () => {
    const hubs = present()
    for (let n = 0; n < 300; n++) await enter(hubs, `${n} ${'x'.repeat(100)}`)
    await hubs.clock.advance(100)
    const watcher = await enter(hubs, 'anna', watching)
    const parts = (await told(hubs, watcher)).filter(({ all }) => all)
    expect(parts.length).toBeGreaterThan(2)
    expect(parts.map(({ more }) => more ?? false)).toEqual(parts.map((_, index) => index < parts.length - 1))
    expect(parts.flatMap(({ all }) => all!)).toHaveLength(301)
    expect(new Set(parts.map(({ v }) => v)).size).toBe(1)
  })

  it('gets all members in several messages when very much changes at once', async () => {
    const hubs = present({ clientData: true, limits: { maxPresenceBytes: 10_000 } })
    const watcher = await enter(hubs, 'anna', watching)
    for (let n = 0; n < 20; n++) await enter(hubs, `b ${n}`, { data: 'x'.repeat(9_000) })
    const messages = await told(hubs, watcher)
    for (const message of messages) expect(JSON.stringify(message).length).toBeLessThan(131_072)
    expect(messages.at(-1)!.all).toBeDefined()
  })

  it('gets all members again if its socket was too full for changes', async () => {
    const hubs = present({ limits: { maxUnsentPublicationBytes: 1_000 } })
    const watcher = await enter(hubs, 'anna', watching)
    await told(hubs, watcher)
    watcher.socket.bufferedAmount = 1_000
    for (const name of ['bert', 'cleo']) {
      await enter(hubs, name)
      expect(await told(hubs, watcher)).toEqual([])
    }
    watcher.socket.bufferedAmount = 0
    const [all] = await told(hubs, watcher)
    expect(all!.all!.map(([, identity]) => identity)).toEqual(['anna', 'bert', 'cleo'])
    await enter(hubs, 'dora')
    expect(await told(hubs, watcher)).toMatchObject([{ v: all!.v + 1 }])
  })
})

describe('a client whose socket is too full when it joins', () => {
  it('gets the members when there is room', async () => {
    const hubs = present({ limits: { maxUnsentPublicationBytes: 1_000 } })
    await enter(hubs, 'anna')
    const bert = await channelClient(hubs, { client: 'c2', token: 'bert' })
    bert.socket.bufferedAmount = 1_000
    await bert.enter(['room', null, watching])
    expect(await told(hubs, bert)).toEqual([])
    bert.socket.bufferedAmount = 0
    const [all] = await told(hubs, bert)
    expect(all!.all!.map(([, identity]) => identity)).toEqual(['anna', 'bert'])
    expect(await told(hubs, bert)).toEqual([])
  })
})

describe('a client whose connection turns out to be dead when it is answered', () => {
  it('is told of each change once when it is back', async () => {
    const hubs = setUp({ authenticate: ({ token }) => ({ identity: token ?? null }) })
    const decide: ((verdict: boolean) => void)[] = []
    hubs.hub.channels('room', {
      subscribe: () => new Promise<boolean>((resolve) => decide.push(resolve)),
      presence: true,
    })
    const anna = await enter(hubs, 'anna', watching)
    anna.socket.isBroken = true
    decide[0]!(true)
    await hubs.clock.advance(300)
    const again = await resume(hubs, anna.ok, 'anna')
    await again.say(['channel', { join: [['room', null, watching]], n: 1 }])
    decide[1]!(true)
    await hubs.clock.advance(300)
    again.take()
    await enter(hubs, 'bert')
    decide[2]!(true)
    await hubs.clock.advance(300)
    const changes = (again.take() as unknown[][]).filter(([name]) => name === 'channel')
    expect(changes).toMatchObject([['channel', { set: [[hubs.peers[1]!.memberKey, 'bert']] }]])
  })
})

describe('a member', () => {
  it('stays while its client is away, and comes back without being seen to', async () => {
    const hubs = present({ sessionTimeout: 60_000 })
    const watcher = await enter(hubs, 'anna', watching)
    const bert = await enter(hubs, 'bert')
    await told(hubs, watcher)
    bert.socket.end(1006)
    await hubs.clock.advance(30_000)
    expect(await told(hubs, watcher)).toEqual([])
    const again = await resume(hubs, bert.ok, 'bert')
    await again.say(['channel', { join: [['room', null]], n: 1 }])
    expect(await told(hubs, watcher)).toEqual([])
    expect(await names(hubs)).toEqual(['anna', 'bert'])
  })

  it('leaves with its session', async () => {
    const hubs = present({ sessionTimeout: 10_000 })
    const watcher = await enter(hubs, 'anna', watching)
    const killed = await enter(hubs, 'bert')
    const left = await enter(hubs, 'cleo')
    await told(hubs, watcher)
    await left.say(['bye', { rx: 0 }])
    expect(await told(hubs, watcher)).toMatchObject([{ gone: [hubs.peers[2]!.memberKey] }])
    killed.socket.end(1006)
    await hubs.clock.advance(11_000)
    expect(await told(hubs, watcher)).toMatchObject([{ gone: [hubs.peers[1]!.memberKey] }])
  })

  it('that comes back as another session is another one, and the old one leaves', async () => {
    const hubs = present({ sessionTimeout: 10_000 })
    const watcher = await enter(hubs, 'anna', watching)
    const bert = await enter(hubs, 'bert')
    bert.socket.end(1006)
    await hubs.clock.advance(11_000)
    await enter(hubs, 'bert', {}, resuming(bert.ok, 0))
    await told(hubs, watcher)
    expect(await names(hubs)).toEqual(['anna', 'bert'])
  })

  it('leaves when its client is back and does not join again', async () => {
    const hubs = present({ pingInterval: 10_000 })
    const bert = await enter(hubs, 'bert')
    bert.socket.end(1006)
    const again = await resume(hubs, bert.ok, 'bert')
    await hubs.clock.advance(10_300)
    await again.say(['q', 0])
    expect(await names(hubs)).toEqual(['bert'])
    await hubs.clock.advance(10_300)
    expect(await names(hubs)).toEqual([])
  })

  it('leaves when it is kicked, connected or away', async () => {
    const hubs = present()
    const connected = await enter(hubs, 'anna')
    const away = await enter(hubs, 'bert')
    away.socket.end(1006)
    for (const peer of hubs.peers) hubs.hub.channel('room').kick(peer)
    expect(await names(hubs)).toEqual([])
    expect(await connected.received()).toEqual([{ refused: 'room', why: 'kicked' }])
  })

  it('leaves when it is refused later, and stays while the server cannot decide', async () => {
    const hubs = setUp()
    let verdict: () => unknown = () => true
    hubs.hub.channels('room', { subscribe: () => verdict() as boolean, presence: true })
    const client = await channelClient(hubs)
    await client.enter(['room', null])
    verdict = () => {
      throw new Error('no database')
    }
    expect(await client.enter(['room', null])).toMatchObject([{ refused: 'room', why: 'unavailable' }])
    await hubs.clock.advance(200)
    expect(await hubs.hub.channel('room').presence()).toHaveLength(1)
    verdict = () => false
    expect(await client.enter(['room', null])).toMatchObject([{ refused: 'room', why: 'forbidden' }])
    await hubs.clock.advance(200)
    expect(await hubs.hub.channel('room').presence()).toHaveLength(0)
  })

  it('has other data when its client says so, if the kind lets it', async () => {
    const hubs = present({ clientData: true })
    const watcher = await enter(hubs, 'anna', watching)
    const bert = await enter(hubs, 'bert', { data: { name: 'B' } })
    const cleo = await enter(hubs, 'cleo')
    const { memberKey } = hubs.peers[1]!
    expect((await told(hubs, watcher)).at(-1)!.set!.map((member) => member.slice(1))).toEqual([
      ['bert', { name: 'B' }],
      ['cleo', 'cleo'],
    ])
    await bert.say(['channel', { data: ['room', { name: 'Bert', isTyping: true }] }])
    expect(await told(hubs, watcher)).toMatchObject([
      { set: [[memberKey, 'bert', { name: 'Bert', isTyping: true }]] },
    ])
    await bert.say(['channel', { data: ['room'] }])
    expect((await told(hubs, watcher))[0]!.set).toEqual([[memberKey, 'bert']])
    await bert.say(['channel', { data: ['other', 1] }])
    await cleo.say(['channel', { leave: ['room'] }])
    await cleo.say(['channel', { data: ['room', 'ghost'] }])
    expect(await told(hubs, watcher)).toMatchObject([{ gone: [hubs.peers[2]!.memberKey] }])
  })

  it('has the data of the rule, if the kind does not', async () => {
    const hubs = present()
    const bert = await enter(hubs, 'bert', { data: 'king' })
    await bert.say(['channel', { data: ['room', 'king'] }])
    await hubs.clock.advance(200)
    expect(await names(hubs)).toEqual(['bert'])
  })

  it('is known to others by a key that does not reveal the id of its session', async () => {
    const hubs = present()
    const watcher = await enter(hubs, 'anna', watching)
    await enter(hubs, 'bert')
    const heard = JSON.stringify(await told(hubs, watcher))
    for (const { id, memberKey } of hubs.peers) {
      expect(heard).toContain(memberKey)
      expect(heard).not.toContain(id)
    }
  })

  it('is made by the application as well', async () => {
    const hubs = present()
    await channelClient(hubs, { token: 'anna' })
    const [anna] = hubs.peers
    anna!.join('room', { presence: { role: 'host' } })
    expect(await hubs.hub.channel('room').presence()).toEqual([
      { key: anna!.memberKey, identity: 'anna', data: { role: 'host' } },
    ])
    anna!.leave('room')
    await hubs.clock.advance(200)
    expect(await names(hubs)).toEqual([])
    expect(() => anna!.join('room', { presence: 'x'.repeat(2_000) })).toThrow('maxPresenceBytes')
    expect(() => anna!.join('room', { presence: 1n })).toThrow('not JSON')
    expect(anna!.channels).toEqual([])
  })
})

describe('members that count by identity', () => {
  it('are one for two tabs and two devices of a user, until the last one leaves', async () => {
    const hubs = present({ by: 'identity' })
    const watcher = await enter(hubs, 'anna', watching)
    await told(hubs, watcher)
    const first = await enter(hubs, 'bert')
    const second = await enter(hubs, 'bert')
    expect(await told(hubs, watcher)).toMatchObject([{ set: [['bert', 'bert', 'bert']] }])
    await first.say(['channel', { leave: ['room'] }])
    expect(await told(hubs, watcher)).toEqual([])
    expect(await hubs.hub.channel('room').presence()).toHaveLength(2)
    await second.say(['channel', { leave: ['room'] }])
    expect(await told(hubs, watcher)).toMatchObject([{ gone: ['bert'] }])
  })

  it('are sessions if they have no identity', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', { subscribe: () => true, presence: { by: 'identity' } })
    for (const client of ['c1', 'c2']) await (await channelClient(hubs, { client })).enter(['room', null])
    await hubs.clock.advance(100)
    const keys = (await hubs.hub.channel('room').presence()).map(({ key, identity }) => [key, identity])
    expect(keys).toEqual(hubs.peers.map(({ memberKey }) => [memberKey, null]))
  })

  it('have the data of the session that changed last, and of another when that leaves', async () => {
    const hubs = present({ by: 'identity', clientData: true })
    const watcher = await enter(hubs, 'anna', watching)
    const first = await enter(hubs, 'bert', { data: 'phone' })
    await hubs.clock.advance(100)
    const second = await enter(hubs, 'bert', { data: 'laptop' })
    expect((await told(hubs, watcher)).at(-1)!.set).toEqual([['bert', 'bert', 'laptop']])
    await first.say(['channel', { data: ['room', 'tablet'] }])
    expect((await told(hubs, watcher)).at(-1)!.set).toEqual([['bert', 'bert', 'tablet']])
    await first.say(['channel', { leave: ['room'] }])
    expect((await told(hubs, watcher)).at(-1)!.set).toEqual([['bert', 'bert', 'laptop']])
    expect(second.socket.closedWith).toBeUndefined()
  })
})

describe('the limits of presence', () => {
  it('refuse a member too many, and data that is too large', async () => {
    const hubs = present({ clientData: true, limits: { maxPresenceMembers: 2, maxPresenceBytes: 20 } })
    await enter(hubs, 'anna')
    const client = await channelClient(hubs, { client: 'c2', token: 'bert' })
    expect(await client.enter(['room', null, { data: 'x'.repeat(20) }])).toEqual([
      { refused: 'room', n: 1, why: 'too-large' },
    ])
    expect(await client.enter(['room', null])).toMatchObject([{ joined: 'room' }])
    await client.say(['channel', { data: ['room', 'x'.repeat(20)] }])
    await hubs.clock.advance(200)
    expect(await names(hubs)).toEqual(['anna', 'bert'])
    expect(hubs.warned.join()).toContain('maxPresenceBytes')
    const third = await channelClient(hubs, { client: 'c3', token: 'cleo' })
    expect(await third.enter(['room', null])).toEqual([{ refused: 'room', n: 1, why: 'too-many' }])
    // A member that joins again is not one more.
    expect(await client.enter(['room', null])).toMatchObject([{ joined: 'room' }])
  })

  it('refuse data that nests too deep for the other members', async () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    const hubs = present({ clientData: true })
    const client = await channelClient(hubs, { token: 'bert' })
    await client.enter(['room', null, { data: nested(60) }])
    await client.say(['channel', { data: ['room', nested(61)] }])
    await hubs.clock.advance(200)
    expect(await names(hubs)).toEqual([nested(60)])
    expect(hubs.warned.join()).toContain('too deep')
  })

  it('report data of a rule that is too large, or not JSON', async () => {
    const hubs = setUp()
    hubs.hub.channels('room', {
      subscribe: (_, id) => ({ presence: id ? () => {} : 'x'.repeat(2_000) }),
      presence: true,
    })
    const client = await channelClient(hubs)
    expect(await client.enter(['room', null], ['room:1', null])).toMatchObject([
      { refused: 'room', why: 'unavailable' },
      { refused: 'room:1', why: 'unavailable' },
    ])
    expect(hubs.reported).toHaveLength(1)
  })
})

describe('presence over a broker that fails', () => {
  const failing = () => {
    const broker = new TestBroker()
    return { broker, ...present({ broker }) }
  }

  it('reads the members again when changes are missing', async () => {
    const hubs = failing()
    const watcher = await enter(hubs, 'anna', watching)
    await told(hubs, watcher)
    hubs.broker.isDeaf = true
    await enter(hubs, 'bert')
    hubs.broker.isDeaf = false
    await enter(hubs, 'cleo')
    const identities = (await told(hubs, watcher)).flatMap(({ set = [] }) =>
      set.map(([, identity]) => identity),
    )
    expect(identities.toSorted(byText)).toEqual(['bert', 'cleo'])
  })

  it('sets its members again when the broker has lost them', async () => {
    const hubs = failing()
    const watcher = await enter(hubs, 'anna', watching)
    await enter(hubs, 'bert')
    await told(hubs, watcher)
    hubs.broker.wipe()
    hubs.broker.reset()
    await hubs.clock.advance(300)
    expect(await names(hubs)).toEqual(['anna', 'bert'])
    const later = await enter(hubs, 'cleo', watching)
    const all = (await told(hubs, later)).flatMap(({ all: list = [], set = [] }) => [...list, ...set])
    expect(all.map(([, identity]) => identity)).toEqual(['anna', 'bert', 'cleo'])
  })

  it('repeats what has failed, and tells when it is known', async () => {
    const hubs = failing()
    for (const method of ['setMember', 'members', 'removeMember'] as const) hubs.broker.failing.add(method)
    const watcher = await enter(hubs, 'anna', watching)
    const bert = await enter(hubs, 'bert')
    expect(await told(hubs, watcher)).toEqual([])
    hubs.broker.failing.clear()
    await hubs.clock.advance(2_000)
    expect((await told(hubs, watcher)).flatMap(({ all = [], set = [] }) => [...all, ...set])).toHaveLength(2)
    hubs.broker.failing.add('removeMember')
    await bert.say(['channel', { leave: ['room'] }])
    await hubs.clock.advance(100)
    expect(await names(hubs)).toEqual(['anna', 'bert'])
    hubs.broker.failing.clear()
    await hubs.clock.advance(2_000)
    expect(await names(hubs)).toEqual(['anna'])
  })

  it('sets the last data of a member whose change was under way', async () => {
    const broker = new TestBroker()
    const hubs = present({ broker, clientData: true })
    broker.hold('setMember')
    const anna = await enter(hubs, 'anna', { data: 1 })
    for (const data of [2, 3]) {
      await anna.say(['channel', { data: ['room', data] }])
      await hubs.clock.advance(100)
    }
    broker.release('setMember')
    await hubs.clock.advance(200)
    expect(await names(hubs)).toEqual([3])
    expect(broker.calls.filter(([method]) => method === 'setMember')).toHaveLength(2)
  })
})

describe('two hubs with one broker', () => {
  it('are one channel for their clients, and a hub takes its members along, if their sessions end with it', async () => {
    const { open } = memory()
    const broker = { open }
    const [one, two] = [present({ broker }), present({ broker })]
    const watcher = await enter(one, 'anna', watching)
    const bert = await enter(two, 'bert')
    expect((await told(one, watcher)).flatMap(({ all = [], set = [] }) => [...all, ...set])).toMatchObject([
      [one.peers[0]!.memberKey, 'anna', 'anna'],
      [two.peers[0]!.memberKey, 'bert', 'bert'],
    ])
    await two.hub.channel('room').publish('n', 1)
    expect([await watcher.publications(), await bert.publications()]).toEqual([[1], [1]])
    const closed = two.hub.close()
    await two.clock.advance(5_000)
    await closed
    expect(await told(one, watcher)).toMatchObject([{ gone: [two.peers[0]!.memberKey] }])
    expect(two.clock.pending).toBe(0)
  })
})
