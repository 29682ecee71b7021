import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { newcomer, resuming, setUp } from '../test/support/set-up.ts'
import { HoldfastError } from './index.ts'
import type { AuthenticateContext, Authentication } from './index.ts'

describe('the greeting', () => {
  it('is begun by the server', () => {
    const { dial } = setUp()
    expect(dial().take()).toEqual([['holdfast', { v: 1 }]])
  })

  it('gives a new client a session, and says what is taken', async () => {
    const { dial, hub } = setUp({ sessionTimeout: 60_000, pingInterval: 10_000 })
    const ok = await dial().greet()
    expect(ok).toEqual({
      session: expect.stringMatching(/^[\w-]{22}$/) as string,
      key: expect.stringMatching(/^[\w-]{22}$/) as string,
      rx: 0,
      identity: null,
      ttl: 60_000,
      ping: 10_000,
      window: [1_024, 1_048_576],
      maxPayload: 1_048_576,
      producers: { epoch: expect.stringMatching(/^[\w-]{22}$/) as string, ttl: 86_400_000 },
    })
    expect(ok.key).not.toBe(ok.session)
    expect([...hub.peers.keys()]).toEqual([ok.session])
  })

  it('tells the application of a session once, when the client has shown that it knows of it', async () => {
    const { dial, hub, peers } = setUp()
    const client = dial()
    await client.say(['hi', newcomer])
    expect([peers.length, hub.peers.size, hub.stats().sessions]).toEqual([0, 0, 1])
    await client.say(['a', 0])
    await client.say(['a', 0])
    expect([peers.length, hub.peers.size, hub.stats().sessions]).toEqual([1, 1, 1])
  })

  it('hands the first message on after the session was announced', async () => {
    const { dial, hub } = setUp()
    const order: string[] = []
    hub.on('first', () => order.push('message'))
    hub.onPeer(() => order.push('peer'))
    const client = dial()
    await client.say(['hi', newcomer])
    await client.say([1, 0, 'first'])
    expect(order).toEqual(['peer', 'message'])
  })

  it('holds a session that was not confirmed for ten seconds only', async () => {
    const { clock, dial, hub, heard } = setUp()
    const client = dial()
    await client.say(['hi', newcomer])
    await clock.advance(9_900)
    expect(hub.stats().sessions).toBe(1)
    await clock.advance(500)
    expect(hub.stats().sessions).toBe(0)
    expect(client.socket.closedWith?.code).toBe(4408)
    expect(heard).toEqual([])
  })

  it.each<[string, unknown, number]>([
    ['no JSON', 'hello', 4400],
    ['plain JSON', { type: 'chat' }, 4400],
    ['an empty array', [], 4400],
    ['an event', [1, 0, 'chat', 'hi'], 4400],
    ['a pack', [[1, 0, 'chat']], 4400],
    ['bytes', new Uint8Array(10), 4400],
    ['another control', ['a', 0], 4400],
    ['a control of the server', ['ok', {}], 4400],
    ['no content', ['hi'], 4400],
    ['no object', ['hi', 7], 4400],
    ['no version', ['hi', { ...newcomer, v: undefined }], 4400],
    ['a newer version', ['hi', { v: 2 }], 4426],
    ['no client', ['hi', { ...newcomer, client: undefined }], 4400],
    ['an empty client', ['hi', { ...newcomer, client: '' }], 4400],
    ['a client of 65 units', ['hi', { ...newcomer, client: 'x'.repeat(65) }], 4400],
    ['dial 0', ['hi', { ...newcomer, n: 0 }], 4400],
    ['a dial that is text', ['hi', { ...newcomer, n: '1' }], 4400],
    ['a dial of 2^53', ['hi', { ...newcomer, n: 2 ** 53 }], 4400],
    ['no window', ['hi', { ...newcomer, window: undefined }], 4400],
    ['a window of zero messages', ['hi', { ...newcomer, window: [0, 1_000] }], 4400],
    ['a window of zero bytes', ['hi', { ...newcomer, window: [10, 0] }], 4400],
    ['a negative window', ['hi', { ...newcomer, window: [-1, -1] }], 4400],
    ['a window of three', ['hi', { ...newcomer, window: [1, 1, 1] }], 4400],
    ['frames of nothing', ['hi', { ...newcomer, maxPayload: 1 }], 4400],
    ['a token that is no text', ['hi', { ...newcomer, token: { a: 1 } }], 4400],
    ['a session without a key', ['hi', { ...newcomer, session: 's' }], 4400],
    ['a session without a cursor', ['hi', { ...newcomer, session: 's', key: 'k' }], 4400],
    ['a cursor below 0', ['hi', { ...newcomer, session: 's', key: 'k', rx: -1 }], 4400],
    ['a cursor of 2^53', ['hi', { ...newcomer, session: 's', key: 'k', rx: 2 ** 53 }], 4400],
    ['a cursor that is text', ['hi', { ...newcomer, session: 's', key: 'k', rx: '0' }], 4400],
    ['a key of 257 units', ['hi', { ...newcomer, session: 's', key: 'k'.repeat(257), rx: 0 }], 4400],
    ['65 KiB', ['hi', { ...newcomer, token: 'x'.repeat(65_536) }], 1009],
  ])('refuses %s', async (_, message, code) => {
    const { clock, dial, hub, heard } = setUp()
    const client = dial()
    client.take()
    await client.say(message)
    expect(client.socket.closedWith?.code).toBe(code)
    expect(client.take()).toEqual([])
    expect(heard).toEqual([['refused', { code, why: expect.any(String) as string }]])
    expect(hub.stats()).toMatchObject({ connections: 0, greeting: 0, sessions: 0, tombstones: 0, refused: 1 })
    expect(clock.pending).toBe(0)
  })

  it('takes members that it does not know', async () => {
    const { dial } = setUp()
    const ok = await dial().greet({ extra: [1] } as never)
    expect(ok.rx).toBe(0)
  })

  it('does not wait for longer than five seconds', async () => {
    const { clock, dial, hub } = setUp()
    const client = dial()
    await clock.advance(4_900)
    expect(client.socket.closedWith).toBeUndefined()
    await clock.advance(300)
    expect(client.socket.closedWith?.code).toBe(4408)
    expect([hub.stats().connections, clock.pending]).toEqual([0, 0])
  })

  it('is over when the client goes', async () => {
    const { clock, dial, hub } = setUp()
    dial().socket.end()
    expect([hub.stats().connections, hub.stats().greeting, clock.pending]).toEqual([0, 0, 0])
    await clock.advance(10_000)
  })
})

describe('authentication', () => {
  const unauthorized = new HoldfastError('remote', 'the token has expired', { reason: 'unauthorized' })
  const raise = (error: unknown) => () => {
    throw error
  }
  const hostile: object = new Proxy(
    {},
    { get: raise(new Error('get')), has: raise(new Error('has')), getPrototypeOf: raise(new Error('proto')) },
  )
  const asked = (answer: (context: AuthenticateContext) => unknown) => {
    const contexts: AuthenticateContext[] = []
    const scene = setUp({
      authenticate(context) {
        contexts.push(context)
        return answer(context) as Authentication
      },
    })
    return { ...scene, contexts }
  }

  it('is told the token, the request, and why it is asked', async () => {
    const { dial, contexts } = asked(() => ({ identity: 'ann' }))
    await dial({ url: '/ws?a=1', headers: { cookie: 'c=1' } }).greet({ token: 't' })
    await dial().greet({ session: 'gone', key: 'k', rx: 0 })
    expect(contexts).toMatchObject([
      { token: 't', reason: 'connect', request: { url: '/ws?a=1', headers: { cookie: 'c=1' } } },
      { token: undefined, reason: 'resume' },
    ])
  })

  it('sees cookies and large headers while the client is not known, and they are not kept after that', async () => {
    const { contexts, dial, hub } = asked(() => ({ identity: 'ann' }))
    const headers = { cookie: 'c'.repeat(14_000), 'x-large': 'x'.repeat(14_000), host: 'a.com' }
    const seen: unknown[] = []
    hub.watch('refused', ({ request }) => seen.push(request.headers))
    const client = dial({ url: '/ws', headers })
    await client.greet({ token: 't' })
    await client.say(['token', 'fresh'])
    await client.say('nonsense')
    expect(contexts.map(({ reason, request }) => [reason, request.headers])).toEqual([
      ['connect', headers],
      ['renew', { host: 'a.com' }],
    ])
    expect(seen).toEqual([{ host: 'a.com' }])
  })

  it.each([
    ['at once', () => ({ identity: 'ann', data: { role: 'admin' } })],
    ['later', () => Promise.resolve({ identity: 'ann', data: { role: 'admin' } })],
  ])('lets a client in that it knows, %s', async (_, answer) => {
    const { dial, peers } = asked(answer)
    await dial().greet()
    expect(peers[0]).toMatchObject({ identity: 'ann', data: { role: 'admin' }, isConnected: true })
  })

  it.each<[string, () => unknown]>([
    ['gives undefined', () => undefined],
    ['gives null', () => null],
    ['resolves to undefined', () => Promise.resolve(undefined)],
    ['resolves to null', () => Promise.resolve(null)],
    ['gives an expiry in the past', () => ({ identity: 'ann', expiresIn: 0 })],
    [
      'throws an error that says so',
      () => {
        throw unauthorized
      },
    ],
    ['rejects with an error that says so', () => Promise.reject(unauthorized)],
  ])('refuses a client when it %s', async (_, answer) => {
    const { clock, dial, hub, reported } = asked(answer)
    const client = dial()
    await client.say(['hi', newcomer])
    expect(client.socket.closedWith?.code).toBe(4401)
    expect([hub.stats().sessions, hub.stats().connections, clock.pending]).toEqual([0, 0, 0])
    expect(reported).toEqual([])
  })

  it.each<[string, () => unknown]>([
    ['throws', raise(new Error('the database is away'))],
    ['throws nothing in particular', raise(undefined)],
    ['throws what cannot even be looked at', raise(hostile)],
    ['throws another error of ours', raise(new HoldfastError('remote', 'no', { reason: 'internal' }))],
    ['rejects', () => Promise.reject(new TypeError('user is undefined'))],
    ['rejects with nothing', () => Promise.reject()],
    ['gives no identity', () => ({})],
    ['gives a number', () => 7],
    ['gives false', () => false],
    ['resolves to true', () => Promise.resolve(true)],
    ['gives an identity that is a number', () => ({ identity: 7 })],
    ['gives an expiry that is no number', () => ({ identity: 'ann', expiresIn: NaN })],
    ['gives an expiry that is text', () => ({ identity: 'ann', expiresIn: '60' })],
    ['gives what cannot even be looked at', () => hostile],
    ['resolves to what cannot even be looked at', () => Promise.resolve().then(() => hostile)],
    ['gives a `then` that is no function', () => ({ then: 5 })],
    ['gives a `then` that throws', () => ({ then: raise(new Error('then')) })],
    [
      'gives an identity that throws',
      () => ({
        get identity() {
          throw new Error('getter')
        },
      }),
    ],
    [
      'gives data that throws',
      () => ({
        identity: 'ann',
        get data() {
          throw new Error('getter')
        },
      }),
    ],
    [
      'resolves to data that throws',
      async () => ({
        identity: 'ann',
        get data() {
          throw new Error('getter')
        },
      }),
    ],
    [
      'resolves to an expiry that throws',
      async () => ({
        identity: 'ann',
        get expiresIn() {
          throw new Error('getter')
        },
      }),
    ],
  ])('that %s is trouble of the server: the client is to come again', async (_, answer) => {
    const { clock, dial, heard, hub, reported } = asked(answer)
    const client = dial()
    await client.say(['hi', newcomer])
    expect(client.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(heard).toMatchObject([['refused', { code: 1013, why: 'authenticate failed' }]])
    expect([hub.stats().sessions, hub.stats().connections, clock.pending]).toEqual([0, 0, 0])
    expect(reported).toHaveLength(1)
  })

  it('settles once, whatever a thenable calls', async () => {
    const { dial, peers } = asked(() => ({
      then(resolve: (value: unknown) => void) {
        resolve({ identity: 'a' })
        resolve({ identity: 'b' })
        throw new Error('too late')
      },
    }))
    await dial().greet()
    expect(peers.map(({ identity }) => identity)).toEqual(['a'])
  })

  it('that fails for many clients is reported once a minute for each kind of error', async () => {
    const errors = [new TypeError('a'), Object.assign(new Error('b'), { code: 'ECONNREFUSED' })]
    let asks = 0
    const { clock, dial, heard, reported, warned } = asked(() => Promise.reject(errors[asks++ % 2]))
    for (let client = 0; client < 50; client++) await dial().say(['hi', newcomer])
    expect(reported).toEqual(errors)
    expect(warned).toHaveLength(1)
    expect(heard.filter(([kind]) => kind === 'refused')).toHaveLength(50)
    await clock.advance(60_000)
    for (let client = 0; client < 50; client++) await dial().say(['hi', newcomer])
    expect(reported).toEqual([...errors, ...errors])
    expect(warned).toHaveLength(2)
  })

  it('that fails for a client that resumes leaves its session as it is', async () => {
    let isDown = false
    const { dial, heard, hub, peers } = asked(() => {
      if (isDown) throw new Error('the database is away')
      return { identity: 'ann' }
    })
    const first = dial()
    const ok = await first.greet()
    first.socket.end()
    const sent = peers[0]!.send('m', 1)
    isDown = true
    const second = dial()
    await second.say(['hi', { ...newcomer, ...resuming(ok, 0) }])
    expect(second.socket.closedWith?.code).toBe(1013)
    expect([hub.peers.size, sent.outcome]).toEqual([1, undefined])
    isDown = false
    const third = dial()
    expect((await third.greet(resuming(ok, 0, 3))).session).toBe(ok.session)
    expect(third.frames()).toEqual([[1, 0, 'm', 1]])
    expect(heard.map(([kind]) => kind)).toEqual(['open', 'down', 'refused', 'open'])
  })

  it('says in `refused` what was thrown', async () => {
    const { dial, heard } = asked(() => Promise.reject(unauthorized))
    await dial().say(['hi', newcomer])
    expect(heard).toEqual([['refused', { code: 4401, why: 'not authenticated', error: unauthorized }]])
  })

  it('is given up when it takes too long, and cannot let the client in afterwards', async () => {
    const { promise, resolve } = Promise.withResolvers<Authentication>()
    const { clock, dial, hub, contexts } = asked(() => promise)
    const client = dial()
    await client.say(['hi', newcomer])
    expect(contexts[0]!.signal.aborted).toBe(false)
    await clock.advance(5_200)
    expect(client.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(contexts[0]!.signal.aborted).toBe(true)
    resolve({ identity: 'ann' })
    await settleMicrotasks()
    expect(hub.stats().sessions).toBe(0)
  })

  it('is given up when the client goes', async () => {
    const { promise, resolve } = Promise.withResolvers<Authentication>()
    const { clock, dial, hub, contexts } = asked(() => promise)
    const client = dial()
    await client.say(['hi', newcomer])
    client.socket.end()
    expect(contexts[0]!.signal.aborted).toBe(true)
    resolve({ identity: 'ann' })
    await settleMicrotasks()
    expect([hub.stats().sessions, clock.pending]).toEqual([0, 0])
  })

  it.each([
    ['an event', [1, 0, 'chat']],
    ['a second greeting', ['hi', newcomer]],
    ['a ping', ['p', 0]],
  ])('is not to be disturbed by %s', async (_, message) => {
    const { dial } = asked(() => new Promise(() => {}))
    const client = dial()
    await client.say(['hi', newcomer])
    await client.say(message)
    expect(client.socket.closedWith?.code).toBe(4400)
  })

  it('gives equal identities equal tags, also after a restart, and does not show them', async () => {
    const tagOf = async (identity: string | null) => {
      const { dial } = asked(() => ({ identity }))
      return (await dial().greet()).identity
    }
    const ann = await tagOf('ann@example.com')
    expect(ann).toBe(await tagOf('ann@example.com'))
    expect(ann).not.toBe(await tagOf('bob@example.com'))
    expect(ann).not.toContain('ann')
    expect(await tagOf(null)).toBeNull()
  })
})
