import { createClient, session } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { next, reach } from '../support/stage.ts'
import { goodOk, startLiar } from './liar.ts'
import type { Liar } from './liar.ts'
import { outcomes } from './pair.ts'

expectNothingLeft()

/** Whatever the client cannot cope with is thrown, and fails the test. */
async function setScene(
  options: Partial<ClientOptions> = {},
): Promise<{ liar: Liar; client: Client; got: unknown[] } & AsyncDisposable> {
  const liar = await startLiar()
  const client = createClient({ url: liar.url, wire: session(), backoff: () => 1, ...options })
  const got: unknown[] = []
  client.onAny((...event) => got.push(event))
  client.onRaw((data) => got.push(data))
  client.watch('invalid', (message) => got.push(message))
  void client.connect()
  return {
    liar,
    client,
    got,
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await liar[Symbol.asyncDispose]()
    },
  }
}

const header = (text: string, ...rest: number[]): Uint8Array =>
  new Uint8Array([text.length >> 8, text.length & 255, ...Buffer.from(text), ...rest])
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

const before: Record<string, unknown> = {
  'data before ok': [1, 0, 'x', 1],
  'a second banner': ['holdfast', { v: 1 }],
  bytes: header('[1,0,"x"]'),
  'no JSON': '["ok",',
  'ok without a session': ['ok', { ...goodOk, session: '' }],
  'ok with a key that is a number': ['ok', { ...goodOk, key: 1 }],
  'ok with a cursor below 0': ['ok', { ...goodOk, rx: -1 }],
  'ok with a cursor above 2⁵³': ['ok', { ...goodOk, rx: 2 ** 53 }],
  'ok with a window of zero': ['ok', { ...goodOk, window: [0, 1] }],
  'ok with half a window': ['ok', { ...goodOk, window: [1] }],
  'ok with no room for a frame': ['ok', { ...goodOk, maxPayload: 10 }],
  'ok with pings all the time': ['ok', { ...goodOk, ping: 0 }],
  'ok with an identity that is an object': ['ok', { ...goodOk, identity: {} }],
  'ok with a loss of no kind': ['ok', { ...goodOk, lost: { why: 1, rx: null, missed: null } }],
  'ok with a loss of a negative number': ['ok', { ...goodOk, lost: { why: 'x', rx: -1, missed: null } }],
  'ok without content': ['ok'],
  'ok with null': ['ok', null],
}

/** What breaks the rules once the session is there, and the close code for it. */
const after: Record<string, readonly [message: unknown, code: number]> = {
  'no JSON': ['[1,0,', 4400],
  'an empty text': ['', 4400],
  'an empty array': [[], 4400],
  'an object': [{ type: 'x' }, 4400],
  'a number': ['7', 4400],
  'an unknown control': [['x'], 4400],
  'a control of the client': [['token', 'x'], 4400],
  'a greeting': [['hi', { v: 1 }], 4400],
  'a second ok': [['ok', goodOk], 4400],
  'a second banner': [['holdfast', { v: 1 }], 4400],
  'a ping without a number': [['p'], 4400],
  'an ack that is text': [['a', '1'], 4400],
  'a bye without a cursor': [['bye', {}], 4400],
  'a drain to the past': [['drain', { after: [5, 1], within: 1 }], 4400],
  'a drain without an end': ['["drain",{"after":[0,1e999],"within":1}]', 4400],
  'a number below 0': [[-1, 0, 'x', 1], 4400],
  'a fraction': [[1.5, 0, 'x', 1], 4400],
  'a number above 2⁵³': [`[9007199254740992,0,"x",1]`, 4400],
  'a number that is null': [[null, 0, 'x', 1], 4400],
  'an ack that is an object': [[1, {}, 'x', 1], 4400],
  'a name that is a number': [[1, 0, 7, 1], 4400],
  'a name that is too long': [[1, 0, 'x'.repeat(1_025), 1], 4400],
  'no name and no meta': [[1, 0, null, 1], 4400],
  'meta that is text': [[1, 0, 'x', 1, 'meta'], 4400],
  'meta that is an array': [[1, 0, 'x', 1, []], 4400],
  'a request without a name': [[1, 0, null, 1, { id: 1 }], 4400],
  'an answer with a name': [[1, 0, 'x', 1, { re: 1 }], 4400],
  'two kinds at once': [[1, 0, 'x', 1, { id: 1, raw: true }], 4400],
  'an id that is text': [[1, 0, 'x', 1, { id: '1' }], 4400],
  'raw data that is a number': [[1, 0, null, 1, { raw: true }], 4400],
  'six elements': [[1, 0, 'x', 1, {}, 1], 4400],
  'one element': [[1], 4400],
  'a pack with a control': [
    [
      [1, 0, 'x', 1],
      ['a', 0],
    ],
    4400,
  ],
  'a pack in a pack': [[[[1, 0, 'x', 1]]], 4400],
  'more than 4,096 frames': [Array.from({ length: 4_097 }, () => [0, 0, 'x']), 4400],
  'a million frames': [`[${'[0,0],'.repeat(1_000_000)}[0,0]]`, 4400],
  'an ack of the future': [[1, 1, 'x', 1], 4400],
  'an ack of the far future': [['a', Number.MAX_SAFE_INTEGER], 4400],
  'a ping with an ack of the future': [['p', 1], 4400],
  'no bytes': [new Uint8Array(), 4400],
  'half a length': [new Uint8Array([0]), 4400],
  'a header that is cut off': [header('[1,0,"x"]').subarray(0, 6), 4400],
  'a header that is no JSON': [header('nonsense!'), 4400],
  'a header that is no UTF-8': [new Uint8Array([0, 2, 0xc3, 0x28]), 4400],
  'a header with data': [header('[1,0,"x",1]'), 4400],
  'a header that is a void frame': [header('[1,0]'), 4400],
  'a header that is a pack': [header('[[1,0,"x"]]'), 4400],
  'a gap': [[2, 0, 'x', 1], 4425],
  'a gap of 2⁵³': [[Number.MAX_SAFE_INTEGER, 0, 'x', 1], 4425],
  'data that nests too deep': [`[1,0,"x",${nested(65)}]`, 4422],
  'data that nests far too deep': [`[1,0,"x",${nested(1_000_000)}]`, 4422],
  'meta that nests too deep': [`[1,0,"x",1,{"x":${nested(65)}}]`, 4422],
  'more than 100,000 elements': [[1, 0, 'x', Array(100_001).fill(0)], 4422],
  'a message over the limit': [[1, 0, 'x', 'x'.repeat(2_000_000)], 4413],
  'bytes over the limit': [header('[1,0,"x"]', ...new Uint8Array(2_000)), 4413],
}

describe('a server that breaks the protocol', () => {
  test.each(Object.entries(before))('by %s in the greeting is left with 4400', async (_, message) => {
    await using scene = await setScene()
    const { liar, client, got } = scene
    const sent = client.send('up', 'kept')
    const first = await liar.dialed()
    await first.greet()
    first.say(message)
    expect(await first.closed).toBe(4400)
    // What was never written stays, for a server that keeps to the rules.
    const second = await liar.dialed()
    await second.open()
    expect(await second.next()).toEqual([1, 0, 'up', 'kept'])
    second.say(['a', 1])
    expect(await outcomes([sent])).toEqual(['delivered'])
    expect(got).toEqual([])
  })

  test.each(Object.entries(after))(
    'by %s is left with the code for that, and hands on nothing',
    async (name, [message, code]) => {
      const maxPayloadBytes =
        name === 'bytes over the limit' ? 1_024 : name.includes('limit') ? 1_048_576 : 2 ** 24
      await using scene = await setScene({ wire: session({ maxPayloadBytes }) })
      const { liar, client, got } = scene
      const first = await liar.dialed()
      await first.open()
      const losses: unknown[] = []
      client.watch('lost', (loss) => losses.push(loss))
      first.say(message, [1, 0, 'after', 1])
      expect(await first.closed).toBe(code)

      const sent = client.send('up', 'kept')
      const second = await liar.dialed()
      const hi = await second.greet()
      // It gives up the session of a server that cannot be relied on, and resumes one with a fault on the way.
      const isResumed = code !== 4400
      expect(hi.session).toBe(isResumed ? 's1' : undefined)
      second.say(['ok', isResumed ? goodOk : { ...goodOk, session: 's2' }])
      expect(await second.next()).toEqual(['a', 0])
      expect(await second.next()).toEqual([1, 0, 'up', 'kept'])
      second.say([1, 1, 'good', 'data'])
      expect(await outcomes([sent])).toEqual(['delivered'])
      expect(got).toEqual([['good', 'data']])
      expect(losses).toHaveLength(isResumed ? 0 : 1)
    },
  )

  test('takes with it what was written, as unknown, and the requests', async () => {
    await using scene = await setScene()
    const { liar, client } = scene
    const first = await liar.dialed()
    await first.open()
    const asked = client.request('ask').catch((error: { code: string }) => error.code)
    const sent = [client.send('up', 1), client.send('up', 2)]
    await first.next()
    first.say(['a', 2], ['a', 4])
    expect(await outcomes(sent)).toEqual(['delivered', 'unknown: session-lost'])
    expect(await asked).toBe('unknown')
  })

  test('again and again is given up after the fourth time', async () => {
    await using scene = await setScene()
    const { liar, client } = scene
    for (let dial = 0; dial < 4; dial++) {
      const told = await liar.dialed()
      await told.open()
      told.say('nonsense')
      expect(await told.closed).toBe(4400)
    }
    const { cause } = await reach(client, 'closed')
    expect(cause).toMatchObject({ reason: 'protocol', text: expect.stringContaining('not a JSON array') })
    expect(liar.dials).toBe(4)
  })

  test.each<[string, object, object]>([
    ['that acknowledges more than was written', {}, { rx: 3 }],
    ['under another identity', {}, { rx: 0, identity: 'somebody else' }],
  ])('by a resume %s is left with 4400', async (_, atFirst, then) => {
    await using scene = await setScene()
    const { liar, client } = scene
    const first = await liar.dialed()
    await first.open(atFirst)
    const sent = client.send('up')
    await first.next()
    first.socket.terminate()
    const second = await liar.dialed()
    await second.greet()
    second.say(['ok', { ...goodOk, ...then }])
    expect(await second.closed).toBe(4400)
    expect(await outcomes([sent])).toEqual(['unknown: session-lost'])
    const third = await liar.dialed()
    expect((await third.greet()).session).toBeUndefined()
  })

  test('by a final cursor that cannot be is not believed', async () => {
    await using scene = await setScene()
    const { liar, client } = scene
    const first = await liar.dialed()
    await first.open()
    const sent = client.send('up')
    await first.next()
    first.socket.terminate()
    const second = await liar.dialed()
    const lost = next(client, 'lost')
    await second.open({ session: 's2', lost: { why: 'expired', rx: 5, missed: 1 } })
    expect(await outcomes([sent])).toEqual(['unknown: session-lost'])
    expect(await lost).toEqual({ why: 'expired', missed: 1, undelivered: 0, unknown: 1 })
    const again = client.send('up', 2)
    expect(await second.next()).toEqual([1, 0, 'up', 2])
    second.say(['bye', { rx: 7 }])
    expect(await outcomes([again])).toEqual(['unknown: session-lost'])
  })

  test('hands on what came before a violation in the same message, and nothing after it', async () => {
    await using scene = await setScene()
    const { liar, got } = scene
    const first = await liar.dialed()
    await first.open()
    first.say([
      [1, 0, 'first'],
      [2, 0, 'second'],
      [4, 0, 'fourth'],
      [5, 0, 'fifth'],
    ])
    expect(await first.closed).toBe(4425)
    expect(got).toEqual([
      ['first', undefined],
      ['second', undefined],
    ])
    const second = await liar.dialed()
    expect(await second.greet()).toMatchObject({ session: 's1', rx: 2 })
  })

  test('floods the client beyond its window is left with 4400, and the memory stays bounded', async () => {
    await using scene = await setScene({ wire: session({ window: [16, 65_536] }) })
    const { liar, client, got } = scene
    client.on('slow', () => {
      for (const until = performance.now() + 15; performance.now() < until;);
    })
    const first = await liar.dialed()
    await first.open()
    first.say([1, 0, 'slow'])
    for (let pack = 0; pack < 40; pack++)
      first.say(Array.from({ length: 200 }, (_, index) => [2 + pack * 200 + index, 0, 'slow']))
    expect(await first.closed).toBe(4400)
    expect(got.length).toBeLessThan(8_000)
  })

  test('and says names that are special elsewhere breaks nothing', async () => {
    await using scene = await setScene()
    const { liar, client, got } = scene
    const told = await liar.dialed()
    await told.open()
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '*', 'open', 'hi', '\u0000']
    told.say(names.map((name, index) => [index + 1, 0, name, { __proto__: 1 }]))
    told.say('[10,0,"polluted",{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}]')
    await expect.poll(() => got).toHaveLength(names.length + 1)
    expect(got.slice(0, -1).map((event) => (event as unknown[])[0])).toEqual(names)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect(client.state.status).toBe('open')
  })

  test('and answers requests that nobody made is ignored', async () => {
    await using scene = await setScene()
    const { liar, client } = scene
    const told = await liar.dialed()
    await told.open()
    told.say([
      [1, 0, null, 1, { re: 1 }],
      [2, 0, null, 1, { re: 99, error: 'x', message: 'y' }],
      [3, 0, null, null, { off: 9 }],
    ])
    expect(await told.next()).toEqual(['a', 3])
    const asked = client.request('ask')
    expect(await told.next()).toMatchObject([1, 3, 'ask', null, { id: 1, absent: true }])
    told.say([4, 1, null, 'one', { re: 1 }], [5, 1, null, 'two', { re: 1 }])
    expect(await asked).toBe('one')
    expect(client.state.status).toBe('open')
  })
})
