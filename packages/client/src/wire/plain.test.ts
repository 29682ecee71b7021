import { describe, expect, it, vi } from 'vitest'
import { setUp } from '../../test/support/set-up.ts'
import { settleMicrotasks } from '@holdfast/testing'
import { correlated, isHoldfastError, ping, plain } from '../index.ts'
import type { HoldfastError, Wire } from '../index.ts'

const failure = (promise: PromiseLike<unknown>): Promise<HoldfastError> =>
  Promise.resolve(promise).then(
    () => expect.fail('did not reject'),
    (error: unknown) => (isHoldfastError(error) ? error : expect.fail(String(error))),
  )

describe.each<[string, { wire?: Wire }]>([
  ['no wire', {}],
  ['plain()', { wire: plain() }],
])('the flat shape, with %s', (_name, options) => {
  it('writes and reads the name beside the data', async () => {
    const { client, network, open } = setUp(options)
    const [heard, raw] = [vi.fn(), vi.fn()]
    client.on('chat', heard)
    client.onRaw(raw)
    await open()
    client.send('chat', { message: 'hi' })
    expect(network.last.sent).toEqual(['{"type":"chat","message":"hi"}'])
    network.last.message('{"type":"chat","message":"ho"}')
    network.last.message('no json')
    network.last.message(new ArrayBuffer(2))
    expect(heard.mock.calls).toEqual([[{ type: 'chat', message: 'ho' }]])
    expect(raw.mock.calls).toEqual([['no json'], [new Uint8Array(2)]])
  })
})

describe('the envelope', () => {
  it('writes and reads any data', async () => {
    const { client, network, open } = setUp({ wire: plain({ shape: 'envelope' }) })
    const heard = vi.fn()
    client.on('n', heard)
    await open()
    client.send('n', 7)
    client.send('n')
    expect(network.last.sent).toEqual(['{"type":"n","data":7}', '{"type":"n"}'])
    network.last.message('{"type":"n","data":[1]}')
    expect(heard.mock.calls).toEqual([[[1]]])
  })
})

describe('a form of your own', () => {
  it('is used both ways, text or bytes', async () => {
    const wire = plain({
      encode: (name, data) => new TextEncoder().encode(`${name}:${String(data)}`),
      decode: (frame) => {
        const [type, data] = (typeof frame === 'string' ? frame : new TextDecoder().decode(frame)).split(':')
        return data === undefined ? undefined : { type, data }
      },
    })
    const { client, network, open } = setUp({ wire })
    const [heard, raw] = [vi.fn(), vi.fn()]
    client.on('x', heard)
    client.onRaw(raw)
    await open()
    client.send('x', 1)
    expect(network.last.sent).toEqual([new TextEncoder().encode('x:1')])
    network.last.message('x:2')
    network.last.message(new TextEncoder().encode('x:3').buffer)
    network.last.message('other')
    expect(heard.mock.calls).toEqual([['2'], ['3']])
    expect(raw.mock.calls).toEqual([['other']])
  })

  it('that throws spoils one frame, and not the connection', async () => {
    const wire = plain({
      encode: () => ({ not: 'a payload' }) as never,
      decode: () => {
        throw new Error('cannot read')
      },
    })
    const { client, network, open } = setUp({ wire })
    const invalid = vi.fn()
    client.watch('invalid', invalid)
    await open()
    expect(() => client.send('x', {})).toThrow(/payload/)
    const nothing = setUp({ wire: plain({ encode: () => undefined as never }) })
    expect(() => nothing.client.send('x', {})).toThrow(/payload/)
    network.last.message('frame')
    expect(invalid.mock.calls).toEqual([
      [{ reason: 'undecodable', data: 'frame', error: new Error('cannot read') }],
    ])
    expect(client.state.status).toBe('open')
  })
})

describe('greeting', () => {
  const wire = plain({
    greet: ({ token }) => JSON.stringify({ type: 'auth', token }),
    greeted: ({ type, data }) => {
      if (type === 'denied') throw new Error((data as { reason: string }).reason)
      return type === 'welcome'
    },
  })

  it('goes first, and everything else waits until the server accepts it', async () => {
    const { client, network, open } = setUp({ wire, token: () => 'secret' })
    const heard = vi.fn()
    client.onAny((name) => heard(name, client.state.status))
    client.send('early', {})
    await open()
    expect(network.last.sent).toEqual(['{"type":"auth","token":"secret"}'])
    expect(client.state.status).toBe('connecting')
    network.last.message('{"type":"motd"}')
    network.last.message('{"type":"welcome"}')
    expect(client.state.status).toBe('open')
    expect(network.last.sent[1]).toBe('{"type":"early"}')
    network.last.message('{"type":"denied"}')
    expect(heard.mock.calls).toEqual([
      ['motd', 'connecting'],
      ['welcome', 'open'],
      ['denied', 'open'],
    ])
  })

  it('that is not answered in time fails the attempt', async () => {
    const { client, clock, open } = setUp({ wire })
    await open()
    await clock.advance(10_000)
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'timeout' } })
  })

  it('that is refused is tried once more with a fresh token, and then given up', async () => {
    const token = vi.fn(({ reason }: { reason: string }) => reason)
    const { client, network, clock, open } = setUp({ wire, token })
    await open()
    network.last.message('{"type":"denied","reason":"expired"}')
    expect(client.state).toMatchObject({
      status: 'waiting',
      cause: { reason: 'refused', error: new Error('expired') },
    })
    await clock.advance(1_500)
    network.last.open()
    expect(network.last.sent).toEqual(['{"type":"auth","token":"unauthorized"}'])
    network.last.message('{"type":"denied","reason":"expired"}')
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'refused' } })
  })

  it('may be said by the server alone, or by the client alone', async () => {
    const first = setUp({ wire: plain({ greeted: (frame) => frame.data === 'hello' }) })
    await first.open()
    expect(first.client.state.status).toBe('connecting')
    first.network.last.message('hello')
    expect(first.client.state.status).toBe('open')
    const second = setUp({ wire: plain({ greet: () => 'hello' }) })
    await second.open()
    expect([second.client.state.status, second.network.last.sent]).toEqual(['open', ['hello']])
    const third = setUp({ wire: plain({ greet: () => undefined }) })
    await third.open()
    expect([third.client.state.status, third.network.last.sent]).toEqual(['open', []])
  })

  it('that throws counts as refused', async () => {
    const { client, open } = setUp({
      wire: plain({
        greet: () => {
          throw new Error('no token')
        },
      }),
    })
    await open()
    expect(client.state).toMatchObject({
      status: 'waiting',
      cause: { reason: 'refused', error: new Error('no token') },
    })
  })

  it.each([
    ['greet', { greet: async () => Promise.reject(new Error('late')) }],
    ['greeted', { greeted: async () => Promise.reject(new Error('late')) }],
  ])('is refused when %s is asynchronous, because a promise is neither text nor true', async (_, options) => {
    const { client, network, reported, open } = setUp({ wire: plain(options as never) })
    await open()
    network.last.message('{"type":"welcome"}')
    await settleMicrotasks()
    expect(network.last.sent).toEqual([])
    expect(client.stats().opens).toBe(0)
    expect(client.state.cause).toMatchObject({ reason: 'refused', error: { code: 'misuse' } })
    expect(reported).toMatchObject([{ message: 'late' }])
  })

  it('that the socket throws at fails the attempt', async () => {
    const { client, network } = setUp({ wire })
    void client.connect()
    await settleMicrotasks()
    network.last.failures = 1
    network.last.open()
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'send-failed' } })
  })
})

describe('a heartbeat', () => {
  const wire = plain({
    heartbeat: ping({
      message: '{"type":"ping"}',
      isReply: (frame) => frame.type === 'pong',
      interval: 5_000,
      timeout: 2_000,
    }),
  })

  it('asks after silence, measures the round trip, and shows the answer to nobody', async () => {
    const { client, clock, network, open } = setUp({ wire })
    const heard = vi.fn()
    client.onAny(heard)
    await open()
    await clock.advance(5_000)
    expect(network.last.sent).toEqual(['{"type":"ping"}'])
    await clock.advance(30)
    network.last.message('{"type":"pong"}')
    expect(client.stats().rtt).toBeCloseTo(30)
    expect(heard).not.toHaveBeenCalled()
    await clock.advance(6_900)
    expect(client.state.status).toBe('open')
  })

  it('gives up a connection that is silent, and queues until the next', async () => {
    const { client, clock, network, open } = setUp({ wire })
    const down = vi.fn()
    client.watch('down', down)
    await open()
    await clock.advance(7_100)
    expect(down).toHaveBeenCalledWith({ reason: 'silent' })
    const delivery = client.send('x', {})
    await clock.advance(1_000)
    network.last.open()
    expect(delivery.outcome).toEqual({ status: 'sent' })
    expect(network.sockets).toHaveLength(2)
  })

  it('does not spoil the frame that its own check throws at', async () => {
    const { client, network, open } = setUp({
      wire: plain({
        heartbeat: ping({
          message: 'ping',
          isReply: () => {
            throw new Error('bad check')
          },
        }),
      }),
    })
    const invalid = vi.fn()
    client.watch('invalid', invalid)
    await open()
    network.last.message('{"type":"x"}')
    expect(invalid.mock.calls[0]![0]).toMatchObject({ reason: 'undecodable', error: new Error('bad check') })
    expect(client.state.status).toBe('open')
  })

  it('hides no frame when its check is asynchronous', async () => {
    const isReply = async (): Promise<boolean> => Promise.reject(new Error('late'))
    const asking = plain({ heartbeat: ping({ message: 'ping', isReply: isReply as never }) })
    const { client, network, reported, open } = setUp({ wire: asking })
    const invalid = vi.fn()
    client.watch('invalid', invalid)
    await open()
    network.last.message('{"type":"chat"}')
    await settleMicrotasks()
    expect(invalid).toHaveBeenCalledWith(expect.objectContaining({ reason: 'undecodable' }))
    expect(reported).toMatchObject([{ message: 'late' }])
  })

  it('that the socket throws at ends the connection', async () => {
    const { client, clock, network, open } = setUp({ wire })
    await open()
    network.last.failures = 1
    await clock.advance(5_000)
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'send-failed' } })
  })
})

describe('a request', () => {
  const wire = plain({ shape: 'envelope', requests: correlated('ref') })

  it('is answered by the frame that has its id, in any order', async () => {
    const { client, network, open } = setUp({ wire })
    await open()
    const [first, second] = [client.request('get', 'a'), client.request('get', 'b')]
    expect(network.last.sent).toEqual([
      '{"type":"get","ref":"1","data":"a"}',
      '{"type":"get","ref":"2","data":"b"}',
    ])
    network.last.message('{"ref":2,"data":"B","error":null}')
    network.last.message('{"type":"got","ref":"1","data":"A"}')
    expect(await Promise.all([first, second])).toEqual(['A', 'B'])
    const heard = vi.fn()
    client.on('got', heard)
    network.last.message('{"type":"got","ref":"1","data":"A again"}')
    expect(heard.mock.calls).toEqual([['A again']])
  })

  it('rejects when the server answers with an error', async () => {
    const { client, network, open } = setUp({ wire })
    await open()
    const request = failure(client.request('get', 'a'))
    network.last.message('{"ref":"1","error":{"code":404}}')
    expect(await request).toMatchObject({ code: 'remote', data: { code: 404 }, outcome: { status: 'sent' } })
  })

  it('leaves a frame alone whose id nobody waits for', async () => {
    const { client, network, open } = setUp({ wire })
    const heard = vi.fn()
    client.on('news', heard)
    await open()
    network.last.message('{"type":"news","ref":"9","data":1}')
    network.last.message('{"type":"news","ref":"__proto__","data":2}')
    expect(heard.mock.calls).toEqual([[1], [2]])
  })

  it('times out, and takes its message back if it still waits', async () => {
    const { client, clock, network, open } = setUp({ wire })
    const early = failure(client.request('get', 'a', { timeout: 100 }))
    await clock.advance(100)
    expect(await early).toMatchObject({
      code: 'timeout',
      outcome: { status: 'undelivered', reason: 'cancelled' },
    })
    await open()
    expect(network.last.sent).toEqual([])
    const late = failure(client.request('get', 'b', { timeout: 100 }))
    await clock.advance(100)
    expect(await late).toMatchObject({ code: 'timeout', outcome: { status: 'sent' } })
    network.last.message('{"ref":"2","data":"too late"}')
    // The one of the open connection.
    expect(clock.pending).toBe(1)
  })

  it('can be aborted before, while it waits, and after it was sent', async () => {
    const { client, network, open } = setUp({ wire })
    const options = { signal: AbortSignal.abort('enough') }
    expect(await failure(client.request('get', 'a', options))).toMatchObject({
      code: 'aborted',
      cause: 'enough',
    })
    const controller = new AbortController()
    const waiting = failure(client.request('get', 'b', { signal: controller.signal }))
    await open()
    const sent = failure(client.request('get', 'c', { signal: controller.signal }))
    controller.abort()
    expect([(await waiting).code, (await sent).code]).toEqual(['aborted', 'aborted'])
    expect(network.last.sent).toHaveLength(2)
  })

  it('that still waits when the connection ends goes out on the next', async () => {
    const { client, clock, network, open } = setUp({ wire })
    await open()
    network.last.bufferedAmount = 2_000_000
    const request = client.request('get', 'a')
    network.last.end()
    await clock.advance(2_000)
    network.last.open()
    network.last.message('{"ref":"1","data":"A"}')
    expect(await request).toBe('A')
  })

  it('listens to its signal no longer than it lasts', async () => {
    const { client, network, open } = setUp({ wire })
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    await open()
    const request = client.request('get', 'a', { signal })
    network.last.message('{"ref":"1"}')
    await request
    expect(remove).toHaveBeenCalledOnce()
  })

  it('that was written on a connection which ended may have been carried out or not', async () => {
    const { client, clock, network, open } = setUp({ wire })
    await open()
    const written = failure(client.request('get', 'a'))
    network.last.end()
    const waiting = client.request('get', 'b')
    expect(await written).toMatchObject({ code: 'unknown', outcome: { status: 'sent' } })
    await clock.advance(2_000)
    network.last.open()
    network.last.message('{"ref":"2","data":"B"}')
    expect(await waiting).toBe('B')
  })

  it('that never left is undelivered, with the reason', async () => {
    const { client } = setUp({ wire, outbox: { maxMessages: 0 } })
    const error = await failure(client.request('get', 'a'))
    expect(error).toMatchObject({ code: 'undelivered', outcome: { reason: 'overflow' } })
  })

  it('throws for misuse at once', () => {
    const { client } = setUp({ wire })
    expect(() => client.request('get', { big: 1n })).toThrow(/cannot be encoded/)
  })

  it('needs a wire that knows how the server answers', () => {
    for (const options of [{}, { wire: plain() }])
      expect(() => setUp(options).client.request('get', {})).toThrow('plain({ requests: correlated() })')
  })

  it('is disposed with the client, or if that was before', async () => {
    const { client } = setUp({ wire })
    await client.dispose()
    expect((await failure(client.request('get', {}))).code).toBe('disposed')
  })

  it('works with a form of your own', async () => {
    const own = plain({
      encode: (name, data, id) => JSON.stringify([id ?? null, name, data]),
      decode: (frame) => {
        const [id, type, data] = JSON.parse(frame as string) as [unknown, unknown, unknown]
        return { id, type, data }
      },
      requests: correlated(),
    })
    const { client, network, open } = setUp({ wire: own })
    await open()
    const request = client.request('add', [1, 2])
    expect(network.last.sent).toEqual(['["1","add",[1,2]]'])
    network.last.message('["1",null,3]')
    expect(await request).toBe(3)
  })
})

it('an option of plain() that is not what it should be is refused', () => {
  expect(() => plain({ maxPayloadBytes: NaN })).toThrow(/maxPayloadBytes/)
  const bare = { message: 'ping', isReply: () => true }
  for (const options of [{ heartbeat: bare }, { requests: 'id' }])
    expect(() => plain(options as never)).toThrow('heartbeat: ping({ … }), requests: correlated()')
})
