import { correlated, plain } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { take } from '../support/stage.ts'
import { misuse, setScene, thrown } from './suite/scene.ts'

expectNothingLeft()

describe('from the server', () => {
  test('malformed JSON, and JSON that is no event, is told to `unhandled`, and the connection goes on', async () => {
    await using scene = await setScene()
    const unhandled: unknown[] = []
    scene.client.watch('unhandled', (message) => unhandled.push(message))
    const texts = [
      '{"type":"chat"',
      'nonsense',
      '',
      '\u0000',
      '[1]',
      '"x"',
      'null',
      '{"type":{}}',
      '{"typ":"x"}',
    ]
    for (const text of texts) scene.say(text)
    await scene.stillThere()
    expect(unhandled).toEqual(texts.map((data) => ({ name: undefined, data })))
    expect(scene.invalid).toEqual([])
  })

  test('events that nobody listens to are counted', async () => {
    await using scene = await setScene()
    for (const name of ['unknown', '__proto__', 'constructor']) scene.say(JSON.stringify({ type: name }))
    await scene.stillThere()
    expect(scene.client.stats()).toMatchObject({ unhandled: 3, invalid: 0 })
  })

  test('a message of 20 MB is reported as too large, and the next one is handled', async () => {
    await using scene = await setScene()
    const text = JSON.stringify({ type: 'huge', text: 'x'.repeat(20_000_000) })
    scene.client.on('huge', () => expect.unreachable())
    scene.say(text)
    for (const socket of scene.room.sockets) socket.send(new Uint8Array(17_000_000))
    await scene.stillThere()
    expect(scene.invalid.map(({ reason }) => reason)).toEqual(['too-large', 'too-large'])
    expect(scene.invalid[0]!.data === text).toBe(true)
    expect(scene.client.stats().receivedBytes).toBeGreaterThan(37_000_000)
  })

  test('a decoder that throws is reported with what it threw', async () => {
    const error = new Error('cannot read')
    const wire = plain({
      decode: (frame) => {
        if (frame === 'bad') throw error
        return JSON.parse(String(frame)) as { type: string; data: unknown }
      },
    })
    await using scene = await setScene({ wire })
    scene.say('bad')
    await scene.stillThere()
    expect(scene.invalid).toEqual([{ reason: 'undecodable', data: 'bad', error }])
  })

  test('deeply nested JSON does no harm', async () => {
    await using scene = await setScene()
    const depth = 100_000
    scene.say(`{"type":"deep","data":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    await scene.stillThere()
  })

  test('answers to requests that nobody made are ordinary events', async () => {
    await using scene = await setScene({ wire: plain({ requests: correlated() }) })
    const heard = take(scene.client, 'x', 2)
    scene.say('{"type":"x","id":"1"}')
    scene.say('{"type":"x","id":null,"error":"y"}')
    expect(await heard).toHaveLength(2)
    scene.say('{"id":"__proto__","error":1}')
    await scene.stillThere()
  })
})

describe('from the application', () => {
  test('a message of 20 MB is not sent, open or not, and the others are', async () => {
    await using scene = await setScene()
    const { client, room } = scene
    const tooLarge = { status: 'undelivered', reason: 'too-large' }
    const text = 'x'.repeat(20_000_000)
    expect(await client.send('huge', { text })).toEqual(tooLarge)
    expect(await client.sendRaw(new Uint8Array(20_000_000))).toEqual(tooLarge)
    expect(await client.send('small')).toEqual({ status: 'sent' })
    await client.disconnect()
    expect(await client.sendRaw(text)).toEqual(tooLarge)
    const larger = client.sendRaw(text.slice(0, 9_000_000))
    expect(await larger, 'more than the whole queue holds').toEqual(tooLarge)
    await client.connect()
    expect(await client.sendRaw(text.slice(0, 9_000_000))).toEqual({ status: 'sent' })
    await room.until(({ frames }) => frames.length === 2)
  })

  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const throwing = {
    toJSON() {
      throw new Error('no')
    },
  }
  const unfit: [string, unknown][] = [
    ['a cycle', cyclic],
    ['a bigint', { n: 1n }],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a toJSON that throws', throwing],
    ['an array', [1]],
    ['null', null],
    ['a text', 'text'],
    ['a number', 5],
    ['a date', new Date(0)],
    ['a name of its own', { type: 'other' }],
  ]

  test.for(unfit)('%s as flat data throws, and the queue goes on', async ([, data]) => {
    await using scene = await setScene()
    const before = scene.client.send('before')
    const error = thrown(() => scene.client.send('x', data))
    expect(error).toMatchObject({ code: 'misuse' })
    expect(error.cause).toBeInstanceOf(Error)
    const after = scene.client.send('after')
    expect([await before, await after]).toEqual([{ status: 'sent' }, { status: 'sent' }])
    await scene.room.until(({ frames }) => frames.length === 2)
    await scene.stillThere()
  })

  test('names that are not text throw', async () => {
    await using scene = await setScene()
    const send = scene.client.send as (name: unknown, data?: unknown) => unknown
    for (const name of [undefined, null, 5, Symbol('x'), {}, ['x'], Object('x')])
      expect(() => send(name, {})).toThrow(misuse)
    await scene.stillThere()
    expect(scene.room.report().frames).toEqual([])
  })

  test('raw data that is neither text nor bytes throws, and so do lone surrogates', async () => {
    await using scene = await setScene()
    const sendRaw = scene.client.sendRaw as (data: unknown) => unknown
    for (const data of [undefined, null, 5, {}, [1], new Blob(['x']), 'a\ud800', '\udc00b', '\udc00\ud800'])
      expect(() => sendRaw(data)).toThrow(misuse)
    await scene.stillThere()
    expect(scene.room.report().frames).toEqual([])
  })

  test('options that make no sense throw', async () => {
    await using scene = await setScene()
    for (const ttl of [-1, NaN]) expect(() => scene.client.send('x', {}, { ttl })).toThrow(misuse)
    expect(() => scene.client.on('x', undefined as never)).toThrow(misuse)
    expect(() => scene.client.watch('open', 'x' as never)).toThrow(misuse)
    expect(() => scene.client.request('x')).toThrow(misuse)
  })

  test('an encoder that throws or makes no payload throws misuse', async () => {
    let made: unknown
    const wire = plain({
      encode: () => {
        if (made instanceof Error) throw made
        return made as string
      },
    })
    await using scene = await setScene({ wire })
    for (made of [new Error('no'), 5, {}, 'a\ud800', undefined, null])
      expect(() => scene.client.send('x')).toThrow(misuse)
    made = 'fine'
    expect(await scene.client.send('x')).toEqual({ status: 'sent' })
    await scene.stillThere()
  })

  test.for(
    (['reject', 'drop-oldest'] as const).flatMap((overflow) => [
      { overflow, maxMessages: 10 },
      { overflow, maxBytes: 10 * '{"type":"x","n":10}'.length },
    ]),
  )('a queue with %o keeps what fits, settles what does not, and sends the rest', async (outbox) => {
    await using scene = await setScene({ outbox })
    const { client, room } = scene
    await client.disconnect()
    const deliveries = Array.from({ length: 15 }, (_, n) => client.send('x', { n: 10 + n }))
    const ns = deliveries.map((_, n) => 10 + n)
    const lost = outbox.overflow === 'reject' ? ns.slice(10) : ns.slice(0, 5)
    for (const [n, { outcome }] of deliveries.entries())
      expect(outcome).toEqual(
        lost.includes(10 + n) ? { status: 'undelivered', reason: 'overflow' } : undefined,
      )
    await client.connect()
    const { frames } = await room.until((report) => report.frames.length === 10)
    expect(frames).toEqual(ns.filter((n) => !lost.includes(n)).map((n) => `{"type":"x","n":${n}}`))
  })
})

describe('listeners', () => {
  test('sending and disposing inside a handler leaves the other handlers in peace', async () => {
    await using scene = await setScene()
    const heard: string[] = []
    scene.client.on('x', () => {
      heard.push('first')
      scene.client.send('y')
      throw new Error('first')
    })
    scene.client.on('x', () => heard.push('second'))
    const answered = take(scene.client, 'y')
    scene.say('{"type":"x"}')
    await answered
    expect(heard).toEqual(['first', 'second'])
    expect(scene.errors).toEqual([new Error('first')])
    await scene.stillThere()
  })
})
