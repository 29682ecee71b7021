import { createHub, HoldfastError } from '@holdfast/server'
import type { Hub, HubOptions } from '@holdfast/server'
import { correlated, createClient, events, ping, plain, schemas, session } from 'holdfast'
import type { Client, ClientOptions, StandardSchema } from 'holdfast'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { clockFaults, createVirtualClock } from './clock.ts'
import { createTestPair } from './create-test-pair.ts'
import type { PlainPair } from './test-pair.ts'
import type { TestServer } from './test-server.ts'

interface Chat {
  toClient: { chat: { message: string }; hello: undefined }
  toServer: { chat: { message: string }; leave: undefined; save(draft: { text: string }): { id: number } }
}

/** A pair of the plain wire with a list of what the client got. */
async function opened(
  options: Partial<ClientOptions> = {},
): Promise<PlainPair<Chat> & { readonly heard: string[] }> {
  const pair = createTestPair<Chat>({ createClient, ...options })
  const heard: string[] = []
  pair.client.on('chat', ({ message }) => heard.push(message))
  await pair.open()
  return Object.assign(pair, { heard })
}

describe('a test pair', () => {
  test('a pair does nothing before open()', async () => {
    await using pair = createTestPair<Chat>({ createClient })
    await pair.clock.advance(60_000)
    expect([pair.client.state.status, pair.network.dials, pair.clock.pending]).toEqual(['idle', 0, 0])
  })

  test('a pair transmits messages of the client to the server and of the server to the client', async () => {
    await using pair = await opened()
    pair.client.send('chat', { message: 'hi' })
    pair.server.send('chat', { message: 'hello' })
    await pair.settle()
    expect(pair.server.received).toEqual([{ name: 'chat', data: { message: 'hi' } }])
    expect(pair.heard).toEqual(['hello'])
  })

  test('open() connects, and advances the clock no further than that takes', async () => {
    await using pair = createTestPair<Chat>({ createClient, conditions: { latency: 50 } })
    const before = pair.clock.now()
    await pair.open()
    expect([pair.client.state.status, pair.clock.now() - before]).toEqual(['open', 200])
  })

  test('open() rejects with the reason', async () => {
    await using pair = createTestPair<Chat>({ createClient, backoff: { maxAttempts: 1 } })
    pair.stop()
    await expect(pair.open()).rejects.toMatchObject({ code: 'connect-failed' })
  })

  test('a pair dials the given URL, and the server accepts every host', async () => {
    await using pair = createTestPair<Chat>({
      createClient,
      url: () => 'wss://chat.example/room?a=1',
      headers: { cookie: 'id=1' },
    })
    await pair.open()
    expect(pair.server.connections[0]!.request).toEqual({
      url: '/room?a=1',
      headers: { host: 'chat.example', cookie: 'id=1' },
    })
  })

  test('a pair accepts a factory of the application', async () => {
    const createChat = (options: ClientOptions): Client<Chat> =>
      createClient<Chat>({ ...options, url: 'wss://chat.example/ws', backoff: { minDelay: 50 } })
    await using pair = createTestPair({ createClient: createChat })
    expectTypeOf(pair.client).toEqualTypeOf<Client<Chat>>()
    expectTypeOf(pair.server).toEqualTypeOf<TestServer<Chat>>()
    await pair.open()
    expect(pair.client.state.status).toBe('open')
  })

  test('a pair has a hub exactly when it gets a createHub', async () => {
    await using plainPair = createTestPair<Chat>({ createClient })
    await using hubPair = createTestPair<Chat>({ createClient, createHub, wire: session() })
    expectTypeOf(plainPair).not.toHaveProperty('hub')
    expectTypeOf(hubPair).not.toHaveProperty('server')
    expectTypeOf(hubPair.hub).toEqualTypeOf<Hub<Chat>>()
    expect(['hub' in plainPair, 'server' in plainPair, 'hub' in hubPair, 'server' in hubPair]).toEqual([
      false,
      true,
      true,
      false,
    ])
    const send = (): void => {
      // @ts-expect-error: not in the contract
      plainPair.server.send('other', {})
      // @ts-expect-error: not what the contract says
      plainPair.server.send('chat', { message: 1 })
    }
    expect(send).toThrow('no client is connected')
  })

  test('both ends of a pair get the schemas of a contract', async () => {
    const text: StandardSchema<string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof value === 'string' ? { value } : { issues: [{ message: 'not a text' }] },
      },
    }
    const contract = schemas({ toClient: { said: text }, toServer: { say: text } })
    await using pair = createTestPair({ createClient, createHub, wire: session(), contract })
    await pair.open()
    expect(() => pair.client.send('say', 1 as never)).toThrow('not a text')
    expect(() => pair.hub.broadcast('said', 1 as never)).toThrow('not a text')
    const said: string[] = []
    pair.hub.on('say', (data) => said.push(data))
    pair.client.send('say', 'hi')
    await pair.settle()
    expect(said).toEqual(['hi'])
  })

  test('newClient() creates another client of the same server', async () => {
    await using pair = await opened()
    const other = pair.newClient({ url: 'ws://server.test/other' })
    await pair.open(other)
    expect(pair.server.connections.map(({ request }) => request.url)).toEqual(['/ws', '/other'])
    pair.server.connections[1]!.send('chat', { message: 'for the other' })
    pair.server.send('chat', { message: 'for all' })
    const values = events(other, 'chat')
    await pair.settle()
    expect((await values.next()).value).toMatchObject({ message: 'for the other' })
    expect(pair.heard).toEqual(['for all'])
  })

  test('a pair runs the same way with the same seed, and differently with another', async () => {
    const run = async (seed?: number): Promise<unknown[]> => {
      await using pair = createTestPair<Chat>({
        createClient,
        createHub,
        wire: session(),
        ...(seed !== undefined && { seed }),
      })
      await pair.open()
      const [id] = pair.hub.peers.keys()
      pair.stop()
      await pair.until(() => pair.client.state.status === 'waiting')
      return [id, pair.client.state.retryAt]
    }
    const first = await run()
    expect(await run()).toEqual(first)
    expect(await run(1)).toEqual(first)
    const [id, retryAt] = await run(2)
    expect([id === first[0], retryAt === first[1]]).toEqual([false, false])
  })

  test('ports of the user override those of a pair', async () => {
    const mine: unknown[] = []
    await using pair = await opened({ ports: { report: (error) => mine.push(error) } })
    pair.client.on('chat', () => {
      throw new Error('of a listener')
    })
    pair.server.send('chat', { message: 'hi' })
    await pair.settle()
    expect([mine.length, pair.reported.length]).toEqual([1, 0])
  })

  test.each(Object.keys(clockFaults) as (keyof typeof clockFaults)[])(
    'works on a clock that is %s',
    async (fault) => {
      await using pair = createTestPair<Chat>({
        createClient,
        createHub,
        wire: session(),
        clock: createVirtualClock(clockFaults[fault]),
      })
      await pair.open()
      pair.network.cut()
      const outcome = await pair.until(pair.client.send('chat', { message: 'hi' }))
      expect(outcome).toEqual({ status: 'delivered' })
    },
  )
})

describe('offline', () => {
  test('messages typed offline wait, and arrive once and in order', async () => {
    await using pair = await opened()
    pair.network.cut()
    await pair.until(() => pair.client.state.status === 'waiting')
    pair.client.send('chat', { message: '1' })
    pair.client.send('chat', { message: '2' })
    await pair.until(() => pair.server.received.length === 2)
    await pair.settle()
    expect(pair.server.received.map(({ data }) => data)).toEqual([{ message: '1' }, { message: '2' }])
  })

  test('a stopped server refuses dials until it is started', async () => {
    await using pair = await opened()
    const { client, server, clock } = pair
    server.stop()
    await clock.advance(0)
    expect([client.state.cause?.code, server.connections.length]).toEqual([1006, 0])
    await clock.advance(60_000)
    expect(client.state.cause?.reason).toBe('unreachable')
    server.start()
    server.start()
    await pair.until(() => client.state.status === 'open')
    expect(server.connections.length).toBe(1)
  })

  test('signal() simulates the events of a page', async () => {
    await using pair = await opened()
    const { client, clock } = pair
    pair.stop()
    pair.signal('offline')
    await pair.until(() => client.state.cause?.reason === 'offline')
    await pair.until(() => (client.state.retryAt ?? 0) - clock.wall() > 10_000, { within: 300_000 })
    pair.start()
    pair.signal('change')
    await pair.until(() => client.state.status === 'open', { within: 6_000 })
    pair.stop()
    await pair.until(() => client.state.cause?.reason === 'unreachable')
  })

  test('the client receives the code with which the server closes', async () => {
    await using pair = await opened()
    const causes: unknown[] = []
    pair.client.watch('down', (cause) => causes.push(cause))
    pair.server.close(4403, 'banned')
    expect(() => pair.server.send('hello')).toThrow('no client is connected')
    await pair.settle()
    expect(causes).toMatchObject([{ code: 4403, text: 'banned' }])
    expect([pair.client.state.status, pair.server.connections.length]).toEqual(['closed', 0])
  })

  test('a closing server closes with 1001 by default', async () => {
    await using pair = await opened()
    pair.server.close()
    await pair.until(() => pair.client.state.status === 'waiting')
    expect(pair.client.state.cause?.code).toBe(1001)
  })
})

describe('the scripted server', () => {
  test('the scripted server records events, and every message as it was on the wire', async () => {
    await using pair = await opened()
    const raw: unknown[] = []
    pair.server.onRaw((data) => raw.push(data))
    pair.client.send('leave')
    pair.client.sendRaw('no event')
    pair.client.sendRaw(Uint8Array.of(1, 2))
    await pair.settle()
    const wire = ['{"type":"leave"}', 'no event', Uint8Array.of(1, 2)]
    expect(pair.server.receivedRaw).toEqual(wire)
    expect(raw).toEqual(wire)
    expect(pair.server.received).toEqual([{ name: 'leave', data: {} }])
    expectTypeOf(pair.server.received[0]!).toEqualTypeOf<
      | { readonly name: 'chat'; readonly data: { message: string } }
      | { readonly name: 'leave'; readonly data: undefined }
      | { readonly name: 'save'; readonly data: { text: string } }
    >()
  })

  test('the scripted server calls its listeners with the data and the connection until they are removed', async () => {
    await using pair = await opened()
    const off = pair.server.on('chat', ({ message }, connection) =>
      connection.send('chat', { message: `you said ${message}` }),
    )
    pair.client.send('chat', { message: 'hi' })
    await pair.settle()
    off()
    pair.client.send('chat', { message: 'ho' })
    await pair.settle()
    expect(pair.heard).toEqual(['you said hi'])
  })

  test('the scripted server calls onConnection listeners for every connection', async () => {
    await using pair = createTestPair<Chat>({ createClient })
    const heard: unknown[] = []
    pair.client.on('hello', (data) => heard.push(data))
    const off = pair.server.onConnection((connection) => connection.send('hello'))
    await pair.open()
    pair.network.cut()
    await pair.until(() => heard.length === 2)
    off()
    expect(pair.server.connections.map(({ number }) => number)).toEqual([2])
  })

  test('the scripted server can close one connection', async () => {
    await using pair = await opened()
    pair.server.connections[0]!.close(1012, 'restart')
    await pair.settle()
    expect(pair.client.state.cause).toMatchObject({ code: 1012, text: 'restart' })
  })

  test('send() of the scripted server throws without a connection', async () => {
    await using pair = createTestPair<Chat>({ createClient })
    expect(() => pair.server.send('hello')).toThrow('no client is connected')
    expect(() => pair.server.sendRaw('x')).toThrow('no client is connected')
  })

  test('the scripted server answers a heartbeat with a listener for it', async () => {
    await using pair = createTestPair<Chat>({
      createClient,
      wire: plain({ heartbeat: ping({ message: 'ping', isReply: ({ data }) => data === 'pong' }) }),
    })
    const { client, server, clock } = pair
    const off = server.onRaw((data, connection) => data === 'ping' && connection.sendRaw('pong'))
    await pair.open()
    await clock.advance(120_000)
    expect([client.state.status, client.stats().opens]).toEqual(['open', 1])
    off()
    await clock.advance(45_000)
    expect(client.stats().opens).toBe(2)
  })

  test.each(['flat', 'envelope'] as const)(
    'the scripted server answers requests in the %s shape',
    async (shape) => {
      const how = { shape, requests: correlated() } as const
      await using pair = createTestPair<Chat>({ createClient, wire: plain(how), serverOptions: how })
      const { client, server } = pair
      const off = server.handle('save', ({ text }) => {
        if (text === '') throw new Error('empty')
        return { id: text.length, text }
      })
      await pair.open()
      // On the flat shape the answer is the whole object, in which the id is that of the request.
      const id = shape === 'flat' ? expect.any(String) : 3
      expect(await pair.until(client.request('save', { text: 'abc' }))).toEqual({ id, text: 'abc' })
      await expect(pair.until(client.request('save', { text: '' }))).rejects.toMatchObject({
        code: 'remote',
        data: 'empty',
      })
      expect(server.received).toEqual([
        { name: 'save', data: { text: 'abc' } },
        { name: 'save', data: { text: '' } },
      ])
      off()
      await expect(pair.until(client.request('save', { text: 'x' }, { timeout: 500 }))).rejects.toMatchObject(
        {
          code: 'timeout',
        },
      )
    },
  )

  test('the scripted server supports a custom format', async () => {
    const how = {
      encode: (name: string, data: unknown, id?: string) => JSON.stringify([name, data, id]),
      decode(frame: string | Uint8Array) {
        const [type, data, id] = JSON.parse(String(frame)) as [string, unknown, string?]
        return { type, data, id }
      },
      requests: correlated(),
    }
    await using pair = createTestPair<Chat>({ createClient, wire: plain(how), serverOptions: how })
    pair.server.handle('save', ({ text }) => ({ id: text.length }))
    await pair.open()
    expect(await pair.until(pair.client.request('save', { text: 'abc' }))).toEqual({ id: 3 })
    pair.client.send('leave')
    await pair.settle()
    expect(pair.server.receivedRaw.at(-1)).toBe('["leave",null,null]')
  })

  test('handle() of the scripted server throws without correlated(), and for a second handler', async () => {
    await using pair = createTestPair<Chat>({ createClient })
    expect(() => pair.server.handle('save', () => ({ id: 1 }))).toThrow('correlated()')
    await using other = createTestPair<Chat>({ createClient, serverOptions: { requests: correlated() } })
    other.server.handle('save', () => ({ id: 1 }))
    expect(() => other.server.handle('save', () => ({ id: 1 }))).toThrow(`'save'`)
  })

  test('the scripted server answers only requests', async () => {
    await using pair = createTestPair<Chat>({ createClient, serverOptions: { requests: correlated() } })
    pair.server.handle('save', () => ({ id: 1 }))
    await pair.open()
    const heard: unknown[] = []
    pair.client.onRaw((data) => heard.push(data))
    pair.client.sendRaw('{"type":"save","text":"no id"}')
    await pair.settle()
    expect(pair.server.received).toEqual([{ name: 'save', data: { text: 'no id' } }])
    expect(heard).toEqual([])
  })

  test('the scripted server sends an answer on the connection of its request, after others have come and gone', async () => {
    const how = { shape: 'envelope', requests: correlated() } as const
    await using pair = createTestPair<Chat>({ createClient, wire: plain(how), serverOptions: how })
    const { promise, resolve } = Promise.withResolvers<{ id: number }>()
    pair.server.handle('save', () => promise)
    await pair.open()
    const answer = pair.client.request('save', { text: 'a' })
    await pair.settle()
    await pair.open(pair.newClient())
    resolve({ id: 7 })
    expect(await pair.until(answer)).toEqual({ id: 7 })
  })
})

describe('a hub in a test pair', () => {
  test('the hub of an open pair has the client as a peer', async () => {
    await using pair = createTestPair<Chat>({ createClient, createHub, wire: session() })
    pair.hub.onPeer((peer) => peer.send('chat', { message: 'welcome' }))
    const heard: string[] = []
    pair.client.on('chat', ({ message }) => heard.push(message))
    await pair.open()
    expect([pair.hub.peers.size, heard]).toEqual([1, ['welcome']])
  })

  test('the hub of a pair gets its options, and the token and the headers of the client', async () => {
    const asked: unknown[] = []
    await using pair = createTestPair<Chat, { name: string }>({
      createClient,
      createHub,
      wire: session(),
      token: () => 'secret',
      headers: { cookie: 'id=1' },
      hubOptions: {
        authenticate({ token, request }) {
          asked.push(token, request.headers['cookie'])
          return { identity: 'ada', data: { name: 'Ada' } }
        },
      },
    })
    await pair.open()
    expect(asked).toEqual(['secret', 'id=1'])
    const [peer] = pair.hub.peers.values()
    expect(peer!.data.name).toBe('Ada')
  })

  test('the session of a pair resumes after a cut, and no message is lost or duplicated', async () => {
    await using pair = createTestPair<Chat>({ createClient, createHub, wire: session() })
    const said: string[] = []
    pair.hub.on('chat', ({ message }) => said.push(message))
    await pair.open()
    const resumed: boolean[] = []
    pair.client.watch('open', (open) => resumed.push(open.resumed))
    pair.client.send('chat', { message: 'before' })
    pair.network.cut()
    const outcome = await pair.until(pair.client.send('chat', { message: 'after' }))
    expect([outcome.status, said, resumed]).toEqual(['delivered', ['before', 'after'], [true]])
  })

  test('a killed hub has lost its sessions after a restart, and its old instance is silent', async () => {
    const closed: unknown[] = []
    const createOwn = (options: HubOptions): Hub<Chat> => {
      const hub = createHub<Chat>(options)
      hub.watch('closed', (end) => closed.push(end))
      hub.watch('down', (end) => closed.push(end))
      hub.handle('save', ({ text }) => ({ id: text.length }))
      return hub
    }
    await using pair = createTestPair<Chat>({
      createClient,
      createHub: createOwn,
      wire: session(),
    })
    await pair.open()
    const first = pair.hub
    const losses: unknown[] = []
    pair.client.watch('lost', (loss) => losses.push(loss))
    pair.stop()
    await pair.clock.advance(600_000)
    expect(closed).toEqual([])
    pair.start()
    expect(pair.hub).not.toBe(first)
    expect(await pair.until(pair.client.request('save', { text: 'abc' }))).toEqual({ id: 3 })
    expect(losses).toMatchObject([{ why: 'unknown' }])
    expect([first.peers.size, pair.hub.peers.size]).toEqual([1, 1])
  })

  test('a hub that is killed during an asynchronous call does nothing when the call ends', async () => {
    const { promise, resolve } = Promise.withResolvers<{ identity: null; expiresIn: number }>()
    await using pair = createTestPair<Chat>({
      createClient,
      createHub,
      wire: session(),
      hubOptions: { authenticate: () => promise },
    })
    void pair.client.connect()
    await pair.settle()
    pair.stop()
    await pair.client.dispose()
    await pair.clock.advance(100)
    expect(pair.clock.pending).toBe(0)
    resolve({ identity: null, expiresIn: 600_000 })
    await pair.settle()
    expect(pair.clock.pending).toBe(0)
  })

  test('no message is unknown after a hub drained', async () => {
    await using pair = createTestPair<Chat>({ createClient, createHub, wire: session() })
    await pair.open()
    const delivery = pair.client.send('chat', { message: 'last' })
    await pair.until(pair.hub.close({ drain: 5_000 }))
    expect(await pair.until(delivery)).toEqual({ status: 'delivered' })
  })
})

describe('waiting with a test pair', () => {
  test('until() returns or throws the result of a promise', async () => {
    await using pair = await opened()
    const { clock } = pair
    const before = clock.now()
    const later = new Promise<string>((resolve) => clock.setTimer(() => resolve('done'), 250))
    expect(await pair.until(later)).toBe('done')
    expect(clock.now() - before).toBe(250)
    await expect(pair.until(Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  test('until() ends at the first timer after which a condition is true', async () => {
    await using pair = await opened()
    let count = 0
    for (const delay of [10, 10, 20]) pair.clock.setTimer(() => count++, delay)
    await pair.until(() => count === 1)
    expect(count).toBe(1)
    await pair.clock.advance(20)
  })

  test('until() fails when it takes too long, and when no timer is pending', async () => {
    await using pair = createTestPair<Chat>({ createClient })
    await expect(pair.until(() => false)).rejects.toThrow('no timer is set')
    const timer = pair.clock.setTimer(() => {}, 2_000)
    await expect(pair.until(() => false, { within: 1_999 })).rejects.toThrow('within 1999 ms')
    await expect(pair.until(() => false, { within: 2_000 })).rejects.toThrow('no timer is set')
    pair.clock.clearTimer(timer)
  })

  test('settle() does not wait for messages in a black hole', async () => {
    await using pair = await opened()
    pair.network.blackHole()
    pair.client.send('chat', { message: 'held' })
    const before = pair.clock.now()
    await pair.settle()
    expect([pair.clock.now() - before, pair.server.received.length]).toEqual([0, 0])
    pair.network.heal()
    await pair.settle()
    expect(pair.server.received.length).toBe(1)
  })
})

describe('disposing of a test pair', () => {
  test('dispose() disposes of every client, closes every connection, and leaves no timer', async () => {
    const pair = createTestPair<Chat>({ createClient, createHub, wire: session() })
    const other = pair.newClient()
    await pair.open()
    await pair.open(other)
    pair.client.send('chat', { message: 'under way' })
    await pair.dispose()
    await pair.dispose()
    expect([pair.client.state.status, other.state.status]).toEqual(['closed', 'closed'])
    expect([pair.network.connections.size, pair.hub.peers.size, pair.clock.pending]).toEqual([0, 0, 0])
  })

  test.each(['idle', 'dialing', 'open', 'waiting', 'in a black hole', 'half-open', 'stopped'])(
    'is possible while the pair is %s',
    async (state) => {
      for (const createServer of [undefined, createHub] as const) {
        const pair = createServer
          ? createTestPair<Chat>({ createClient, createHub: createServer, wire: session() })
          : createTestPair<Chat>({ createClient })
        if (state === 'dialing') {
          void pair.client.connect()
          await pair.clock.advance(12)
        } else if (state !== 'idle') await pair.open()
        if (state === 'waiting') {
          pair.network.cut()
          await pair.until(() => pair.client.state.status === 'waiting')
        }
        if (state === 'in a black hole') pair.network.blackHole()
        if (state === 'half-open') pair.network.cut({})
        if (state === 'stopped') pair.stop()
        await pair.dispose()
        expect([pair.client.state.status, pair.network.connections.size]).toEqual([
          expect.stringMatching(/closed|idle/),
          0,
        ])
      }
    },
  )

  test('dispose() throws the exception of a listener that the test did not remove', async () => {
    const pair = await opened()
    const error = new Error('of a listener')
    pair.client.on('chat', () => {
      throw error
    })
    pair.server.send('chat', { message: 'hi' })
    await pair.settle()
    await expect(pair.dispose()).rejects.toBe(error)
    await pair.dispose()
  })

  test('dispose() throws all exceptions of both ends if there are several', async () => {
    const pair = await opened()
    pair.client.on('chat', () => {
      throw new Error('here')
    })
    pair.server.on('chat', () => Promise.reject(new Error('there')))
    pair.server.send('chat', { message: 'hi' })
    pair.client.send('chat', { message: 'hi' })
    await pair.settle()
    await expect(pair.dispose()).rejects.toMatchObject({
      errors: [{ message: expect.stringMatching(/here/) }, { message: expect.stringMatching(/here/) }],
    })
  })

  test('dispose() succeeds when the test has removed the exceptions', async () => {
    await using pair = createTestPair<Chat>({ createClient, createHub, wire: session() })
    pair.hub.on('chat', () => {
      throw new HoldfastError('misuse', 'expected')
    })
    await pair.open()
    pair.client.send('chat', { message: 'hi' })
    await pair.settle()
    expect(pair.reported.splice(0)).toMatchObject([{ message: 'expected' }])
  })

  test('dispose() throws for a timer that is left, and states when it would have fired', async () => {
    const pair = await opened()
    pair.clock.setTimer(() => {}, 5_000)
    await expect(pair.dispose()).rejects.toThrow(/1, the next in (4\d\d\d|5000)/)
  })

  test('dispose() ignores timers of others on a shared clock', async () => {
    const clock = createVirtualClock()
    clock.setTimer(() => {}, 60_000)
    await using pair = createTestPair<Chat>({ createClient, clock })
    await pair.open()
  })
})
