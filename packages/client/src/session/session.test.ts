import { settleMicrotasks } from '@holdfast/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { setUp } from '../../test/support/set-up.ts'
import type { ClientOptions, Delivery, Loss, Outcome } from '../index.ts'
import { HoldfastError, plain, session } from '../index.ts'

type Part = Record<string, unknown>

/** A client on the session wire, and a server that is played by the test. */
function setUpSession(options: Partial<ClientOptions> = {}) {
  const given = setUp({ wire: session(), ...options })
  const { client, network, clock } = given

  const say = async (...messages: unknown[]): Promise<void> => {
    for (const message of messages) network.last.message(JSON.stringify(message))
    await settleMicrotasks()
  }
  /** All frames and controls of the last socket, unpacked. */
  const heard = (): unknown[] =>
    network.last.sent.flatMap((message) => {
      const value = JSON.parse(message as string) as unknown[]
      return Array.isArray(value[0]) ? value : [value]
    })
  const ok = (part: Part = {}): unknown => [
    'ok',
    {
      session: 's1',
      key: 'k1',
      rx: 0,
      identity: null,
      ttl: 120_000,
      ping: 25_000,
      window: [1_024, 1_048_576],
      maxPayload: 1_048_576,
      ...part,
    },
  ]
  const dial = async (): Promise<void> => {
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    await settleMicrotasks()
  }
  const live = async (part?: Part): Promise<void> => {
    await dial()
    await say(['holdfast', { v: 1 }], ok(part))
  }
  /** The connection breaks, and the next one gets as far as the greeting. */
  const cut = async (code = 1006, reason = ''): Promise<void> => {
    network.last.end(code, reason)
    const { length } = network.sockets
    while (network.sockets.length === length) await clock.advance(100)
    network.last.open()
    await say(['holdfast', { v: 1 }])
  }
  return { ...given, say, heard, ok, dial, live, cut }
}

const statuses = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ outcome }) => {
    if (!outcome) return 'open'
    return 'reason' in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status
  })

describe('the greeting', () => {
  it('that is turned away is made again when the server says, and not before or after', async () => {
    const { client, network, clock, dial } = setUpSession({ ports: { random: () => 0.99 } })
    await dial()
    const waits: number[] = []
    for (let round = 0; round < 8; round++) {
      network.last.end(1013, '{"after":[4000,5000]}')
      waits.push(client.state.retryAt! - clock.wall())
      await clock.advance(5_000)
      network.last.open()
      await settleMicrotasks()
    }
    expect(waits).toEqual(Array(8).fill(4_990))
  })

  it('waits for the banner: nothing leaves the client before that', async () => {
    const { client, network, dial, say, heard } = setUpSession({ token: () => 'secret' })
    client.send('early', 1)
    await dial()
    expect(network.last.sent).toEqual([])
    await say(['holdfast', { v: 1 }])
    expect(heard()).toEqual([
      [
        'hi',
        {
          v: 1,
          client: expect.any(String),
          n: 1,
          window: [1_024, 1_048_576],
          maxPayload: 16_777_216,
          token: 'secret',
        },
      ],
    ])
    expect(client.state.status).toBe('connecting')
  })

  it('confirms the session at once, then sends what waited', async () => {
    const { client, live, heard } = setUpSession()
    const opened = vi.fn()
    client.watch('open', opened)
    const early = client.send('early', { a: 1 })
    await live()
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'early', { a: 1 }],
    ])
    expect(opened).toHaveBeenCalledWith(
      expect.objectContaining({ status: 'open', resumed: false, replayed: 0 }),
    )
    expect(early.outcome).toBeUndefined()
  })

  it.each([
    ['an event of a plain server', '{"type":"welcome"}'],
    ['text', 'hello'],
    ['an ok without a banner', '["ok",{}]'],
    ['bytes', new ArrayBuffer(3)],
  ])('gives up, and says so, when the server begins with %s', async (_, message) => {
    const { client, dial, network } = setUpSession()
    const connected = client.connect()
    await dial()
    network.last.message(message)
    const error = (await connected.catch((thrown: unknown) => thrown)) as HoldfastError
    expect([error.code, error.message]).toEqual(['wire-mismatch', expect.stringContaining('plain()')])
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'wire-mismatch' } })
    expect(network.last.sent).toEqual([])
  })

  it('gives up when three servers in a row say nothing', async () => {
    const { client, network, clock } = setUpSession()
    const connected = client.connect()
    await settleMicrotasks()
    for (let dial = 1; dial <= 3; dial++) {
      while (network.sockets.length < dial) await clock.advance(100)
      network.last.open()
      await clock.advance(4_999)
      expect(client.state.status).toBe('connecting')
      await clock.advance(2)
    }
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'wire-mismatch' } })
    await expect(connected).rejects.toMatchObject({ code: 'wire-mismatch' })
    expect(network.sockets).toHaveLength(3)
  })

  it('is told by the plain wire as well that the wires differ', async () => {
    for (const wire of [undefined, plain()]) {
      const { client, open, network } = setUp(wire && { wire })
      await open()
      network.last.message('["holdfast",{"v":1}]')
      expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'wire-mismatch' } })
      const { error } = client.state.cause as { error: HoldfastError }
      expect([error.code, error.message]).toEqual(['wire-mismatch', expect.stringContaining('session()')])
    }
  })

  it('only the first message of a plain server can be a banner', async () => {
    const { client, open, network } = setUp()
    const raw = vi.fn()
    client.onRaw(raw)
    await open()
    network.last.message('{"type":"hello"}')
    network.last.message('["holdfast",{"v":1}]')
    expect(client.state.status).toBe('open')
    expect(raw).toHaveBeenCalledWith('["holdfast",{"v":1}]')
  })

  it.each([
    ['a malformed ok', [['ok', { session: 's' }]]],
    [
      'a window of zero',
      [
        [
          'ok',
          {
            session: 's',
            key: 'k',
            rx: 0,
            identity: null,
            ttl: 1,
            ping: 1,
            window: [0, 1],
            maxPayload: 2_000,
          },
        ],
      ],
    ],
    ['a second banner', [['holdfast', { v: 1 }]]],
    ['data', [[1, 0, 'x', 1]]],
  ])('closes with 4400 on %s, and dials again', async (_, messages) => {
    const { client, dial, say, network } = setUpSession()
    await dial()
    await say(['holdfast', { v: 1 }], ...messages)
    expect(network.last.closes).toEqual([[4400]])
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'protocol' } })
  })
})

describe('a message', () => {
  it('is delivered once it is acknowledged', async () => {
    const { client, live, say } = setUpSession()
    await live()
    const sends = [client.send('a', 1), client.send('b'), client.sendRaw('raw')]
    await settleMicrotasks()
    expect(statuses(sends)).toEqual(['open', 'open', 'open'])
    expect(client.stats().unacknowledgedMessages).toBe(3)
    await say(['a', 2])
    expect(statuses(sends)).toEqual(['delivered', 'delivered', 'open'])
    await say([0, 3, 'tick'])
    expect(statuses(sends)).toEqual(['delivered', 'delivered', 'delivered'])
  })

  it('leaves with all others of its turn in one message of the socket', async () => {
    const { client, live, network } = setUpSession()
    await live()
    const before = network.last.sent.length
    client.send('a', 1)
    client.send('b')
    client.send('c', null)
    client.send('cursor', { x: 1 }, { volatile: true })
    await settleMicrotasks()
    expect(network.last.sent.slice(before)).toEqual([
      '[[1,0,"a",1],[2,0,"b"],[3,0,"c",null],[0,0,"cursor",{"x":1}]]',
    ])
  })

  it('can be taken back until the end of its turn', async () => {
    const { client, live } = setUpSession()
    await live()
    const delivery = client.send('a', 1)
    expect(delivery.cancel()).toBe(true)
    const written = client.send('b', 1)
    await settleMicrotasks()
    expect(written.cancel()).toBe(false)
    expect(statuses([delivery, written])).toEqual(['undelivered: cancelled', 'open'])
  })

  it('waits when the window of the server is full, and is written when there is room', async () => {
    const { client, live, say, heard } = setUpSession()
    await live({ window: [2, 1_000] })
    for (const name of ['a', 'b', 'c', 'd']) client.send(name)
    await settleMicrotasks()
    expect(heard().slice(2)).toEqual([
      [1, 0, 'a'],
      [2, 0, 'b'],
    ])
    await say(['a', 1])
    expect(heard().slice(4)).toEqual([[3, 0, 'c']])
  })

  it('is packed into messages that the server can take', async () => {
    const { client, live, network } = setUpSession()
    await live({ maxPayload: 3_000 })
    for (let count = 0; count < 100; count++) client.send('text', 'x'.repeat(90))
    await settleMicrotasks()
    const packs = network.last.sent.slice(2) as string[]
    expect(packs.length).toBeGreaterThan(3)
    for (const pack of packs) expect(pack.length).toBeLessThanOrEqual(1_000)
  })

  it('that the server cannot take is not written', async () => {
    const { client, live } = setUpSession()
    const early = client.send('a', 'x'.repeat(3_000))
    await live({ maxPayload: 2_000 })
    const late = client.send('a', 'x'.repeat(3_000))
    expect(statuses([early, late])).toEqual(['undelivered: too-large', 'undelivered: too-large'])
  })
})

describe('a resume', () => {
  it('presents the session, and replays what the server has not got', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    const opened = vi.fn()
    const lost = vi.fn()
    client.watch('open', opened)
    client.watch('lost', lost)
    await live()
    await say([1, 0, 'tick', 1], [2, 0, 'tick', 2])
    const sends = [client.send('a', 1), client.send('b', 2), client.send('c', 3)]
    await settleMicrotasks()
    await cut()
    const late = client.send('d', 4)
    expect(heard()).toEqual([['hi', expect.objectContaining({ n: 2, session: 's1', key: 'k1', rx: 2 })]])
    await say(ok({ rx: 1 }))
    expect(statuses(sends)).toEqual(['delivered', 'open', 'open'])
    expect(heard().slice(1)).toEqual([
      ['a', 2],
      [2, 2, 'b', 2],
      [3, 2, 'c', 3],
      [4, 2, 'd', 4],
    ])
    expect(opened).toHaveBeenLastCalledWith(expect.objectContaining({ resumed: true, replayed: 2 }))
    await say(['a', 4])
    expect(statuses([...sends, late])).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
    expect(lost).not.toHaveBeenCalled()
  })

  it('hands on nothing twice, and nothing out of order', async () => {
    const { client, live, say, ok, cut, network } = setUpSession()
    const got: unknown[] = []
    client.on('tick', (data) => got.push(data))
    await live()
    await say(
      [1, 0, 'tick', 1],
      [
        [2, 0, 'tick', 2],
        [2, 0, 'tick', 'again'],
        [1, 0, 'tick', 'old'],
      ],
    )
    await cut()
    await say(ok(), [2, 0, 'tick', 'replayed'], [3, 0, 'tick', 3])
    expect(got).toEqual([1, 2, 3])
    await say([5, 0, 'tick', 5])
    expect(network.last.closes).toEqual([[4425]])
    expect(got).toEqual([1, 2, 3])
  })

  it('is tried for as long as it takes', async () => {
    const { client, live, say, ok, network, clock } = setUpSession()
    await live()
    const delivery = client.send('a')
    await settleMicrotasks()
    for (let failures = 0; failures < 20; failures++) {
      network.last.end(1006)
      await clock.advance(31_000)
    }
    network.last.open()
    await say(['holdfast', { v: 1 }], ok())
    expect(client.state.status).toBe('open')
    await say(['a', 1])
    expect(delivery.outcome).toEqual({ status: 'delivered' })
  })
})

describe('a session that is gone', () => {
  async function lose(lost: Part | undefined, part: Part = {}) {
    const given = setUpSession()
    const { client, live, say, ok, cut } = given
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live({ identity: 'ann' })
    const sends = [client.send('a', 1), client.send('b', 2), client.send('c', 3)]
    await settleMicrotasks()
    await cut()
    sends.push(client.send('waiting'))
    await say(ok({ session: 's2', key: 'k2', identity: 'ann', ...(lost && { lost }), ...part }))
    return { ...given, sends, losses }
  }

  it('with its cursor known: what is above it goes first into the new session', async () => {
    const { sends, heard, losses, say } = await lose({ why: 'expired', rx: 1, missed: 7 })
    expect(statuses(sends)).toEqual(['delivered', 'open', 'open', 'open'])
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b', 2],
      [2, 0, 'c', 3],
      [3, 0, 'waiting'],
    ])
    expect(losses).toEqual([{ why: 'expired', missed: 7, undelivered: 2, unknown: 0 }])
    await say(['a', 3])
    expect(statuses(sends)).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
  })

  it('without: what was written is unknown, and never sent again', async () => {
    for (const lost of [{ why: 'unknown', rx: null, missed: null }, undefined]) {
      const { sends, heard, losses } = await lose(lost)
      const unknown = 'unknown: session-lost'
      expect(statuses(sends)).toEqual([unknown, unknown, unknown, 'open'])
      expect(heard().slice(1)).toEqual([
        ['a', 0],
        [1, 0, 'waiting'],
      ])
      expect(losses).toEqual([{ why: 'unknown', missed: undefined, undelivered: 0, unknown: 3 }])
    }
  })

  it('does not write again what is too large for the new one', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    await live()
    const large = client.send('a', 'x'.repeat(2_000))
    await settleMicrotasks()
    await cut()
    await say(ok({ session: 's2', maxPayload: 1_500, lost: { why: 'drained', rx: 0, missed: 0 } }))
    expect(statuses([large])).toEqual(['undelivered: too-large'])
    expect(heard().slice(1)).toEqual([['a', 0]])
  })

  it('with a cursor that cannot be: nothing is believed', async () => {
    const { sends } = await lose({ why: 'expired', rx: 4, missed: 0 })
    expect(statuses(sends).slice(0, 3)).toEqual(Array(3).fill('unknown: session-lost'))
  })

  it('for another user: nothing that was sent before goes to the new one', async () => {
    const { sends, heard } = await lose({ why: 'identity', rx: 1, missed: 0 }, { identity: 'bob' })
    const lost = 'undelivered: session-lost'
    expect(statuses(sends)).toEqual(['delivered', lost, lost, lost])
    expect(heard().slice(1)).toEqual([['a', 0]])
  })

  it('is heard of before the next one opens, by listeners that may do what they like', async () => {
    for (const act of ['dispose', 'disconnect', 'reconnect'] as const) {
      const { client, live, say, ok, cut, clock, network } = setUpSession()
      client.watch('lost', () => void client[act]())
      const opened = vi.fn()
      await live()
      client.watch('open', opened)
      client.send('a')
      await settleMicrotasks()
      await cut()
      await say(ok({ session: 's2', lost: { why: 'expired', rx: 0, missed: 0 } }))
      expect(opened, act).not.toHaveBeenCalled()
      if (act === 'reconnect') {
        await clock.advance(100)
        network.last.open()
        await say(['holdfast', { v: 1 }], ok({ session: 's2' }))
        expect(opened).toHaveBeenCalledTimes(1)
      }
      await client.dispose()
      expect([act, clock.pending]).toEqual([act, 0])
    }
  })

  it('leaves no message open when a listener of its outcomes disposes of the client', async () => {
    const { client, live, say, ok, cut, clock } = setUpSession()
    client.watch('settled', () => void client.dispose())
    await live()
    const sends = [client.send('a'), client.send('b')]
    await settleMicrotasks()
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 1, missed: 0 } }))
    expect(statuses(sends)).toEqual(['delivered', 'undelivered: disposed'])
    expect(clock.pending).toBe(0)
  })

  it('is the end of it when the server acknowledges what was never written', async () => {
    const { client, live, say, network } = setUpSession()
    const lost = vi.fn()
    client.watch('lost', lost)
    await live()
    const delivery = client.send('a')
    await settleMicrotasks()
    await say(['a', 2])
    expect(network.last.closes).toEqual([[4400]])
    expect(statuses([delivery])).toEqual(['unknown: session-lost'])
    expect(lost).toHaveBeenCalledWith({ why: 'protocol', missed: undefined, undelivered: 0, unknown: 1 })
  })
})

describe('requests', () => {
  it('are answered, survive a connection that breaks, and say what went wrong', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    await live()
    const answer = client.request('sum', [1, 2])
    const failing = client.request('fail').catch((error: unknown) => error)
    await settleMicrotasks()
    expect(heard().slice(2)).toEqual([
      [1, 0, 'sum', [1, 2], { id: 1 }],
      [2, 0, 'fail', null, { id: 2, absent: true }],
    ])
    await say(['a', 2])
    await cut()
    await say(
      ok({ rx: 2 }),
      [1, 2, null, 3, { re: 1 }],
      [2, 2, null, { at: 5 }, { re: 2, error: 'full', message: 'no room' }],
    )
    expect(await answer).toBe(3)
    expect(await failing).toMatchObject({
      code: 'remote',
      reason: 'full',
      message: 'no room',
      data: { at: 5 },
      outcome: { status: 'delivered' },
    })
  })

  it('are unknown when their session is gone, unless they certainly did not arrive', async () => {
    const { client, live, say, ok, cut } = setUpSession()
    await live()
    const answered = client.request('one').catch((error: unknown) => error)
    const carried = client.request('two')
    await settleMicrotasks()
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 1, missed: 1 } }), [
      1,
      1,
      null,
      'done',
      { re: 2 },
    ])
    expect(await answered).toMatchObject({ code: 'unknown', outcome: { status: 'delivered' } })
    expect(await carried).toBe('done')
  })

  it('that nobody waits for any more are called off', async () => {
    const { client, live, clock, heard } = setUpSession()
    await live()
    const abort = new AbortController()
    const late = client.request('slow', 1, { timeout: 1_000 }).catch((error: unknown) => error)
    const aborted = client.request('slow', 2, { signal: abort.signal }).catch((error: unknown) => error)
    await settleMicrotasks()
    abort.abort()
    await clock.advance(1_001)
    expect([(await late) as object, (await aborted) as object]).toMatchObject([
      { code: 'timeout' },
      { code: 'aborted' },
    ])
    expect(heard().slice(4)).toEqual([
      [3, 0, null, null, { off: 2 }],
      [4, 0, null, null, { off: 1 }],
    ])
  })

  it('of the server are answered by their handler', async () => {
    const { client, live, say, heard } = setUpSession()
    const off = client.handle('confirm', async (question, { signal }) => {
      client.send('progress')
      return [question, signal.aborted]
    })
    expect(() => client.handle('confirm', () => 1)).toThrow(/has a handler/)
    await live()
    await say([1, 0, 'confirm', 'sure?', { id: 4 }])
    expect(heard().slice(2)).toEqual([
      [1, 1, 'progress'],
      [2, 1, null, ['sure?', false], { re: 4 }],
    ])
    off()
    await say([2, 2, 'confirm', 'sure?', { id: 5 }])
    expect(heard().at(-1)).toEqual([
      3,
      2,
      null,
      null,
      { re: 5, error: 'unhandled', message: expect.any(String), absent: true },
    ])
  })

  it('are answered with an error when the answer is larger than the server takes', async () => {
    const { client, live, say, heard, reported } = setUpSession()
    client.handle('large', () => 'x'.repeat(2_000))
    client.handle('largely refused', () => {
      throw new HoldfastError('remote', 'no', { reason: 'taken', data: 'x'.repeat(2_000) })
    })
    await live({ maxPayload: 1_024 })
    await say([1, 0, 'large', null, { id: 1 }], [2, 0, 'largely refused', null, { id: 2 }])
    const answers = heard()
      .slice(-2)
      .map((frame) => (frame as unknown[])[4])
    const tooLarge = {
      error: 'too-large',
      message: 'the answer is larger than the peer takes',
      absent: true,
    }
    expect(answers).toEqual([
      { re: 2, ...tooLarge },
      { re: 1, ...tooLarge },
    ])
    expect((reported as Error[]).map(({ message }) => message.split('\n')[0])).toEqual([
      expect.stringMatching(/^the answer is larger than the peer takes: 2\d\d\d of 960 bytes$/),
      expect.stringMatching(/^the answer is larger than the peer takes: 2\d\d\d of 960 bytes$/),
    ])
  })

  it('of a session that is gone are not answered in the next one', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    let answer: ((value: unknown) => void) | undefined
    let signal: { readonly aborted: boolean } | undefined
    client.handle('slow', (_, context) => {
      signal = context.signal
      return new Promise((resolve) => (answer = resolve))
    })
    client.handle('fast', () => 'done')
    await live()
    await say([1, 0, 'slow', 1, { id: 1 }], [2, 0, 'fast', 1, { id: 2 }])
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 0, missed: 0 } }))
    expect(signal?.aborted).toBe(true)
    answer?.(1)
    await settleMicrotasks()
    expect(heard().slice(1)).toEqual([['a', 0]])
  })
})

describe('tokens', () => {
  it('are given in the greeting of every connection, and in place when the server asks', async () => {
    let count = 0
    const token = vi.fn(() => `t${++count}`)
    const { live, say, heard, cut } = setUpSession({ token })
    await live()
    await say(['renew'])
    expect(heard().at(-1)).toEqual(['token', 't2'])
    await cut()
    expect(heard()).toEqual([['hi', expect.objectContaining({ token: 't3' })]])
    expect(token.mock.calls).toEqual([
      [{ reason: 'connect' }],
      [{ reason: 'renew' }],
      [{ reason: 'reconnect' }],
    ])
  })

  it('are asked for afresh once when refused, then the client gives up', async () => {
    const token = vi.fn(() => 't')
    const { client, live, cut, network } = setUpSession({ token })
    await live()
    await cut(4401)
    expect(token).toHaveBeenLastCalledWith({ reason: 'unauthorized' })
    network.last.end(4401)
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'unauthorized' } })
  })
})

describe('the end of a session', () => {
  it('is told with the code and the reason of the application', async () => {
    const { client, live, heard, network } = setUpSession()
    await live()
    void client.disconnect({ code: 4_100, reason: 'bye' })
    expect(heard().at(-1)).toEqual(['bye', { rx: 0, code: 4_100, reason: 'bye' }])
    expect(network.last.closes).toEqual([])
  })

  it('before there is one closes the socket with them', async () => {
    const { client, dial, network } = setUpSession()
    await dial()
    void client.disconnect({ code: 4_100, reason: 'bye' })
    expect(network.last.closes).toEqual([[4_100, 'bye']])
  })

  it('is said on disconnect, and the server has the last word on what was delivered', async () => {
    const { client, live, say, heard, network, clock } = setUpSession()
    const lost = vi.fn()
    client.watch('lost', lost)
    await live()
    const sends = [client.send('a'), client.send('b')]
    const closed = client.disconnect()
    expect(heard().slice(-1)).toEqual([['bye', { rx: 0 }]])
    expect(heard()).toContainEqual([2, 0, 'b'])
    await say(['bye', { rx: 1, total: 0 }])
    network.last.end(1000)
    await closed
    expect(statuses(sends)).toEqual(['delivered', 'open'])
    expect(lost).not.toHaveBeenCalled()

    await clock.advance(100)
    await live({ session: 's2' })
    expect(heard()[0]).toEqual(['hi', expect.not.objectContaining({ session: 's1' })])
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b'],
    ])
  })

  it('discards on disconnect what is certainly undelivered, if asked to', async () => {
    const { client, live, say, network } = setUpSession()
    await live()
    const delivery = client.send('a')
    const closed = client.disconnect({ queue: 'discard' })
    await say(['bye', { rx: 0 }])
    network.last.end(1000)
    await closed
    expect(statuses([delivery])).toEqual(['undelivered: closed'])
  })

  it('leaves unknown what a server does not answer for', async () => {
    const { client, live, clock, network } = setUpSession()
    await live()
    const delivery = client.send('a')
    void client.disconnect()
    await clock.advance(2_001)
    expect(client.state.status).toBe('closed')
    expect(statuses([delivery])).toEqual(['unknown: closed'])
    expect(network.live).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('settles everything on dispose', async () => {
    const { client, live, clock, heard } = setUpSession()
    await live({ window: [1, 1_000] })
    const sends = [client.send('a'), client.send('b')]
    const request = client.request('r').catch((error: unknown) => error)
    const settled: Outcome[] = []
    client.watch('settled', ({ outcome }) => settled.push(outcome))
    await client.dispose()
    expect(statuses(sends)).toEqual(['unknown: disposed', 'undelivered: disposed'])
    expect(await request).toMatchObject({ code: 'disposed' })
    expect(heard().at(-1)).toEqual(['bye', { rx: 0 }])
    expect(settled).toHaveLength(3)
    expect(clock.pending).toBe(0)
  })

  it('comes as planned with a drain: everything out is settled, nothing new is written, then it dials as told', async () => {
    const { client, live, say, heard, network, clock } = setUpSession()
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live()
    const first = client.send('a')
    const request = client.request('r')
    await settleMicrotasks()
    await say(['drain', { after: [3_000, 5_000], within: 10_000 }])
    const held = client.send('b')
    await say(['a', 1])
    expect(heard().at(-1)).toEqual([2, 0, 'r', null, { id: 1, absent: true }])
    await say([1, 2, null, 'answer', { re: 1 }])
    expect(await request).toBe('answer')
    expect(heard().at(-1)).toEqual(['bye', { rx: 1 }])
    await say([2, 2, 'too late'], ['bye', { rx: 2, total: 2 }])
    network.last.end(1012)
    expect(statuses([first, held])).toEqual(['delivered', 'open'])
    expect(losses).toEqual([{ why: 'drained', missed: 1, undelivered: 0, unknown: 0 }])
    await clock.advance(2_990)
    expect(network.sockets).toHaveLength(1)
    await clock.advance(2_020)
    expect(network.sockets).toHaveLength(2)
    network.last.open()
    await say(
      ['holdfast', { v: 1 }],
      [
        'ok',
        {
          session: 's2',
          key: 'k',
          rx: 0,
          identity: null,
          ttl: 1,
          ping: 1_000,
          window: [9, 999],
          maxPayload: 2_000,
        },
      ],
    )
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b'],
    ])
  })

  it.each([
    ['by a close', (end: () => void) => end()],
    ['by no close at all', () => {}],
  ])('keeps to what a drain asks for, an hour at most, when the server ends %s', async (_, finish) => {
    const { client, live, say, network, clock } = setUpSession()
    await live()
    await say(['drain', { after: [2 ** 53 - 1, 2 ** 53 - 1], within: 10_000 }], ['bye', { rx: 0, total: 0 }])
    finish(() => network.last.end(1012))
    await clock.advance(2_000)
    expect(client.state.status).toBe('waiting')
    expect(client.state.retryAt! - clock.wall()).toBeLessThanOrEqual(3_600_000)
    expect(client.state.retryAt! - clock.wall()).toBeGreaterThan(2_800_000)
  })

  it('answers during a drain, although nothing else is written', async () => {
    const { client, live, say, heard } = setUpSession()
    let answer: (value: unknown) => void = () => {}
    client.handle('slow', () => new Promise((resolve) => (answer = resolve)))
    await live()
    await say([1, 0, 'slow', 1, { id: 1 }], ['drain', { after: [0, 0], within: 10_000 }])
    client.send('new')
    answer('done')
    await settleMicrotasks()
    expect(heard().slice(3)).toEqual([[1, 1, null, 'done', { re: 1 }]])
    await say(['a', 1])
    expect(heard().slice(4)).toEqual([['bye', { rx: 1 }]])
  })

  it('comes from the server when its application closes it', async () => {
    const { client, live, say, heard, network, clock } = setUpSession()
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live()
    const delivery = client.send('a')
    await settleMicrotasks()
    await say(['bye', { rx: 1, total: 0 }])
    expect(heard().at(-1)).toEqual(['bye', { rx: 0 }])
    expect(statuses([delivery])).toEqual(['delivered'])
    expect(losses).toEqual([{ why: 'closed', missed: 0, undelivered: 0, unknown: 0 }])
    network.last.end(4403, 'kicked')
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'forbidden' } })
    await clock.advance(60_000)
    expect(network.sockets).toHaveLength(1)
  })
})

describe('a dead connection', () => {
  it('is noticed within seconds when a message is not acknowledged', async () => {
    const { client, live, clock, heard } = setUpSession()
    await live()
    client.send('a')
    await clock.advance(2_100)
    expect(heard().at(-1)).toEqual(['p', 0])
    await clock.advance(2_100)
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'silent' } })
  })

  it('is noticed when the pings of the server stay out', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live({ ping: 10_000 })
    for (let ping = 0; ping < 5; ping++) {
      await clock.advance(10_000)
      await say(['p', 0])
      expect(heard().at(-1)).toEqual(['q', 0])
    }
    await clock.advance(15_001)
    expect(heard().at(-1)).toEqual(['p', 0])
    await clock.advance(2_100)
    expect(client.state.status).toBe('waiting')
  })

  it('is not what a slow server is, which answers pings before all else', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live()
    client.send('a')
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000)
      await say([0, 0, 'tick'])
      if ((heard().at(-1) as unknown[])[0] === 'p') await say(['q', 0])
    }
    expect(client.state.status).toBe('open')
  })

  it('may still bring messages, if it takes none', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live()
    client.send('a')
    const seconds = async (count: number): Promise<void> => {
      for (let second = 0; second < count; second++) {
        await say([0, 0, 'tick'])
        await clock.advance(1_000)
      }
    }
    await seconds(5)
    expect(heard().filter((message) => (message as unknown[])[0] === 'p')).toHaveLength(2)
    expect(client.state.status).toBe('open')
    await seconds(2)
    expect(client.state).not.toMatchObject({ status: 'open' })
    expect(client.state).toMatchObject({ cause: { reason: 'silent' } })
  })

  it('is not what a slow one is: a large message is given time by its size', async () => {
    const { client, live, say, clock, heard } = setUpSession()
    await live()
    client.sendRaw('x'.repeat(320_000))
    client.send('small')
    await settleMicrotasks()
    const { length } = heard()
    await clock.advance(11_900)
    expect(heard()).toHaveLength(length)
    await say(['a', 1])
    await clock.advance(5_000)
    expect(heard().slice(length)).toEqual([['p', 0]])
  })

  it('is given twice the time when the last one was given up without an ack', async () => {
    const { client, live, say, clock, heard, ok, network } = setUpSession()
    await live()
    client.send('a')
    for (const patience of [2_000, 4_000, 8_000, 16_000]) {
      await clock.advance(patience - 100)
      expect(heard().filter((message) => (message as unknown[])[0] === 'p')).toEqual([])
      const { length } = network.sockets
      while (network.sockets.length === length) await clock.advance(100)
      network.last.open()
      await say(['holdfast', { v: 1 }], ok())
    }
    await say(['a', 1])
    client.send('b')
    await clock.advance(4_100)
    expect(heard().at(-1)).toEqual(['p', 0])
  })
})

describe('a message that the server refuses', () => {
  it.each([1003, 1007, 1009])('with %i is found, withdrawn, and the others are delivered', async (code) => {
    const { client, live, say, ok, cut, network } = setUpSession()
    await live()
    const sends = [client.send('a'), client.send('poison'), client.send('c')]
    await settleMicrotasks()
    await cut(code)
    await say(ok({ rx: 0 }))
    // Unpacked, to see which one it is.
    expect(network.last.sent.slice(2)).toEqual(['[1,0,"a"]', '[2,0,"poison"]', '[3,0,"c"]'])
    await cut(code)
    await say(ok({ rx: 1 }))
    await cut(code)
    await say(ok({ rx: 1 }))
    expect(network.last.sent.slice(2)).toEqual(['[2,0]', '[3,0,"c"]'])
    await say(['a', 3])
    expect(statuses(sends)).toEqual(['delivered', 'undelivered: rejected', 'delivered'])
  })

  it('is not looked for under the same number in another session', async () => {
    const { client, live, say, ok, cut } = setUpSession()
    await live()
    const first = client.send('a')
    await settleMicrotasks()
    await cut(1009)
    await say(ok())
    // It was suspected once. In the next session, another message has its number.
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 1, missed: 0 } }))
    expect(statuses([first])).toEqual(['delivered'])
    const second = client.send('b')
    await settleMicrotasks()
    await cut(1009)
    await say(ok({ session: 's2' }))
    expect(statuses([second])).toEqual(['open'])
  })
})

describe('a platform without coders of text', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it('talks in text all the same, in every language', async () => {
    vi.stubGlobal('TextEncoder', undefined)
    vi.stubGlobal('TextDecoder', undefined)
    const { client, live, say, heard } = setUpSession()
    const any = vi.fn()
    client.onAny(any)
    await live()
    const sent = [client.send('größe', '👩‍👩‍👧'), client.sendRaw('你好')]
    await settleMicrotasks()
    await say([[1, 2, 'größe', '👩‍👩‍👧']])
    expect(statuses(sent)).toEqual(['delivered', 'delivered'])
    expect(heard().at(-3)).toEqual([1, 0, 'größe', '👩‍👩‍👧'])
    expect(any).toHaveBeenCalledWith('größe', '👩‍👩‍👧')
  })

  it('refuses to send bytes at the call, and nothing else suffers', async () => {
    vi.stubGlobal('TextEncoder', undefined)
    const { client, live, say, heard, reported } = setUpSession()
    client.handle('bytes', () => new Uint8Array(1) as never)
    await live()
    const bytes = new Uint8Array([1, 2])
    for (const call of [
      () => client.sendRaw(bytes),
      () => client.send('x', bytes),
      () => client.request('x', bytes),
    ])
      expect(call).toThrow(
        expect.objectContaining({ code: 'misuse', message: expect.stringContaining('TextEncoder') }),
      )
    const text = client.send('x', 1)
    await settleMicrotasks()
    await say([1, 1, 'bytes', null, { id: 1 }])
    expect(statuses([text])).toEqual(['delivered'])
    expect(heard().at(-1)).toEqual([2, 1, null, null, expect.objectContaining({ re: 1, error: 'internal' })])
    expect(reported).toEqual([expect.objectContaining({ code: 'misuse' })])
    expect(client.state.status).toBe('open')
  })

  it('says what it needs when bytes come in, and has the server give up a message that it cannot read', async () => {
    vi.stubGlobal('TextDecoder', undefined)
    const { client, live, network } = setUpSession()
    await live()
    network.last.message(new Uint8Array([0, 2, 91, 93]).buffer)
    expect(network.last.closes).toEqual([[4422]])
    const error = expect.objectContaining({ code: 'misuse', message: expect.stringContaining('TextDecoder') })
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'unreadable', error } })
  })

  it.each([new Blob(['x']), undefined, 5])(
    'says so too of a socket that brings neither text nor bytes: %o',
    async (data) => {
      const { client, live, network } = setUpSession()
      await live()
      network.last.onmessage?.({ data } as never)
      expect(network.last.closes).toEqual([[4422]])
      const error = expect.objectContaining({ code: 'misuse' })
      expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'unreadable', error } })
    },
  )
})

describe('bad input', () => {
  it.each([
    ['not JSON', '{', 4400],
    ['no array', '{"type":"x"}', 4400],
    ['an empty array', '[]', 4400],
    ['a frame with a number for a name', '[1,0,5]', 4400],
    ['a fraction', '[1.5,0,"x"]', 4400],
    ['a number that is too large', '[9007199254740992,0,"x"]', 4400],
    ['a gap', '[2,0,"x"]', 4425],
    ['an unknown control', '["what",1]', 4400],
    ['a greeting of a client', '["hi",{}]', 4400],
    ['a second ok', '["ok",{}]', 4400],
    ['a volatile request', '[0,0,"x",1,{"id":1}]', 4400],
    ['a frame of no kind', '[1,0,null,1,{"what":1}]', 4400],
    ['raw data that is none', '[1,0,null,{},{"raw":true}]', 4400],
    ['bytes without a header', new Uint8Array([9]).buffer, 4400],
    ['a header that is cut off', new Uint8Array([0, 9, 91]).buffer, 4400],
    [
      'a header behind a byte order mark',
      new Uint8Array([0, 12, 0xef, 0xbb, 0xbf, ...new TextEncoder().encode('[1,0,"x"]')]).buffer,
      4400,
    ],
    ['deep data', `[1,0,"x",${'['.repeat(100)}${']'.repeat(100)}]`, 4422],
  ])('%s closes the connection, and nothing is handed on', async (_, message, code) => {
    const { client, live, network, clock } = setUpSession()
    const any = vi.fn()
    client.onAny(any)
    await live()
    network.last.message(message)
    expect(network.last.closes).toEqual([[code]])
    expect(any).not.toHaveBeenCalled()
    expect(client.state.status).toBe('waiting')
    await client.dispose()
    expect(clock.pending).toBe(0)
  })

  it('a message over the limit closes with 4413, as pages cannot close with 1009', async () => {
    const { live, network } = setUpSession({ wire: session({ maxPayloadBytes: 1_024 }) })
    await live()
    network.last.message(`[1,0,"x","${'x'.repeat(2_000)}"]`)
    expect(network.last.closes).toEqual([[4413]])
  })

  it('options that make no sense are refused', () => {
    expect(() => session({ maxPayloadBytes: 3 })).toThrow(/maxPayloadBytes/)
    for (const window of [
      [0, 1],
      [1, 0],
      [1.5, 1],
      [NaN, 1],
    ] as const)
      expect(() => session({ window })).toThrow(/window/)
  })
})

describe('a path that is slow', () => {
  it('is given more time after each connection that falls silent, until one brings something', async () => {
    const { client, dial, say, ok, clock, network } = setUpSession()
    const times: number[] = []
    const liveUntilSilent = async (...messages: unknown[]): Promise<void> => {
      await say(['holdfast', { v: 1 }], ok(), ...messages)
      const since = clock.now()
      while (client.state.status === 'open') await clock.advance(500)
      times.push(Math.round((clock.now() - since) / 1_000))
      expect(client.state.cause).toEqual({ reason: 'silent' })
      while (client.state.status !== 'connecting') await clock.advance(100)
      network.last.open()
      await settleMicrotasks()
    }
    await dial()
    for (let round = 0; round < 6; round++) await liveUntilSilent()
    await liveUntilSilent([1, 0, 'here it is'])
    await liveUntilSilent()
    expect(times).toEqual([32, 62, 122, 242, 482, 482, 482, 62])
  })

  it('is not judged in the next attempt, before that has a session', async () => {
    const { client, live, say, clock, network } = setUpSession({ attemptTimeout: 30_000 })
    let answer: (value: unknown) => void = () => {}
    client.handle('ask', () => new Promise((resolve) => (answer = resolve)))
    await live()
    await say([1, 0, 'ask', 1, { id: 7 }])
    client.send('a', 1)
    await settleMicrotasks()
    network.last.end(1006)
    answer(1)
    for (let waited = 0; waited < 25_000; waited += 100) {
      await clock.advance(100)
      expect(client.state.cause?.reason).not.toBe('silent')
    }
  })
})

describe('the round-trip time', () => {
  it('is measured by the greeting, then by the first ack after quiet', async () => {
    const { client, dial, say, ok, clock } = setUpSession()
    await dial()
    await say(['holdfast', { v: 1 }])
    await clock.advance(80)
    await say(ok())
    expect(client.stats().rtt).toBe(80)
    client.send('a')
    await clock.advance(40)
    await say(['a', 1])
    expect(client.stats().rtt).toBe(75)
    client.send('b')
    await clock.advance(500)
    await say(['a', 2])
    expect(client.stats().rtt, 'what came in the meantime may have been held back').toBe(75)
  })
})
