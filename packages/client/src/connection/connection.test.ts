import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { defaultCloseRules } from '@holdfast/protocol'
import { createFakeNetwork } from '../../test/support/fake-socket.ts'
import { createTestPorts } from '../../test/support/test-ports.ts'
import { clockFaults, createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { fatal } from './attempt.ts'
import type { OpenSocket } from './attempt.ts'
import { pickBackoff } from './backoff.ts'
import { closeReader } from './close.ts'
import { createConnection } from './connection.ts'
import type { Connection, ConnectionOptions } from './connection.ts'
import type { Diagnose } from './diagnose.ts'
import { diagnosis } from './diagnosis.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { Heartbeat } from './heartbeat.ts'
import { deadlineOf } from './machine.ts'
import { pagePolicy } from './page-policy.ts'
import type { Finding, Policy, RunnableDiagnosis, State } from './states.ts'

function setUp(
  faults = clockFaults.exact,
  { diagnose, ...overrides }: Partial<ConnectionOptions> & { readonly diagnose?: Diagnose } = {},
  rules: Partial<Policy> = {},
  heartbeat?: Heartbeat,
) {
  const { ports, signal, isListening } = createTestPorts(createVirtualClock(faults))
  const { clock } = ports
  const network = createFakeNetwork()
  const states: State['name'][] = []
  const received: unknown[] = []
  const report = vi.fn()
  let socket: OpenSocket | undefined
  const connection: Connection = createConnection({
    policy: {
      attemptTimeout: 10_000,
      closeTimeout: 2_000,
      minUptime: 5_000,
      maxAttempts: Infinity,
      minDelay: 100,
      baseDelay: 1_000,
      maxDelay: 30_000,
      maxHiddenDelay: 120_000,
      delay: pickBackoff,
      asksDelay: true,
      ...rules,
    },
    ports: { ...ports, report },
    closed: closeReader(defaultCloseRules),
    prepare: () => Promise.resolve({ url: 'ws://test', open: () => new network.WebSocket('ws://test') }),
    // A fraction, as real jitter has: a timer that rounds it down fires before the deadline.
    delay: () => 500.37,
    open(opened) {
      socket = opened
      socket.confirm({ heartbeat, resumption: { resumed: false, replayed: 0 } })
      return {
        received: (data) => received.push(data),
        refused: () => {},
        probe: () => opened.write('ping'),
        close: () => false,
        retryAfter: () => undefined,
        ended: () => {},
      }
    },
    opened: () => {},
    flush: () => {},
    diagnosis: diagnose ? (diagnosis(diagnose) as RunnableDiagnosis) : pagePolicy,
    received: (data, conversation) => conversation.received(data as string),
    changed: (state) => states.push(state.name),
    ...overrides,
  })
  const open = async (): Promise<void> => {
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    network.last.open()
  }
  return {
    clock,
    network,
    states,
    received,
    report,
    connection,
    get socket() {
      return socket!
    },
    open,
    signal,
    isListening,
  }
}

describe.each(Object.entries(clockFaults))('on a clock that is %s', (_name, faults) => {
  it('connects, and heals when the connection is lost', async () => {
    const { connection, network, clock, states, open } = setUp(faults)
    await open()
    network.last.end()
    await clock.advance(2_000)
    network.last.open()
    expect(network.sockets).toHaveLength(2)
    expect(states).toEqual([
      ...['preparing', 'opening', 'greeting', 'open'],
      ...['waiting', 'preparing', 'opening', 'greeting', 'open'],
    ])
    expect(connection.state).toMatchObject({ name: 'open', epoch: 2 })
  })

  it('gives up an attempt that takes too long, and makes another', async () => {
    const { connection, network, clock } = setUp(faults)
    connection.dispatch({ type: 'connect' })
    await clock.advance(14_000)
    expect(network.sockets).toHaveLength(2)
    expect(network.sockets[0]!.closes).toHaveLength(1)
    expect(network.live).toHaveLength(1)
  })

  it('notices a peer that is silent, and one that answers', async () => {
    const heartbeat = createHeartbeat({ interval: 5_000, timeout: 2_000 })
    const { connection, network, clock, open } = setUp(faults, {}, {}, heartbeat)
    await open()
    for (let round = 0; round < 5; round++) {
      const before = network.last.sent.length
      while (network.last.sent.length === before) await clock.advance(100)
      network.last.message('pong')
    }
    expect(network.sockets).toHaveLength(1)
    await clock.advance(9_000)
    expect(network.sockets.length).toBeGreaterThan(1)
    expect(connection.state.epoch).toBeGreaterThan(1)
  })

  it('has exactly one timer when the state has a deadline, and none otherwise, after every input', async () => {
    const inputs = fc.array(
      fc.constantFrom(
        'connect',
        'open',
        'lose',
        'reject',
        'wake',
        'change',
        'offline',
        'leave',
        'reconnect',
        'stop',
        'time',
        'long',
        'message',
      ),
      { maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(inputs, fc.boolean(), async (names, beats) => {
        const heartbeat = beats ? createHeartbeat({ interval: 5_000, timeout: 2_000 }) : undefined
        const { connection, network, clock, signal, isListening } = setUp(faults, {}, {}, heartbeat)
        for (const name of names) {
          if (name === 'connect') connection.dispatch({ type: 'connect' })
          else if (name === 'open' && network.last?.readyState === 0) network.last.open()
          else if (name === 'lose') network.last?.end()
          else if (name === 'reject') network.last?.end(4403)
          else if (name === 'wake' || name === 'change' || name === 'offline' || name === 'leave')
            signal(name)
          else if (name === 'reconnect') connection.dispatch({ type: 'reconnect' })
          else if (name === 'stop')
            connection.dispatch({ type: 'stop', cause: { reason: 'disconnect' }, graceful: true })
          else if (name === 'message') network.last?.message('hello')
          else await clock.advance(name === 'time' ? 333 : 11_111)
          await Promise.resolve()
          await Promise.resolve()
          expect(clock.pending).toBe(deadlineOf(connection.state) === undefined ? 0 : 1)
          expect(network.live.length).toBeLessThanOrEqual(1)
          expect(isListening()).toBe(!['idle', 'closed'].includes(connection.state.name))
        }
      }),
    )
  })
})

describe('the interpreter', () => {
  it('touches nothing until it is told to connect', () => {
    const { clock, network, isListening } = setUp()
    expect([clock.pending, network.sockets.length, isListening()]).toEqual([0, 0, false])
  })

  it('processes inputs that a listener gives after the one that the listener hears of', async () => {
    const seen: [State['name'], State['name']][] = []
    const { connection, open } = setUp(clockFaults.exact, {
      changed: (state, previous) => {
        seen.push([previous.name, state.name])
        if (state.name === 'open') {
          connection.dispatch({ type: 'stop', cause: { reason: 'disconnect' }, graceful: true })
          expect(connection.state.name).toBe('open')
        }
      },
    })
    await open()
    expect(seen.slice(-2)).toEqual([
      ['greeting', 'open'],
      ['open', 'closing'],
    ])
  })

  it('goes on after a listener threw', async () => {
    let broken = true
    const { connection, network } = setUp(clockFaults.exact, {
      changed: () => {
        if (broken) throw new Error('listener')
      },
    })
    expect(() => connection.dispatch({ type: 'connect' })).toThrow('listener')
    broken = false
    await settleMicrotasks()
    network.last.open()
    expect(connection.state.name).toBe('open')
  })

  it('hears nothing from a socket that it has given up', async () => {
    const { connection, network, received, open } = setUp()
    await open()
    const old = network.last
    connection.dispatch({ type: 'reconnect' })
    await settleMicrotasks()
    network.last.open()
    const state = connection.state
    old.message('late')
    old.end(4403)
    expect(received).toEqual([])
    expect(connection.state).toBe(state)
  })

  it('does not wait for the closing handshake of a socket that it gives up', async () => {
    const { connection, clock, network, open } = setUp()
    await open()
    await clock.advance(100)
    connection.dispatch({ type: 'reconnect' })
    await settleMicrotasks()
    expect(network.sockets[0]!.closes).toEqual([[1000]])
    expect(network.sockets[0]!.readyState).toBe(2)
    expect(network.sockets).toHaveLength(2)
  })

  it('closes a socket that is stuck before it dials another', async () => {
    const { connection, network, clock, signal } = setUp()
    connection.dispatch({ type: 'connect' })
    await clock.advance(6_000)
    signal('wake')
    expect(network.sockets[0]!.closes).toHaveLength(1)
    await settleMicrotasks()
    expect(network.sockets).toHaveLength(2)
  })

  it('destroys a dead socket where the platform lets it, instead of closing it', async () => {
    const { network, open } = setUp()
    await open()
    const terminate = vi.fn()
    Object.assign(network.last, { terminate })
    network.last.end()
    expect(terminate).toHaveBeenCalledOnce()
    expect(network.last.closes).toEqual([])
  })

  it('destroys a socket whose peer does not answer the close, where the platform lets it', async () => {
    const { connection, clock, network, open } = setUp()
    for (const answers of [true, false]) {
      await open()
      const terminate = vi.fn()
      Object.assign(network.last, { terminate })
      connection.dispatch({ type: 'stop', cause: { reason: 'dispose' }, graceful: false })
      expect(clock.pending).toBe(1)
      if (answers) network.last.end(1000)
      if (answers) await clock.advance(100)
      else await clock.advance(2_000)
      expect(clock.pending).toBe(0)
      expect(terminate).toHaveBeenCalledTimes(answers ? 0 : 1)
    }
  })

  it('writes nothing more to a socket that threw, even before the connection has ended', async () => {
    const given = setUp(clockFaults.exact, {
      opened: () => {
        const { socket } = given
        given.network.last.failures = 1
        expect([socket.isWritable(), socket.write('a'), socket.isWritable()]).toEqual([true, false, false])
      },
    })
    await given.open()
    expect(given.connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'send-failed' } })
    await settleMicrotasks()
  })

  it('is not disturbed by a socket that throws when it is closed', async () => {
    const { connection, clock, network, open } = setUp()
    await open()
    await clock.advance(100)
    network.last.close = () => {
      throw new Error('no')
    }
    connection.dispatch({ type: 'reconnect' })
    await settleMicrotasks()
    expect(network.sockets).toHaveLength(2)
  })

  it('retries when the constructor throws, unless it can never work', async () => {
    const { connection, network, clock } = setUp()
    network.refuse(new DOMException('mixed content', 'SecurityError'))
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    expect(connection.state).toMatchObject({
      name: 'waiting',
      cause: { reason: 'blocked', error: { name: 'SecurityError' } },
    })
    network.refuse(new DOMException('bad subprotocol', 'SyntaxError'))
    await clock.advance(1_000)
    expect(connection.state).toMatchObject({ name: 'closed', fatal: true, cause: { reason: 'blocked' } })
  })

  it('ends the attempt when it cannot be prepared', async () => {
    const { connection } = setUp(clockFaults.exact, {
      prepare: () => Promise.resolve({ cause: { reason: 'token' }, rule: fatal }),
    })
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    expect(connection.state).toMatchObject({ name: 'closed', cause: { reason: 'token' } })
  })

  it('tells the preparation of an attempt that is given up, and ignores what it gives', async () => {
    const signals: { aborted: boolean }[] = []
    let finish: ((value: { url: string; open: () => never }) => void) | undefined
    const { connection, network, clock } = setUp(clockFaults.exact, {
      prepare: ({ signal }) => {
        signals.push(signal)
        return new Promise((resolve) => (finish ??= resolve))
      },
    })
    connection.dispatch({ type: 'connect' })
    await clock.advance(11_000)
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
    finish!({ url: 'ws://test', open: () => expect.fail('dialed for a dead attempt') })
    await settleMicrotasks()
    expect(network.sockets).toEqual([])
    expect(connection.state.name).toBe('preparing')
  })

  it('notices a dial that failed when the socket reports an error and never closes', async () => {
    const { connection, clock, network } = setUp()
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    const error = new Error('refused')
    network.last.onerror!({ type: 'error', error } as never)
    await clock.advance(101)
    expect(connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'unreachable', error } })
    expect(connection.state.tally.timeouts).toBe(0)
  })

  it('reports the close code as it was, and names the likely cause', async () => {
    const { connection, network, open } = setUp()
    await open()
    network.last.end(4999, 'because')
    expect(connection.state).toMatchObject({ cause: { reason: 'closed', code: 4999, text: 'because' } })
  })

  it('does not take a close code for the word of the server before the socket opened', async () => {
    const { connection, network } = setUp()
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    network.last.end(4403)
    expect(connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'unreachable', code: 4403 } })
  })

  it('measures the round trip from a probe to its answer, smoothed', async () => {
    const heartbeat = createHeartbeat({ interval: 1_000, timeout: 500 })
    const given = setUp(clockFaults.exact, {}, {}, heartbeat)
    const { connection, network, clock, open } = given
    await open()
    given.socket.answered()
    expect(connection.path.rtt).toBeUndefined()
    await clock.advance(1_000)
    expect(network.last.sent).toEqual(['ping'])
    await clock.advance(40)
    network.last.message('pong')
    given.socket.answered()
    expect(connection.path.rtt).toBeCloseTo(40)
    await clock.advance(1_000)
    await clock.advance(120)
    network.last.message('pong')
    given.socket.answered()
    expect(connection.path.rtt).toBeCloseTo(50)
  })

  it('does not ask a server for signs of life that sends messages', async () => {
    const heartbeat = createHeartbeat({ interval: 1_000, timeout: 500 })
    const { network, clock, open } = setUp(clockFaults.exact, {}, {}, heartbeat)
    await open()
    for (let round = 0; round < 9; round++) {
      await clock.advance(600)
      network.last.message('news')
    }
    expect(network.last.sent).toEqual([])
    await clock.advance(1_001)
    expect(network.last.sent).toEqual(['ping'])
  })

  it('keeps a connection whose answer was queued while the page was stalled', async () => {
    const heartbeat = createHeartbeat({ interval: 5_000, timeout: 2_000 })
    const { connection, network, clock, open } = setUp(clockFaults.exact, {}, {}, heartbeat)
    await open()
    await clock.advance(5_000)
    clock.stall(600_000)
    await clock.advance(0)
    network.last.message('pong')
    await clock.advance(100)
    expect(connection.state).toMatchObject({ name: 'open', epoch: 1 })
  })

  it('survives delays longer than a timer can hold', async () => {
    const { connection, network, clock, open } = setUp(clockFaults.exact, { delay: () => 3e9 })
    await open()
    const setTimer = vi.spyOn(clock, 'setTimer')
    network.last.end()
    expect(setTimer.mock.lastCall![1]).toBe(2_147_483_647)
    await clock.advance(3e9 + 1)
    expect(network.sockets).toHaveLength(2)
    expect(connection.state.name).toBe('opening')
  })
})

describe('a socket that does not say what it is', () => {
  it.each([
    ['a write', ({ socket }) => void socket.isWritable()],
    ['a wake-up', ({ signal }) => signal('wake')],
    ['word that the network is gone', ({ signal }) => signal('offline')],
    ['connect()', ({ connection }) => connection.dispatch({ type: 'connect' })],
    ['half a minute', ({ clock }) => clock.advance(30_000)],
  ] satisfies [string, (given: ReturnType<typeof setUp>) => unknown][])(
    'is replaced when it has closed without an event, at the latest by %s',
    async (_, happens) => {
      const given = setUp()
      await given.open()
      given.network.last.readyState = 3
      await Promise.resolve(happens(given))
      await given.clock.advance(0)
      expect(given.connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'lost' } })
      await given.clock.advance(1_000)
      expect(given.network.sockets).toHaveLength(2)
    },
  )

  it('is replaced within 3 s of a write when its peer has closed, and keeps the transport open', async () => {
    const given = setUp()
    const { connection, network, clock, open } = given
    await open()
    network.last.readyState = 2
    await clock.advance(10_000)
    for (let write = 0; write < 5; write++) {
      expect(given.socket.isWritable()).toBe(false)
      await clock.advance(450)
    }
    expect(connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'lost' } })
  })

  it('is heard out when its close comes after all', async () => {
    const given = setUp()
    const { connection, network, clock, open } = given
    await open()
    network.last.readyState = 2
    given.socket.isWritable()
    await clock.advance(1_900)
    network.last.end(1012, 'update')
    expect(connection.state).toMatchObject({ cause: { reason: 'restart', code: 1012, text: 'update' } })
  })

  it.each([
    [undefined, { reason: 'lost' }],
    [{}, { reason: 'lost' }],
    [{ code: 0, reason: null }, { reason: 'lost' }],
    [{ code: '1012', reason: 5 }, { reason: 'lost' }],
    [{ code: 4403.5, reason: {} }, { reason: 'lost' }],
    [
      { code: -1, reason: 'who knows' },
      { reason: 'lost', text: 'who knows' },
    ],
    [
      { code: 99_999, reason: '' },
      { reason: 'closed', code: 99_999 },
    ],
    [
      { code: 1012, reason: undefined },
      { reason: 'restart', code: 1012 },
    ],
  ])('loses the path when its close tells nothing that is a code: %o', async (event, cause) => {
    const { connection, network, open } = setUp()
    await open()
    network.last.onclose?.(event as never)
    expect(connection.state).toMatchObject({ name: 'waiting' })
    expect('cause' in connection.state && connection.state.cause).toEqual(cause)
  })

  it('may report an error without an event', async () => {
    const { connection, network, clock } = setUp()
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    network.last.onerror?.(undefined as never)
    await clock.advance(100)
    expect(connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'unreachable' } })
  })

  it('has the words of its peer cleaned for those who read them', async () => {
    const { connection, network, open } = setUp()
    await open()
    const reason = 'so\r\nERROR \u001b[31mfake\u202e\u0007'
    network.last.onclose?.({ code: 4100, reason } as never)
    expect(connection.state).toMatchObject({ cause: { text: 'so ERROR  [31mfake ' } })
  })
})

describe('a page that is left', () => {
  it('closes its socket cleanly, once all is written, and has a new one at once when it is back', async () => {
    const done: string[] = []
    const { clock, connection, network, signal, open } = setUp(clockFaults.exact, {
      flush: () => void done.push(`flush ${network.last.readyState}`),
    })
    await open()
    await clock.advance(6_000)
    signal('leave')
    expect(done).toEqual(['flush 1'])
    expect(network.last.closes).toEqual([[1000]])
    signal('change')
    await clock.advance(1)
    expect(network.sockets).toHaveLength(2)
    network.last.open()
    expect(connection.state).toMatchObject({ name: 'open' })
  })

  it('has a new socket a second later, if it is still there', async () => {
    const { clock, network, signal, open } = setUp()
    await open()
    signal('leave')
    signal('leave')
    await clock.advance(1_001)
    expect(network.sockets).toHaveLength(2)
  })
})

describe('a machine that slept', () => {
  it('is noticed within half a minute where no heartbeat asks, and the socket replaced', async () => {
    const { clock, connection, network, open } = setUp(clockFaults.exact, { delay: () => 500 })
    await open()
    await clock.advance(29_000)
    clock.sleep(600_000)
    await clock.advance(1_100)
    expect(network.sockets[0]!.closes).toHaveLength(1)
    expect(connection.state).toMatchObject({ cause: { reason: 'change' } })
    await clock.advance(500)
    expect(network.sockets).toHaveLength(2)
  })

  it('is noticed where both clocks went on, by a timer that comes far too late', async () => {
    const { clock, connection, open } = setUp()
    await open()
    clock.sleep(600_000, 'runs')
    await clock.advance(30_000)
    expect(connection.state.epoch).toBeGreaterThan(1)
  })

  it('may be woken by the platform before its timers', async () => {
    const { clock, connection, network, signal, open } = setUp(clockFaults.exact, { delay: () => 30_000 })
    await open()
    network.last.end()
    clock.sleep(600_000, 'runs')
    signal('wake')
    await clock.advance(300)
    expect(network.sockets).toHaveLength(2)
    expect(connection.state).toMatchObject({ name: 'opening', epoch: 2 })
  })

  it('is told from one whose wall clock was set back', async () => {
    const { clock, network, open } = setUp()
    await open()
    clock.jump(-3_600_000)
    await clock.advance(120_000)
    expect(network.sockets).toHaveLength(1)
  })
})

describe('a dial that fails again and again', () => {
  const failThrice = async ({ connection, clock, network }: ReturnType<typeof setUp>): Promise<void> => {
    connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    for (let round = 0; round < 3; round++) {
      if (round > 0) await clock.advance(600)
      network.last.end()
    }
    await settleMicrotasks()
  }
  const forbidden: Finding = { cause: { reason: 'forbidden', status: 403 } }

  it('is looked into, and further failures have the cause that was found', async () => {
    const asked: string[] = []
    const world = setUp(clockFaults.exact, {
      diagnose: (url) => {
        asked.push(url)
        return Promise.resolve(forbidden)
      },
    })
    await failThrice(world)
    expect(asked).toEqual(['ws://test'])
    expect(world.connection.state).toMatchObject({ cause: { reason: 'forbidden', status: 403, code: 1006 } })
    await world.clock.advance(600)
    world.network.last.end()
    expect(world.connection.state).toMatchObject({ cause: { reason: 'forbidden', status: 403, code: 1006 } })
    expect(asked).toHaveLength(1)
  })

  it('is looked into after three failures in a row, and after each further three', async () => {
    const asked: number[] = []
    let failures = 0
    const world = setUp(clockFaults.exact, {
      diagnose: () => {
        asked.push(failures)
        return Promise.resolve(undefined)
      },
    })
    world.connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    for (let round = 0; round < 10; round++) {
      // A socket that opens ends the row.
      if (round === 2) {
        world.network.last.open()
        failures = -1
      }
      failures++
      world.network.last.end()
      await world.clock.advance(600)
    }
    expect([failures, asked]).toEqual([7, [3, 6]])
  })

  it('is due to being offline while the platform says so, whatever was found before', async () => {
    let isOffline = false
    const clock = createVirtualClock()
    const world = setUp(clockFaults.exact, {
      diagnose: () => Promise.resolve(forbidden),
      ports: {
        clock,
        random: () => 0.5,
        signals: { listen: () => () => {}, isOffline: () => isOffline },
        report: vi.fn(),
      },
    })
    await failThrice({ ...world, clock })
    expect(world.connection.state).toMatchObject({ cause: { reason: 'forbidden' } })
    isOffline = true
    await clock.advance(600)
    world.network.last.end()
    expect(world.connection.state).toMatchObject({ cause: { reason: 'offline', code: 1006 } })
  })

  it('has no cause any more that was found before a socket opened, or for another host', async () => {
    let url = 'ws://test'
    const { connection, clock, network } = await (async () => {
      const world = setUp(clockFaults.exact, {
        diagnose: () => Promise.resolve(forbidden),
        prepare: () => Promise.resolve({ url, open: () => new world.network.WebSocket(url) }),
      })
      await failThrice(world)
      return world
    })()
    url = 'ws://elsewhere'
    await clock.advance(600)
    network.last.end()
    expect(connection.state).toMatchObject({ cause: { reason: 'unreachable' } })
    for (let round = 0; round < 2; round++) {
      await clock.advance(600)
      network.last.end()
    }
    await settleMicrotasks()
    expect(connection.state).toMatchObject({ cause: { reason: 'forbidden' } })
    await clock.advance(600)
    network.last.open()
    network.last.end()
    await clock.advance(600)
    network.last.end()
    expect(connection.state).toMatchObject({ cause: { reason: 'unreachable' } })
  })

  it('is asked about no longer when the page is left, a socket opens, or nobody wants one', async () => {
    for (const end of ['leave', 'open', 'stop'] as const) {
      let signal: { readonly aborted: boolean } | undefined
      const world = setUp(clockFaults.exact, {
        diagnose: (_url, { signal: aborted }) => {
          signal = aborted
          return new Promise(() => {})
        },
      })
      await failThrice(world)
      expect(signal!.aborted).toBe(false)
      if (end === 'leave') world.signal('leave')
      else if (end === 'stop')
        world.connection.dispatch({ type: 'stop', cause: { reason: 'disconnect' }, graceful: false })
      else {
        await world.clock.advance(600)
        world.network.last.open()
      }
      expect([end, signal!.aborted]).toEqual([end, true])
    }
  })

  it('is looked into where it failed, and not where an attempt would have dialed that was given up', async () => {
    const asked: string[] = []
    const late: ((url: string) => void)[] = []
    const world = setUp(
      clockFaults.exact,
      {
        diagnose: (url) => {
          asked.push(url)
          return Promise.resolve(undefined)
        },
        prepare: async () => {
          const isFirst = late.length === 0
          const url = await new Promise<string>((resolve) => {
            late.push(resolve)
            if (!isFirst) resolve('ws://test/new')
          })
          return { url, open: () => new world.network.WebSocket(url) }
        },
      },
      { attemptTimeout: 1_000 },
    )
    world.connection.dispatch({ type: 'connect' })
    for (let round = 0; round < 3; round++) {
      await world.clock.advance(1_600)
      if (round === 2) late[0]!('ws://test/old')
      await settleMicrotasks()
      world.network.last.end()
    }
    expect(world.network.last.url).toBe('ws://test/new')
    expect(asked).toEqual(['ws://test/new'])
  })

  it('is asked about by one request at a time', async () => {
    const asked: { readonly aborted: boolean }[] = []
    const answers: ((found: Finding) => void)[] = []
    const world = setUp(clockFaults.exact, {
      diagnose: (_url, { signal }) => {
        asked.push(signal)
        return new Promise((resolve) => answers.push(resolve))
      },
    })
    const failThriceMore = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await world.clock.advance(600)
        world.network.last.end()
      }
    }
    await failThrice(world)
    await failThriceMore()
    expect(asked).toHaveLength(1)
    answers[0]!(forbidden)
    await settleMicrotasks()
    expect(world.connection.state).toMatchObject({ cause: { reason: 'forbidden' } })
    await failThriceMore()
    expect(asked).toHaveLength(2)
    world.signal('leave')
    await failThriceMore()
    expect(asked).toHaveLength(3)
    world.connection.dispatch({ type: 'stop', cause: { reason: 'dispose' }, graceful: false })
    expect(asked.map(({ aborted }) => aborted)).toEqual([false, true, true])
  })

  it('stays unknown when the function that is to find out throws or rejects, and the error is reported', async () => {
    for (const how of ['throws', 'rejects'] as const) {
      const error = new Error(how)
      const world = setUp(clockFaults.exact, {
        diagnose: () => {
          if (how === 'throws') throw error
          return Promise.reject(error)
        },
      })
      await failThrice(world)
      expect(world.report.mock.calls).toEqual([[error]])
      expect(world.connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'unreachable' } })
      for (let round = 0; round < 3; round++) {
        await world.clock.advance(600)
        world.network.last.end()
      }
      await settleMicrotasks()
      expect(world.report).toHaveBeenCalledTimes(2)
    }
  })

  it('stays unknown without a report when the question was aborted', async () => {
    const world = setUp(clockFaults.exact, {
      diagnose: (_url, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
    })
    await failThrice(world)
    world.connection.dispatch({ type: 'stop', cause: { reason: 'disconnect' }, graceful: false })
    await settleMicrotasks()
    expect(world.report).not.toHaveBeenCalled()
  })

  it('is no riddle when the page forbids it, whichever comes first', async () => {
    for (const early of [true, false]) {
      const { connection, network, signal } = setUp()
      connection.dispatch({ type: 'connect' })
      await settleMicrotasks()
      if (early) signal('blocked', 'ws://test/')
      network.last.end()
      if (!early) signal('blocked', 'ws://test/')
      expect(connection.state).toMatchObject({ name: 'waiting', cause: { reason: 'csp', code: 1006 } })
    }
  })

  it('is not asked about when the page forbids it, because the server answers over HTTP', async () => {
    const world = setUp(clockFaults.exact, {
      diagnose: () => Promise.resolve({ cause: { reason: 'upgrade-blocked', status: 426 } }),
    })
    world.connection.dispatch({ type: 'connect' })
    await settleMicrotasks()
    for (let round = 0; round < 4; round++) {
      world.signal('blocked', 'ws://test/')
      world.network.last.end()
      await settleMicrotasks()
      expect(world.connection.state).toMatchObject({ cause: { reason: 'csp', code: 1006 } })
      await world.clock.advance(600)
    }
  })

  it('has nothing to do with what the page forbids elsewhere', async () => {
    const { connection, network, signal } = setUp()
    connection.dispatch({ type: 'connect' })
    signal('blocked', 'ws://test/')
    await settleMicrotasks()
    signal('blocked', 'https://elsewhere/')
    signal('blocked', 'ws://elsewhere/')
    signal('blocked', 'http://test/')
    signal('blocked', 'inline')
    signal('blocked')
    network.last.end()
    expect(connection.state).toMatchObject({ cause: { reason: 'unreachable' } })
  })
})
