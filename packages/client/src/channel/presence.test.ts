import { describe, expect, it, vi } from 'vitest'
import { at, pub, record, setUpChannels } from '../../test/support/set-up-channels.ts'
import { channel } from '../index.ts'
import type { Channel } from '../index.ts'

const ada = { key: 's1', identity: 'ada', data: { name: 'Ada' } }
const bob = { key: 's2', identity: null, data: undefined }
const wireAda = ['s1', 'ada', { name: 'Ada' }]
const wireBob = ['s2', null]

function recordMembers({ presence }: Channel): unknown[] {
  const changes: unknown[] = []
  for (const kind of ['join', 'leave', 'update'] as const)
    presence.on(kind, ({ key }) => changes.push(`${kind} ${key}`))
  return changes
}

/** A channel with presence, joined by its first join. */
async function setUpPresence() {
  const given = setUpChannels()
  const room = channel(given.client, 'room:1')
  const { presence } = room
  const changes = recordMembers(room)
  await given.liveWithChannels()
  await given.tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
  return { ...given, room, presence, changes }
}

describe('presence', () => {
  it('is asked for with the join, or with another one after its first use', async () => {
    const { client, liveWithChannels, asked, turn, tell } = setUpChannels()
    const room = channel(client, 'room:1')
    void channel(client, 'room:2').presence
    await liveWithChannels()
    expect(asked()).toEqual([
      {
        join: [
          ['room:1', null],
          ['room:2', null, { presence: true }],
        ],
        n: 1,
      },
    ])
    // While the answer is under way.
    void room.presence
    await turn()
    await tell({ joined: 'room:1', n: 1, at: at(3), missed: 0 })
    void room.presence
    await turn()
    expect(asked(1)).toEqual([{ join: [['room:1', at(3), { presence: true }]], n: 2 }])
  })

  it('is no recovery when it is first used after the channel was joined, whatever is published meanwhile', async () => {
    const { client, liveWithChannels, tell, say, asked, turn } = setUpChannels()
    const room = channel(client, 'room:1')
    const got = record(room)
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1))
    void room.presence
    await turn()
    expect(asked(1)).toEqual([{ join: [['room:1', at(1), { presence: true }]], n: 2 }])
    // Both ends process in order: the client drops what crosses its join, and the answer brings it again.
    await say(pub(2))
    await tell({ joined: 'room:1', n: 2, at: at(2), missed: 1 })
    await say(pub(2), pub(3))
    expect(got).toEqual([1, 2, 3])
  })

  it('has the members that the server sends, and their changes', async () => {
    const { presence, changes, tell } = await setUpPresence()
    const changed = vi.fn()
    presence.subscribe(changed)
    expect(presence.state).toEqual({ members: [], isKnown: false })
    await tell({ here: 'room:1', v: 4, all: [wireAda], more: true }, { here: 'room:1', v: 4, all: [wireBob] })
    expect(presence.state).toEqual({ members: [ada, bob], isKnown: true })
    const { members } = presence.state
    await tell({
      here: 'room:1',
      v: 5,
      set: [
        ['s2', null, 1],
        ['s3', 'eve'],
      ],
      gone: ['s1'],
    })
    expect(presence.state.members.map(({ key }) => key)).toEqual(['s2', 's3'])
    expect(members).toEqual([ada, bob])
    await tell({ here: 'room:1', v: 5, gone: ['s3'] }, { here: 'room:1', v: 6 })
    expect(changes).toEqual(['join s1', 'join s2', 'leave s1', 'update s2', 'join s3'])
    expect(changed).toHaveBeenCalledTimes(2)
  })

  it('is known of a channel without members, too', async () => {
    const { presence, tell } = await setUpPresence()
    const changed = vi.fn()
    presence.subscribe(changed)
    await tell({ here: 'room:1', v: 0, all: [] })
    expect(presence.state).toEqual({ members: [], isKnown: true })
    expect(changed).toHaveBeenCalledTimes(1)
  })

  it('joins again when it misses a version', async () => {
    const { presence, tell, asked } = await setUpPresence()
    await tell({ here: 'room:1', v: 4, all: [wireAda] }, { here: 'room:1', v: 6, set: [wireBob] })
    expect(asked(1)).toEqual([{ join: [['room:1', at(0), { presence: true }]], n: 2 }])
    // Of the subscription before.
    await tell({ here: 'room:1', v: 5, gone: ['s1'] }, { here: 'room:1', v: 7, all: [wireBob], more: true })
    expect(presence.state.members).toEqual([ada])
    await tell(
      { joined: 'room:1', n: 2, at: at(0), missed: 0 },
      { here: 'room:1', v: 6, all: [wireAda, wireBob] },
    )
    expect(presence.state.members).toEqual([ada, bob])
  })

  it('survives a reconnect without flicker: only the differences are changes', async () => {
    const { presence, changes, tell, reconnect } = await setUpPresence()
    await tell({ here: 'room:1', v: 1, all: [wireAda, wireBob] })
    const { state } = presence
    changes.length = 0
    await reconnect()
    expect(presence.state).toBe(state)
    // A change that does not follow anything that this connection has brought.
    await tell({ joined: 'room:1', n: 2, at: at(0), missed: 0 }, { here: 'room:1', v: 2, gone: ['s1'] })
    await tell({ here: 'room:1', v: 7, all: [wireAda, ['s2', null]] })
    expect(presence.state).toBe(state)
    await tell({ here: 'room:1', v: 8, set: [wireAda] })
    expect(presence.state).toBe(state)
    await reconnect({ session: 's2', lost: { why: 'unknown', rx: null, missed: null } })
    await tell(
      { joined: 'room:1', n: 3, at: at(0), missed: 0 },
      { here: 'room:1', v: 1, all: [wireAda, ['s9', null]] },
    )
    expect(changes).toEqual(['leave s2', 'join s9'])
    expect(presence.state.members[0]).toBe(state.members[0])
  })

  it('is empty when the server ends the subscription, or the handle leaves', async () => {
    const { client, room, presence, changes, tell, turn } = await setUpPresence()
    await tell({ here: 'room:1', v: 1, all: [wireAda] }, { refused: 'room:1', why: 'kicked' })
    expect(presence.state).toEqual({ members: [], isKnown: false })
    expect(changes).toEqual(['join s1', 'leave s1'])
    room.leave()
    const again = channel(client, 'room:1')
    const changed = vi.fn()
    again.presence.subscribe(changed)
    await turn()
    await tell({ joined: 'room:1', n: 2, at: at(0), missed: 0 }, { here: 'room:1', v: 9, all: [wireBob] })
    expect(again.presence.state.members).toEqual([bob])
    again.leave()
    expect(again.presence.state).toEqual({ members: [], isKnown: false })
    expect(changed).toHaveBeenCalledTimes(2)
    expect(channel(client, 'room:2').presence.state).toEqual({ members: [], isKnown: false })
  })

  it('is not disturbed by the members of a channel whose handles do not use it', async () => {
    const { client, liveWithChannels, tell } = setUpChannels()
    const room = channel(client, 'room:1')
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 }, { here: 'room:1', v: 1, all: [wireAda] })
    expect(room.state.status).toBe('joined')
  })
})

describe('the data of a client as a member', () => {
  it('goes with the join, then by itself, once a turn, and with each join that follows', async () => {
    const { client, liveWithChannels, tell, asked, turn, reconnect } = setUpChannels()
    const { presence } = channel(client, 'room:1')
    presence.set('reading')
    await liveWithChannels()
    expect(asked()).toEqual([{ join: [['room:1', null, { presence: true, data: 'reading' }]], n: 1 }])
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    presence.set('typing')
    presence.set({ is: 'typing' })
    await turn()
    expect(asked(1)).toEqual([{ data: ['room:1', { is: 'typing' }] }])
    await reconnect()
    expect(asked()).toEqual([{ join: [['room:1', at(0), { presence: true, data: { is: 'typing' } }]], n: 2 }])
    presence.set(undefined)
    await turn()
    expect(asked(1)).toEqual([{ data: ['room:1'] }])
    await reconnect()
    expect(asked()).toEqual([{ join: [['room:1', at(0), { presence: true }]], n: 3 }])
  })

  it('must be JSON that the server takes, and a kind of change must exist', async () => {
    const { client, liveWithChannels, asked } = setUpChannels()
    const room = channel(client, 'room:1')
    await liveWithChannels({ maxPayload: 2_048 })
    const tooDeep: unknown = JSON.parse('['.repeat(61) + ']'.repeat(61))
    for (const data of [1n, () => 1, 'x'.repeat(2_048), tooDeep])
      expect(() => room.presence.set(data)).toThrow(expect.objectContaining({ code: 'misuse' }))
    expect(() => room.presence.on('joined' as never, () => {})).toThrow(/not one of join, leave, update/)
    expect(() => room.watch('join' as never, () => {})).toThrow(/not one of joined, refused, recovered, gap/)
    expect(asked(1)).toEqual([])
  })

  it('is set by a handle that was left no more', async () => {
    const { client, liveWithChannels, asked, turn } = setUpChannels()
    await liveWithChannels()
    const [one, two] = [channel(client, 'room:1'), channel(client, 'room:1')]
    one.leave()
    one.presence.set('x')
    await turn()
    expect(asked()).toEqual([{ join: [['room:1', null]], n: 1 }])
    expect(two.state.status).toBe('joining')
  })
})
