import { describe, expect, it } from 'vitest'
import { newcomer, resuming, setUp } from '../test/support/set-up.ts'

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const header = (text: string, ...bytes: number[]): Uint8Array =>
  new Uint8Array([0, text.length, ...new TextEncoder().encode(text), ...bytes])
const most = Number.MAX_SAFE_INTEGER

describe('a client that breaks the rules', () => {
  it.each<[string, unknown, number]>([
    ['text that is no JSON', '[1,0,"a"', 4400],
    ['an object', {}, 4400],
    ['a number', '7', 4400],
    ['null', 'null', 4400],
    ['an empty message', '', 4400],
    ['an empty array', [], 4400],
    ['an empty frame', [[]], 4400],
    ['a frame of one', [1], 4400],
    ['a frame of six', [1, 0, 'a', 1, {}, 1], 4400],
    ['a frame that is text', [[1, 0, 'a'], 'b'], 4400],
    [
      'a control in a pack',
      [
        [1, 0, 'a'],
        ['a', 0],
      ],
      4400,
    ],
    ['a negative number', [-1, 0, 'a'], 4400],
    ['half a number', [0.5, 0, 'a'], 4400],
    ['number 2^53', [2 ** 53, 0, 'a'], 4400],
    ['a number that is text', [['1', 0, 'a']], 4400],
    ['a number that is null', [[null, 0, 'a']], 4400],
    ['an ack that is text', [1, '0', 'a'], 4400],
    ['a negative ack', [1, -1, 'a'], 4400],
    ['an ack that is missing', [1, null, 'a'], 4400],
    ['an ack of the future', [1, 1, 'a'], 4400],
    ['an ack of 2^53 - 1', [1, most, 'a'], 4400],
    ['an ack of the future in a control', ['a', 1], 4400],
    ['an ack of the future in a ping', ['p', 1], 4400],
    ['an ack of the future in a pong', ['q', 1], 4400],
    ['a gap', [2, 0, 'a'], 4425],
    ['a gap of 2^53', [most, 0, 'a'], 4425],
    [
      'a gap in a pack',
      [
        [1, 0, 'a'],
        [3, 0, 'a'],
      ],
      4425,
    ],
    ['a void gap', [2, 0], 4425],
    ['a name that is a number', [1, 0, 7], 4400],
    ['a name that is an object', [1, 0, {}], 4400],
    ['a name of 1,025 units', [1, 0, 'x'.repeat(1_025)], 4400],
    ['no name and no kind', [1, 0, null], 4400],
    ['no name and no meta', [1, 0, null, 1], 4400],
    ['a meta that is text', [1, 0, 'a', 1, 'meta'], 4400],
    ['a meta that is null', [1, 0, 'a', 1, null], 4400],
    ['a meta that is an array', [1, 0, 'a', 1, []], 4400],
    ['an empty meta without a name', [1, 0, null, 1, {}], 4400],
    ['raw data that is an object', [1, 0, null, {}, { raw: true }], 4400],
    ['a request without a name', [1, 0, null, 1, { id: 1 }], 4400],
    ['a request whose id is text', [1, 0, 'a', 1, { id: '1' }], 4400],
    ['a request whose id is negative', [1, 0, 'a', 1, { id: -1 }], 4400],
    ['a volatile request', [0, 0, 'a', 1, { id: 1 }], 4400],
    ['an answer to nothing', [1, 0, null, 1, { re: null }], 4400],
    ['an error that is no text', [1, 0, null, 1, { re: 1, error: 7 }], 4400],
    ['an error whose message is no text', [1, 0, null, 1, { re: 1, error: 'x', message: {} }], 4400],
    ['a second greeting', ['hi', newcomer], 4400],
    ['a control of the server', ['renew'], 4400],
    ['another control of the server', ['drain', { after: [0, 0], within: 0 }], 4400],
    ['a control of nobody', ['hello'], 4400],
    ['an ack without a number', ['a'], 4400],
    ['an ack that is an object', ['a', {}], 4400],
    ['a token that is no text', ['token', 7], 4400],
    ['a bye without a cursor', ['bye'], 4400],
    ['a bye of the future', ['bye', { rx: 1 }], 4400],
    ['a bye with a cursor that is text', ['bye', { rx: '0' }], 4400],
    ['4,097 frames', `[${Array.from({ length: 4_097 }, () => '[0,0]').join()}]`, 4400],
    ['data 65 deep', `[1,0,"a",${nested(65)}]`, 1007],
    ['data 100,000 deep', `[1,0,"a",${nested(100_000)}]`, 1007],
    ['100,001 elements', `[1,0,"a",[${Array.from({ length: 100_001 }, () => '1').join()}]]`, 1007],
    ['100,001 keys in a pack', `[[1,0,"a",{"x":[${'1,'.repeat(99_999)}1]}],[2,0,"a",[1]]]`, 1007],
    ['no bytes', new Uint8Array(), 4400],
    ['one byte', new Uint8Array(1), 4400],
    ['a header that is cut off', header('[1,0,"a"]').subarray(0, 6), 4400],
    ['a header longer than the message', new Uint8Array([255, 255, 91]), 4400],
    ['a header of length 0', new Uint8Array([0, 0, 1]), 4400],
    ['a header that is no UTF-8', new Uint8Array([0, 2, 255, 255]), 4400],
    ['a header that is a control', header('["a",0]'), 4400],
    ['a header that is a pack of two', header('[[1,0,"a"],[2,0,"a"]]'), 4400],
    ['a header with data', header('[1,0,"a",1]', 1), 4400],
    ['a header without a name', header('[1,0]', 1), 4400],
  ])('loses its connection, and nobody else anything: %s', async (_, message, code) => {
    const { clock, hub, dial, join, peers, heard, reported } = setUp({ sessionTimeout: 1_000 })
    const got: unknown[] = []
    hub.on('well', (data) => got.push(data))
    const other = await join({ client: 'other' })
    const client = await join()
    await client.say(message)
    expect(client.socket.closedWith?.code).toBe(code)
    expect(heard.at(-1)).toEqual(['refused', { code, why: expect.any(String) as string }])
    expect(hub.peers.has(client.ok.session)).toBe(code !== 4400)
    expect(peers[1]!.isConnected).toBe(false)

    await other.say([1, 0, 'well', 1])
    expect(got).toEqual([1])
    expect(other.socket.closedWith).toBeUndefined()
    // Nothing is left of it but the tombstone.
    await clock.advance(2_000)
    expect(hub.stats()).toMatchObject({ sessions: 1, connections: 1, tombstones: 1, bufferedMessages: 0 })
    const back = await dial().greet(resuming(client.ok, 0))
    expect(back.lost?.why).toBe(code === 4400 ? 'protocol' : 'expired')
    expect(reported).toEqual([])
  })

  it('resumes after a gap where it was', async () => {
    const { dial, join } = setUp()
    const client = await join()
    await client.say([
      [1, 0, 'a'],
      [3, 0, 'a'],
    ])
    const back = dial()
    expect((await back.greet(resuming(client.ok, 0))).rx).toBe(1)
  })

  it('may send what the wire does not know yet', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.onAny((name) => got.push(name))
    const client = await join()
    await client.say([
      [1, 0, 'a', 1, { colour: 'red' }],
      [2, 0],
      [0, 0],
    ])
    await client.say(['a', 0, 'extra'])
    expect(client.socket.closedWith).toBeUndefined()
    expect(got).toEqual(['a'])
  })

  it('is not read any more', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.onAny((name) => got.push(name))
    const client = await join()
    client.socket.isPolite = false
    await client.say('nonsense')
    await client.say([1, 0, 'a'])
    expect(got).toEqual([])
    expect(client.take()).toEqual([])
  })
})
