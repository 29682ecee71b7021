// Virtual time: the real client, on the plain wire and, with the real hub, on the session wire.
import { createHub } from '@holdfast/server'
import { createTestPair } from '@holdfast/testing'
import type { SimulatedNetwork, TestPair } from '@holdfast/testing'
import { createClient, defaultCloseRules, ping, plain, session } from 'holdfast'
import { describe, expect, it } from 'vitest'

const minute = 60_000
const hour = 60 * minute

const heartbeat = ping({
  message: '{"type":"ping"}',
  isReply: ({ type }) => type === 'pong',
})

const worlds = {
  'the session wire': () => createTestPair({ createClient, createHub, wire: session() }),
  'the plain wire with a heartbeat': () => {
    const pair = createTestPair({ createClient, wire: plain({ heartbeat }) })
    pair.server.on('ping', () => pair.server.send('pong', {}))
    return pair
  },
  'the plain wire without one': () => createTestPair({ createClient }),
} as const satisfies Record<string, () => TestPair & AsyncDisposable>

const names = Object.keys(worlds) as (keyof typeof worlds)[]
const beating = names.slice(0, 2)

/** Opens a connection and lets it be for a while. */
async function openWorld(name: keyof typeof worlds) {
  const pair = worlds[name]()
  await pair.open()
  await pair.clock.advance(10_000)
  return pair
}

/** What was there when the machine fell asleep leads nowhere any more. Dials do. */
function killPath(network: SimulatedNetwork): void {
  for (const connection of network.connections) connection.blackHole()
}

describe.each(names)('%s, after the machine slept', (name) => {
  for (const style of ['stops', 'runs'] as const) {
    const clockOf = `a clock that ${style === 'stops' ? 'stood still' : 'went on'}`

    it(`and somebody looks, by ${clockOf}: a dead connection is replaced within 8 s`, async () => {
      await using pair = await openWorld(name)
      killPath(pair.network)
      pair.clock.sleep(hour, style)
      pair.signal('wake')
      await pair.clock.advance(8_000)
      expect(pair.client.state.status).toBe('open')
      expect(pair.network.dials).toBe(2)
    })

    it(`and nothing says so, by ${clockOf}: a dead connection is replaced within a minute`, async () => {
      await using pair = await openWorld(name)
      killPath(pair.network)
      pair.clock.sleep(hour, style)
      await pair.clock.advance(minute)
      expect(pair.client.state.status).toBe('open')
      expect(pair.network.dials).toBe(2)
    })
  }
})

describe.each(beating)('%s', (name) => {
  it.each(['stops', 'runs'] as const)(
    'keeps a connection that answers after sleep, on a clock that %s',
    async (style) => {
      await using pair = await openWorld(name)
      // Shorter than what the server waits for a sign of life.
      pair.clock.sleep(40_000, style)
      pair.signal('wake')
      await pair.clock.advance(5 * minute)
      expect([pair.client.state.status, pair.network.dials]).toEqual(['open', 1])
    },
  )

  it('keeps a connection whose sign of life waits to be read when the watch fires ten minutes late', async () => {
    await using pair = await openWorld(name)
    const { last } = pair.network
    last!.blackHole()
    // Ten minutes in which this end does not run. The answer is there before the timers are.
    pair.clock.stall(10 * minute)
    last!.heal()
    await pair.clock.advance(minute)
    expect([pair.client.state.status, pair.network.dials]).toEqual(['open', 1])
  })
})

describe.each(names)('%s', (name) => {
  it.each([hour, -hour])('is not impressed by a wall clock that is set by %d ms', async (jump) => {
    await using pair = await openWorld(name)
    pair.clock.jump(jump)
    await pair.clock.advance(2 * minute)
    // Without a heartbeat, a clock that is set forward looks like sleep.
    const isSuspicious = jump > 0 && name === 'the plain wire without one'
    expect([pair.client.state.status, pair.network.dials]).toEqual(['open', isSuspicious ? 2 : 1])
  })

  it('is back within a minute of its server, also when the platform says offline and never online', async () => {
    await using pair = await openWorld(name)
    pair.signal('offline')
    pair.stop()
    await pair.clock.advance(10 * minute)
    expect(pair.client.state.status).not.toBe('open')
    pair.start()
    await pair.clock.advance(minute)
    expect(pair.client.state.status).toBe('open')
  })

  it('writes what it can when the page is left, and has one new connection when it is back', async () => {
    await using pair = await openWorld(name)
    const heard: unknown[] = []
    if ('hub' in pair) pair.hub.on('note' as never, (text: unknown) => void heard.push(text))
    else pair.server.on('note' as never, (text: unknown) => void heard.push(text))
    pair.client.send('note' as never, { text: 'last words' } as never)
    pair.signal('leave')
    await pair.settle()
    expect(heard).toHaveLength(1)
    expect(pair.network.connections.size).toBe(0)
    await pair.clock.advance(500)
    pair.signal('change')
    await pair.clock.advance(100)
    expect([pair.client.state.status, pair.network.dials]).toEqual(['open', 2])
    await pair.clock.advance(10_000)
    expect([pair.client.state.status, pair.network.dials]).toEqual(['open', 2])
  })
})

describe('a close after a resume', () => {
  const codes = Object.keys(defaultCloseRules)
    .map(Number)
    .filter((code) => code !== 1015)

  it.each(codes)('with %d means what it means before', async (code) => {
    const tokens: string[] = []
    await using pair = createTestPair({
      createClient,
      createHub,
      wire: session(),
      token({ reason }) {
        tokens.push(reason)
        return 'token'
      },
    })
    await pair.open()
    pair.network.cut()
    await pair.until(() => pair.client.state.status === 'open' && pair.network.dials === 2)
    if (code === 1005) pair.network.last!.server!.close()
    else if (code === 1006) pair.network.cut()
    else pair.network.last!.server!.close(code)
    await pair.until(() => ['waiting', 'closed'].includes(pair.client.state.status))
    const { action, reason } = defaultCloseRules[code]!
    expect(pair.client.state).toMatchObject({
      status: action === 'fatal' ? 'closed' : 'waiting',
      cause: { reason, code },
    })
    if (action === 'fatal') return
    await pair.clock.advance(2 * minute)
    expect(pair.client.state.status).toBe('open')
    expect(tokens[2]).toBe(action === 'refresh' ? 'unauthorized' : 'reconnect')
  })
})
