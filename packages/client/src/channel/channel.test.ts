import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { at, pub, record, setUpChannels } from '../../test/support/set-up-channels.ts'
import { setUp } from '../../test/support/set-up.ts'
import { channel, plain } from '../index.ts'

describe('channel()', () => {
  it.each([undefined, plain()])('is a misuse on the plain wire', (wire) => {
    const { client } = setUp(wire && { wire })
    expect(() => channel(client, 'room:1')).toThrow(
      expect.objectContaining({
        code: 'misuse',
        message: expect.stringContaining('wire: session()') as string,
      }),
    )
  })

  it.each(['', ':1', 5, undefined, 'x'.repeat(257)])('refuses the name %o', (name) => {
    const { client } = setUpChannels()
    expect(() => channel(client, name as string)).toThrow(expect.objectContaining({ code: 'misuse' }))
  })

  it.each([
    {},
    { epoch: 'e', offset: -1, id: '' },
    { epoch: '', offset: 1, id: '' },
    { epoch: 'e', offset: 1 },
  ])('refuses the position %o', (since) => {
    const { client } = setUpChannels()
    expect(() => channel(client, 'room:1', { since: since as never })).toThrow(
      expect.objectContaining({ code: 'misuse' }),
    )
  })

  it('leaves nothing behind without a connection', async () => {
    const { client, clock } = setUpChannels()
    const room = channel(client, 'room:1')
    await settleMicrotasks()
    room.leave()
    await settleMicrotasks()
    await client.dispose()
    expect(clock.pending).toBe(0)
  })
})

describe('subscribing', () => {
  it('asks for all channels of a turn in one message, and for those from before the connection', async () => {
    const { client, liveWithChannels, asked, turn } = setUpChannels()
    for (const name of ['room:1', 'room:2', 'feed']) channel(client, name)
    await liveWithChannels()
    expect(asked()).toEqual([
      {
        join: [
          ['room:1', null],
          ['room:2', null],
          ['feed', null],
        ],
        n: 1,
      },
    ])
    channel(client, 'room:3')
    channel(client, 'room:4', { since: { epoch: 'e', offset: 3, id: 'p3' } })
    channel(client, 'room:3')
    await turn()
    expect(asked(1)).toEqual([
      {
        join: [
          ['room:3', null],
          ['room:4', ['e', 3, 'p3']],
        ],
        n: 2,
      },
    ])
  })

  it('is joined by the answer to its join, and then gets publications in order and once', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const room = channel(client, 'room:1')
    const states: unknown[] = []
    room.subscribe(() => states.push(room.state))
    const got = record(room)
    await liveWithChannels()
    expect(room.state).toEqual({ status: 'joining', reason: undefined })
    await say(pub(5))
    await tell({ joined: 'room:1', n: 1, at: at(5), missed: 0 })
    expect(room.position).toEqual({ epoch: 'e', offset: 5, id: 'p5' })
    await say([pub(6), pub(7)], pub(6), pub(8))
    expect(got).toEqual([6, 7, 8])
    expect(states).toEqual([{ status: 'joined', reason: undefined }])
    expect(room.position).toEqual({ epoch: 'e', offset: 8, id: 'p8' })
  })

  it('gives handlers the data and the publication, and an absent data as undefined', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const room = channel(client, 'room:1')
    const calls: unknown[] = []
    room.on('message', (...values) => calls.push(values))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1, { text: 'hi' }), [
      0,
      0,
      'message',
      null,
      { channel: 'room:1', at: [2, 'x'], absent: true },
    ])
    expect(calls).toEqual([
      [{ text: 'hi' }, { epoch: 'e', offset: 1, id: 'p1', event: 'message', data: { text: 'hi' } }],
      [undefined, { epoch: 'e', offset: 2, id: 'x', event: 'message', data: undefined }],
    ])
  })

  it('moves its position before handlers run, whatever they throw', async () => {
    const { client, liveWithChannels, tell, say, reported } = setUpChannels()
    const room = channel(client, 'room:1')
    const got: unknown[] = []
    room.on('message', () => {
      got.push(room.position?.offset)
      throw new Error('boom')
    })
    room.on('message', () => got.push('other'))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    expect(got).toEqual([1, 'other'])
    expect(reported).toEqual([new Error('boom')])
  })

  it('is not heard by handlers of events, nor they by it', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const any = vi.fn()
    client.onAny(any)
    const got = record(channel(client, 'room:1'))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1), [1, 0, 'message', 'an event'], pub(1, 1, 'room:2'))
    expect(got).toEqual([1])
    expect(any.mock.calls).toEqual([['message', 'an event']])
  })

  it('splits what it asks by size', async () => {
    const { client, liveWithChannels, asked, heard } = setUpChannels()
    for (let n = 0; n < 100; n++) channel(client, `room:${'x'.repeat(100)}${n}`)
    await liveWithChannels({ maxPayload: 2_048 })
    const joins = asked()
    expect(joins.length).toBeGreaterThan(5)
    expect(joins.flatMap(({ join }) => join as unknown[])).toHaveLength(100)
    expect(joins.map(({ n }) => n)).toEqual(joins.map((_, index) => index + 1))
    for (const message of heard()) expect(JSON.stringify(message).length).toBeLessThanOrEqual(2_048)
  })

  it('says that it is refused when its join is too large for the server', async () => {
    const { client, liveWithChannels, asked } = setUpChannels()
    const room = channel(client, `room:${'界'.repeat(250)}`)
    room.presence.set('x'.repeat(500))
    await liveWithChannels({ maxPayload: 1_024 })
    expect(room.state).toEqual({ status: 'refused', reason: 'too-large' })
    expect(asked()).toEqual([])
  })

  it('may be left in a listener of such a refusal, of which the server hears', async () => {
    const { client, liveWithChannels, asked, turn } = setUpChannels()
    const other = channel(client, 'room:1')
    const large = channel(client, `room:${'界'.repeat(250)}`)
    large.presence.set('x'.repeat(500))
    large.watch('refused', () => other.leave())
    await liveWithChannels({ maxPayload: 1_024 })
    await turn()
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 1 }, { leave: ['room:1'] }])
  })

  it('may end with the client in a listener of such a refusal', async () => {
    const { client, liveWithChannels, asked, clock, reported } = setUpChannels()
    const other = channel(client, 'room:1')
    const large = channel(client, `room:${'界'.repeat(250)}`)
    large.presence.set('x'.repeat(500))
    large.watch('refused', () => void client.disconnect())
    await liveWithChannels({ maxPayload: 1_024 })
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 1 }])
    expect(other.state.status).toBe('joining')
    expect(reported).toEqual([])
    await client.dispose()
    expect(clock.pending).toBe(0)
  })
})

describe('a broken connection', () => {
  it('is followed by a join with the position, and everything missed, which is reported when all of it was delivered', async () => {
    const { client, liveWithChannels, tell, say, asked, reconnect } = setUpChannels()
    const room = channel(client, 'room:1')
    const got = record(room)
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    await reconnect({ session: 's1' })
    expect(room.state.status).toBe('joining')
    expect(asked()).toEqual([{ join: [['room:1', at(1)]], n: 2 }])
    await tell({ joined: 'room:1', n: 2, at: at(3), missed: 2 })
    await say(pub(2), pub(3), pub(4))
    expect(got).toEqual([1, 2, 3, 'recovered 2', 4])
  })

  it('goes on where it was when it breaks again in the middle of what was missed', async () => {
    const { client, liveWithChannels, tell, say, asked, reconnect } = setUpChannels()
    const got = record(channel(client, 'room:1', { since: { epoch: 'e', offset: 1, id: 'p1' } }))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(4), missed: 3 })
    await say(pub(2))
    await reconnect()
    expect(asked()).toEqual([{ join: [['room:1', at(2)]], n: 2 }])
    await tell({ joined: 'room:1', n: 2, at: at(5), missed: 3 })
    await say(pub(3), pub(4), pub(5))
    expect(got).toEqual([2, 3, 4, 5, 'recovered 4'])
  })

  it('reports a gap before anything newer', async () => {
    const { client, liveWithChannels, tell, say, reconnect } = setUpChannels()
    const room = channel(client, 'room:1')
    const got = record(room)
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(1), missed: 0 })
    await reconnect({ session: 's2', lost: { why: 'unknown', rx: null, missed: null } })
    await tell({ joined: 'room:1', n: 2, at: at(7, 'f'), gap: null })
    await say(pub(8))
    await tell({ gap: 'room:1', at: at(11, 'f'), missed: 3 })
    await say(pub(12))
    expect(got).toEqual(['gap undefined', 8, 'gap 3', 12])
    expect(room.position).toEqual({ epoch: 'f', offset: 12, id: 'p12' })
  })

  it('gets the older ones that the server adds to a first join, and no others after a cut', async () => {
    const { client, liveWithChannels, tell, say, asked, reconnect } = setUpChannels()
    const got = record(channel(client, 'room:1'))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(2), missed: 0 })
    await say(pub(3))
    await reconnect()
    expect(asked()).toEqual([{ join: [['room:1', at(3)]], n: 2 }])
    await tell({ joined: 'room:1', n: 2, at: at(5), missed: 2 })
    await say(pub(4), pub(5), pub(6))
    expect(got).toEqual([3, 4, 5, 'recovered 2', 6])
  })

  it('is not told of a gap of nothing, as where only the last value counts', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const got = record(channel(client, 'room:1', { since: { epoch: 'e', offset: 1, id: 'p1' } }))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(8), gap: 0 })
    await say(pub(9))
    expect(got).toEqual([9])
  })
})

describe('a publication that is missing on a live connection', () => {
  it('is asked for with the position, and nothing is taken before the answer', async () => {
    const { client, liveWithChannels, tell, say, asked } = setUpChannels()
    const room = channel(client, 'room:1')
    const got = record(room)
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say([pub(1), pub(3), pub(4)])
    expect(asked(1)).toEqual([{ join: [['room:1', at(1)]], n: 2 }])
    await say(pub(2), pub(5))
    await tell({ gap: 'room:1', at: at(9), missed: 5 })
    await tell({ joined: 'room:1', n: 1, at: at(9), missed: 0 })
    expect(got).toEqual([1])
    expect(room.state.status).toBe('joined')
    await tell({ joined: 'room:1', n: 2, at: at(5), missed: 4 })
    await say(pub(2), pub(3), pub(4), pub(5))
    expect(got).toEqual([1, 2, 3, 4, 5, 'recovered 4'])
  })

  it('is asked for when this end had to drop publications', async () => {
    const { client, liveWithChannels, tell, say, asked, network, clock } = setUpChannels({})
    const got: unknown[] = []
    const room = channel(client, 'room:1')
    room.on('message', (data) => {
      got.push(data)
      // Longer than a slice: what comes meanwhile has to wait.
      if (data === 1) {
        network.last.message(JSON.stringify(Array.from({ length: 1_024 }, (_, n) => [n + 1, 0, 'event'])))
        network.last.message(JSON.stringify(pub(2)))
      }
    })
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    await clock.advance(100)
    expect(got).toEqual([1])
    expect(asked(1)).toEqual([{ join: [['room:1', at(1)]], n: 2 }])
    await tell({ joined: 'room:1', n: 2, at: at(2), missed: 1 })
    await say(pub(2))
    expect(got).toEqual([1, 2])
  })
})

describe('a client that had to drop publications', () => {
  it('delivers those that came before them, and asks for the rest then: otherwise it would hardly get on', async () => {
    const { client, liveWithChannels, tell, say, asked, network, clock } = setUpChannels({})
    const got: unknown[] = []
    const room = channel(client, 'room:1')
    room.on('message', (data) => {
      got.push(data)
      if (data !== 1) return
      network.last.message(JSON.stringify(Array.from({ length: 1_024 }, (_, n) => pub(n + 2))))
      network.last.message(JSON.stringify(pub(1_026)))
    })
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    await clock.advance(100)
    expect(got).toEqual(Array.from({ length: 1_025 }, (_, n) => n + 1))
    expect(asked(1)).toEqual([{ join: [['room:1', at(1_025)]], n: 2 }])
  })
})

describe('another identity', () => {
  it('is asked for anew while the join of the former one is under way, whose answer is not taken', async () => {
    const { client, liveWithChannels, tell, asked, reconnect } = setUpChannels()
    const room = channel(client, 'room:1', { since: { epoch: 'e', offset: 2, id: 'p2' } })
    await liveWithChannels({ identity: 'ada' })
    await reconnect({ session: 's2', identity: 'bob' })
    expect(asked()).toEqual([{ join: [['room:1', at(2)]], n: 2 }])
    await tell({ refused: 'room:1', n: 1, why: 'forbidden' })
    expect(room.state).toEqual({ status: 'joining', reason: undefined })
    await tell({ joined: 'room:1', n: 2, at: at(2), missed: 0 })
    expect(room.state.status).toBe('joined')
  })
})

describe('a refusal', () => {
  it('is final for an identity, and asked anew for another one', async () => {
    const { client, liveWithChannels, tell, asked, reconnect, turn } = setUpChannels()
    const room = channel(client, 'room:1')
    const refused = vi.fn()
    room.watch('refused', refused)
    await liveWithChannels({ identity: 'ada' })
    await tell({ refused: 'room:1', n: 1, why: 'forbidden' })
    expect(room.state).toEqual({ status: 'refused', reason: 'forbidden' })
    expect(refused.mock.calls).toEqual([[room.state]])
    await reconnect({ identity: 'ada' })
    channel(client, 'room:1')
    await turn()
    expect(asked()).toEqual([])
    await reconnect({ session: 's2', identity: 'bob' })
    expect(room.state).toEqual({ status: 'joining', reason: undefined })
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 2 }])
  })

  it('that says when is asked again then, and the position is kept', async () => {
    const { client, liveWithChannels, tell, asked, clock, reconnect } = setUpChannels()
    const room = channel(client, 'room:1', { since: { epoch: 'e', offset: 2, id: 'p2' } })
    await liveWithChannels()
    await tell({ refused: 'room:1', n: 1, why: 'unavailable', after: [1_000, 3_000] })
    expect(room.state).toEqual({ status: 'joining', reason: 'unavailable' })
    await clock.advance(1_990)
    expect(asked(1)).toEqual([])
    await clock.advance(20)
    expect(asked(1)).toEqual([{ join: [['room:1', at(2)]], n: 2 }])
    await tell({ refused: 'room:1', n: 2, why: 'unavailable', after: [1_000, 3_000] })
    await reconnect()
    expect(room.state).toEqual({ status: 'joining', reason: undefined })
    await clock.advance(5_000)
    expect(asked()).toEqual([{ join: [['room:1', at(2)]], n: 3 }])
    room.leave()
    await client.dispose()
    expect(clock.pending).toBe(0)
  })

  it('after it was joined ends the subscription, and is not asked anew', async () => {
    const { client, liveWithChannels, tell, say, asked, reconnect } = setUpChannels()
    const room = channel(client, 'room:1')
    const got = record(room)
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await tell({ refused: 'room:1', why: 'kicked' })
    await say(pub(1))
    expect(room.state).toEqual({ status: 'refused', reason: 'kicked' })
    await reconnect()
    expect(asked()).toEqual([])
    expect(got).toEqual([])
    room.leave()
    const again = channel(client, 'room:1')
    await settleMicrotasks()
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 2 }])
    expect(again.state.status).toBe('joining')
  })

  it('is made by the client when the server has no channels, until it has', async () => {
    const { client, live, heard, reconnect, asked } = setUpChannels()
    const room = channel(client, 'room:1')
    await live()
    expect(room.state).toEqual({ status: 'refused', reason: 'unsupported' })
    expect(heard().slice(1)).toEqual([['a', 0]])
    await reconnect()
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 1 }])
  })
})

describe('several handles of one channel', () => {
  it('share a subscription, which ends with the last of them', async () => {
    const { client, liveWithChannels, tell, say, asked, turn } = setUpChannels()
    const [one, two] = [channel(client, 'room:1'), channel(client, 'room:1')]
    const got = [record(one), record(two)]
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    one.leave()
    one.leave()
    await turn()
    expect(one.state).toEqual({ status: 'left', reason: undefined })
    expect(asked(1)).toEqual([])
    await say(pub(2))
    two.leave()
    await turn()
    expect(asked(1)).toEqual([{ leave: ['room:1'] }])
    await say(pub(3))
    expect(got).toEqual([[1], [1, 2]])
    expect([one.position?.offset, two.position?.offset]).toEqual([1, 2])
  })

  it('that continue from a position report what the others have received since as a gap, before anything newer', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const since = (offset: number, epoch = 'e') => ({ epoch, offset, id: `p${offset}` })
    const got: unknown[][] = [record(channel(client, 'room:1'))]
    const open = (...from: Parameters<typeof since>): void => {
      got.push(record(channel(client, 'room:1', { since: since(...from) })))
    }
    open(2)
    open(3)
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(3), missed: 0 })
    await say(pub(4))
    expect(got.splice(0)).toEqual([[4], ['gap 1', 4], [4]])
    open(4)
    open(1)
    open(4, 'f')
    open(9)
    await settleMicrotasks()
    await say(pub(5))
    expect(got).toEqual([[5], ['gap 3', 5], ['gap undefined', 5], ['gap undefined', 5]])
  })

  it('that continue from a position in a handler report the gap before the rest of the pack', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const room = channel(client, 'room:1')
    let got: unknown[] = []
    room.on('message', (data) => {
      if (data === 2) got = record(channel(client, 'room:1', { since: { epoch: 'e', offset: 0, id: '' } }))
    })
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say([pub(1), pub(2), pub(3)])
    expect(got).toEqual(['gap 2', 3])
  })

  it('that continue from a position and are left in that turn report nothing', async () => {
    const { client, liveWithChannels, tell, reported } = setUpChannels()
    channel(client, 'room:1')
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(3), missed: 0 })
    const left = channel(client, 'room:1', { since: { epoch: 'e', offset: 1, id: 'p1' } })
    const got = record(left)
    left.leave()
    await settleMicrotasks()
    expect([got, reported]).toEqual([[], []])
  })

  it('can be left and opened in handlers', async () => {
    const { client, liveWithChannels, tell, say } = setUpChannels()
    const [one, two] = [channel(client, 'room:1'), channel(client, 'room:1')]
    const got: unknown[] = []
    one.on('message', (data) => {
      got.push(`one ${String(data)}`)
      two.leave()
      if (data === 1) channel(client, 'room:1').on('message', (later) => got.push(`three ${String(later)}`))
    })
    two.on('message', (data) => got.push(`two ${String(data)}`))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say([pub(1), pub(2)])
    expect(got).toEqual(['one 1', 'one 2', 'three 2'])
  })

  it('join, leave and join in one turn as one join, and nothing of the earlier one is taken', async () => {
    const { client, liveWithChannels, tell, say, asked, turn } = setUpChannels()
    await liveWithChannels()
    channel(client, 'room:1').leave()
    const first = channel(client, 'room:1')
    await turn()
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 1 }])
    await tell({ joined: 'room:1', n: 1, at: at(3), missed: 0 })
    first.leave()
    const got = record(channel(client, 'room:1'))
    await turn()
    expect(asked(1)).toEqual([{ join: [['room:1', null]], n: 2 }])
    await say(pub(4))
    await tell({ refused: 'room:1', why: 'left' }, { joined: 'room:1', n: 2, at: at(4), missed: 0 })
    await say(pub(5))
    expect(got).toEqual([5])
  })

  it('that left before the server heard of them leave no trace', async () => {
    const { client, liveWithChannels, asked } = setUpChannels()
    channel(client, 'room:1').leave()
    await liveWithChannels()
    expect(asked()).toEqual([])
  })
})

describe('the end of the client', () => {
  it('ends its channels, in any handler', async () => {
    const { client, liveWithChannels, tell, say, clock } = setUpChannels()
    const [one, two] = [channel(client, 'room:1'), channel(client, 'room:2')]
    const states: unknown[] = []
    one.subscribe(() => states.push(one.state))
    const got = record(one)
    one.on('message', () => void client.dispose())
    one.on('message', () => got.push('after'))
    await liveWithChannels()
    await tell(
      { joined: 'room:1', n: 1, at: at(0), missed: 0 },
      { joined: 'room:2', n: 1, at: at(0), missed: 0 },
    )
    await say([pub(1), pub(2)])
    expect(got.filter((value) => value !== 'after')).toEqual([1])
    for (const room of [one, two, channel(client, 'room:3')])
      expect(room.state).toEqual({ status: 'left', reason: 'disposed' })
    expect(states).toContainEqual({ status: 'left', reason: 'disposed' })
    await expect(one.publish('message', 1)).rejects.toMatchObject({ code: 'disposed' })
    await expect(two.history()).rejects.toMatchObject({ code: 'disposed' })
    expect(clock.pending).toBe(0)
  })

  it.each(['gap', 'recovered', 'joined', 'refused'] as const)(
    'may come in a listener of %s',
    async (kind) => {
      const { client, liveWithChannels, tell, say, clock, reported } = setUpChannels()
      const room = channel(client, 'room:1', { since: { epoch: 'e', offset: 1, id: 'p1' } })
      room.watch(kind, () => void client.dispose())
      await liveWithChannels()
      if (kind === 'refused') await tell({ refused: 'room:1', n: 1, why: 'forbidden' })
      else if (kind === 'gap') await tell({ joined: 'room:1', n: 1, at: at(1), gap: 1 })
      else {
        await tell({ joined: 'room:1', n: 1, at: at(2), missed: 1 })
        await say(pub(2))
      }
      expect(room.state).toEqual({ status: 'left', reason: 'disposed' })
      expect(reported).toEqual([])
      expect(clock.pending).toBe(0)
    },
  )

  it('is not disconnect(), after which channels are joined again', async () => {
    const { client, liveWithChannels, tell, network, asked, clock, say, ok } = setUpChannels()
    const room = channel(client, 'room:1')
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(4), missed: 0 })
    const closed = client.disconnect()
    network.last.end(1000)
    await closed
    expect(room.state.status).toBe('joining')
    void client.connect()
    await clock.advance(1_000)
    network.last.open()
    await say(['holdfast', { v: 1 }], ok({ session: 's2', channels: true }))
    expect(asked()).toEqual([{ join: [['room:1', at(4)]], n: 2 }])
  })
})

describe('what a server may not say', () => {
  it.each([
    ['no object', null],
    ['a join without a number', { joined: 'room:1', at: at(0), missed: 0 }],
    ['an answer that contradicts the position', { joined: 'room:1', n: 1, at: at(9), missed: 2 }],
    ['another epoch without a gap', { joined: 'room:1', n: 1, at: at(5, 'f'), missed: 0 }],
    ['a position that is none', { gap: 'room:1', at: ['e', -1, ''], missed: 0 }],
    ['a refusal without a reason', { refused: 'room:1', n: 1 }],
    ['members that are none', { here: 'room:1', v: 1, all: [[5, null]] }],
  ])('%s ends the session', async (_, content) => {
    const { client, liveWithChannels, say, network } = setUpChannels()
    channel(client, 'room:1', { since: { epoch: 'e', offset: 5, id: 'p5' } })
    await liveWithChannels()
    await say(['channel', content])
    expect(network.last.closes).toEqual([[4400]])
  })

  it.each([{ channel: 'room:1' }, { channel: 'room:1', at: [1] }, { channel: 'room:1', at: [1.5, 'x'] }])(
    'a publication with %o ends the session',
    async (meta) => {
      const { client, liveWithChannels, say, network } = setUpChannels()
      channel(client, 'room:1')
      await liveWithChannels()
      await say([0, 0, 'message', 1, meta])
      expect(network.last.closes).toEqual([[4400]])
    },
  )

  it('is not what it says of other channels, or in a later version', async () => {
    const { client, liveWithChannels, say, tell } = setUpChannels()
    await liveWithChannels()
    await tell({ joined: 'room:2', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    channel(client, 'room:1')
    await tell({ joined: 'room:2', n: 1, at: at(0), missed: 0 }, { news: 'room:1' })
    await say(pub(1, 1, 'room:2'))
    expect(client.state.status).toBe('open')
  })
})
