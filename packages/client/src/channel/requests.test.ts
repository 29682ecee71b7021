import { describe, expect, it } from 'vitest'
import { at, pub, setUpChannels } from '../../test/support/set-up-channels.ts'
import { channel, schemas } from '../index.ts'
import type { InvalidMessage, StandardSchema } from '../index.ts'

const text: StandardSchema<string, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'string' ? { value: value.toUpperCase() } : { issues: [{ message: 'no text' }] },
  },
}
const contract = schemas({ channels: { room: { message: text } } })
const isFrame = (message: unknown): boolean => typeof (message as unknown[])[0] === 'number'
const reason = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('publishing', () => {
  it('is a request with an id, and resolves to the position', async () => {
    const { client, liveWithChannels, say, heard, turn } = setUpChannels()
    await liveWithChannels()
    const room = channel(client, 'room:1')
    const published = room.publish('message', { text: 'hi' })
    const repeated = room.publish('message', undefined, { id: 'mine' })
    await turn()
    expect(heard().filter(isFrame)).toEqual([
      [1, 0, 'message', { text: 'hi' }, { id: 1, channel: 'room:1', pub: expect.any(String) }],
      [2, 0, 'message', null, { id: 2, channel: 'room:1', pub: 'mine', absent: true }],
    ])
    await say([1, 2, null, ['e', 5, 'x'], { re: 1 }], [2, 2, null, ['e', 6, 'mine'], { re: 2 }])
    expect(await published).toEqual({ epoch: 'e', offset: 5, id: 'x' })
    expect(await repeated).toEqual({ epoch: 'e', offset: 6, id: 'mine' })
  })

  it('rejects with the reason of the server, and as a request does', async () => {
    const { client, liveWithChannels, say, reconnect, turn } = setUpChannels()
    await liveWithChannels()
    const room = channel(client, 'room:1')
    const [refused, lost, odd] = [1, 2, 3].map((n) => reason(room.publish('message', n)))
    await turn()
    const aborted = reason(room.publish('message', 4, { signal: AbortSignal.abort() }))
    await say(
      [1, 0, null, null, { re: 1, error: 'forbidden', message: 'no' }],
      [2, 0, null, { id: 'x' }, { re: 3 }],
    )
    expect(await refused).toMatchObject({ code: 'remote', reason: 'forbidden', message: 'no' })
    expect(await odd).toMatchObject({ code: 'invalid', data: { id: 'x' } })
    expect(await aborted).toMatchObject({ code: 'aborted' })
    await reconnect({ session: 's2', lost: { why: 'unknown', rx: null, missed: null } })
    expect(await lost).toMatchObject({ code: 'unknown' })
  })

  it('waits for a connection, and survives a broken one', async () => {
    const { client, liveWithChannels, heard, reconnect, say } = setUpChannels()
    const room = channel(client, 'room:1')
    const published = room.publish('message', 1, { id: 'x' })
    await liveWithChannels()
    await reconnect()
    expect(heard()).toContainEqual([1, 0, 'message', 1, { id: 1, channel: 'room:1', pub: 'x' }])
    await say([1, 1, null, ['e', 1, 'x'], { re: 1 }])
    expect(await published).toEqual({ epoch: 'e', offset: 1, id: 'x' })
  })

  it('throws for what it cannot send, and once the channel was left', () => {
    const { client } = setUpChannels()
    const room = channel(client, 'room:1')
    for (const call of [
      () => room.publish('message', 1n),
      () => room.publish(5 as never, 1 as never),
      () => room.publish('message', 1, { id: '' }),
      () => room.publish('message', 1, { id: 'x'.repeat(65) }),
      () => room.publish('message', 1, { timeout: -1 }),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'misuse' }))
    room.leave()
    expect(() => room.publish('message', 1)).toThrow(/was left/)
    expect(() => room.history()).toThrow(/was left/)
  })
})

describe('the history', () => {
  it('is read by a request', async () => {
    const { client, liveWithChannels, say, heard, turn } = setUpChannels()
    await liveWithChannels()
    const room = channel(client, 'room:1')
    const last = reason(room.history())
    const older = room.history({ limit: 2, before: 7 })
    await turn()
    expect(heard().filter(isFrame)).toEqual([
      [1, 0, 'history', { limit: 100 }, { id: 1, channel: 'room:1' }],
      [2, 0, 'history', { limit: 2, before: 7 }, { id: 2, channel: 'room:1' }],
    ])
    const publications = [
      [5, 'p5', 'message', 'a'],
      [6, 'p6', 'message'],
    ]
    await say([1, 2, null, { epoch: 'e', publications, more: true }, { re: 2 }])
    expect(await older).toEqual({
      epoch: 'e',
      publications: [
        { epoch: 'e', offset: 5, id: 'p5', event: 'message', data: 'a' },
        { epoch: 'e', offset: 6, id: 'p6', event: 'message', data: undefined },
      ],
      more: true,
    })
    await say([2, 2, null, { epoch: 'e', publications: [5] }, { re: 1 }])
    expect(await last).toMatchObject({ code: 'invalid' })
  })
})

describe('a contract of schemas', () => {
  it('refuses kinds that it does not have', () => {
    const { client } = setUpChannels({ contract } as never)
    expect(() => channel(client, 'rooms:1')).toThrow(/'rooms' is not a kind of channels in the contract/)
  })

  it('checks what is published, and not the answer', async () => {
    const { client, liveWithChannels, say, turn } = setUpChannels({ contract } as never)
    await liveWithChannels()
    const room = channel(client, 'room:1')
    const published = room.publish('message', 'x')
    expect(() => room.publish('message', 5)).toThrow(/does not fit its schema: no text/)
    expect(() => room.publish('other', 'x')).toThrow(/not an event in the contract/)
    await turn()
    await say([1, 1, null, ['e', 1, 'x'], { re: 1 }])
    expect(await published).toEqual({ epoch: 'e', offset: 1, id: 'x' })
  })

  it('gives handlers what the schema makes of the data, and reports what does not fit', async () => {
    const { client, liveWithChannels, say, tell, turn } = setUpChannels({ contract } as never)
    const invalid: InvalidMessage[] = []
    client.watch('invalid', (message) => invalid.push(message))
    const room = channel(client, 'room:1')
    const got: unknown[] = []
    room.on('message', (data, publication) => got.push(data, publication.data))
    await liveWithChannels()
    await tell({ joined: 'room:1', n: 1, at: at(0), missed: 0 })
    await say(pub(1, 'a'), pub(2, 5), pub(3, 'b', 'room:1', 'other'), pub(4, 'c'))
    expect(got).toEqual(['A', 'A', 'C', 'C'])
    expect(invalid).toEqual([
      { reason: 'schema', name: 'message', channel: 'room:1', data: 5, issues: [{ message: 'no text' }] },
      { reason: 'unknown-name', name: 'other', channel: 'room:1', data: 'b' },
    ])
    const history = room.history()
    await turn()
    await say([
      1,
      1,
      null,
      {
        epoch: 'e',
        publications: [
          [1, 'p1', 'message', 'a'],
          [2, 'p2', 'message', 5],
        ],
        more: false,
      },
      { re: 1 },
    ])
    expect((await history).publications.map(({ data }) => data)).toEqual(['A'])
    expect(invalid).toHaveLength(3)
  })
})
