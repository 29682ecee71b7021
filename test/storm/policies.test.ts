import { createRequire } from 'node:module'
import { createClient as createGraphqlClient } from 'graphql-ws'
import { createClient } from 'holdfast'
import PartySocket from 'partysocket/ws'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DialedSocket, measureDelays } from './fake-dials.ts'
import type { Library } from './fake-dials.ts'
import { ours, peers } from './policies.ts'
import type { Policy } from './policies.ts'

const require = createRequire(import.meta.url)
const url = 'ws://storm.test/'
const WebSocket = DialedSocket as never

const libraries: Readonly<Record<string, Library>> = {
  Holdfast: {
    start: () => void createClient({ url, WebSocket }).connect(),
  },
  'partysocket 1.3.0': {
    start: () => void new PartySocket(url, undefined, { WebSocket }),
  },
  'reconnecting-websocket 4.4.0': {
    start() {
      // Draws its delay when it is loaded.
      delete require.cache[require.resolve('reconnecting-websocket')]
      const ReconnectingWebSocket = require('reconnecting-websocket') as typeof PartySocket
      void new ReconnectingWebSocket(url, undefined, { WebSocket })
    },
  },
  'socket.io-client 4.8.4': {
    async start() {
      // Takes the global when it is loaded.
      const { Manager, WebSocket: transport } = await import('socket.io-client')
      void new Manager(url, { transports: [transport] })
    },
    greeting: '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
  },
  'graphql-ws 6.4.2': {
    start: () =>
      void createGraphqlClient({ url, webSocketImpl: WebSocket, lazy: false, onNonLazyError: () => {} }),
    greeting: '{"type":"connection_ack"}',
  },
  'sockette 2.0.6': {
    async start() {
      const { default: Sockette } = await import('sockette')
      void new Sockette(url, {})
    },
  },
}

/** What a policy says about so many failed dials in a row, with the same draw every time. */
function delaysOf(policy: Policy, draw: number, count: number): (number | undefined)[] {
  const delays: (number | undefined)[] = []
  for (let failures = 0; failures < count; failures++) {
    const delay = policy.delay(failures, () => draw, draw)
    delays.push(delay)
    if (delay === undefined) break
  }
  return delays
}

const count = 12
const cases = [ours(), ...peers].flatMap((policy) => {
  const library = libraries[policy.name]
  return library ? [{ policy, library }] : []
})

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', DialedSocket)
})
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('a policy waits as the library does that it stands for', () => {
  it('for each one that is installed', () => {
    expect(cases.map(({ policy }) => policy.name).sort()).toEqual(Object.keys(libraries).sort())
  })

  describe.each(cases)('$policy.name', ({ policy, library }) => {
    it.each([0.02, 0.35, 0.5, 0.97])('while dials are refused, with the draw %d', async (draw) => {
      vi.spyOn(Math, 'random').mockReturnValue(draw)
      const delays = delaysOf(policy, draw, count)
      const expected = policy.givesUpWhenRefused ? [delays[0], undefined] : delays
      expectClose(await measureDelays(library, 'refuse', count), expected)
    })
  })
})

describe('a connection that opens and is closed at once', () => {
  // The first transport of socket.io is HTTP, and Holdfast has a window of its own for 1013.
  const closed = cases.filter(({ policy }) => !/socket\.io|Holdfast/.test(policy.name))

  it.each(closed)('is a failed dial, or forgets the failures: $policy.name', async ({ policy, library }) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const again = policy.delay(0, () => 0.5, 0.5)
    const expected = policy.forgets
      ? Array<number | undefined>(count).fill(again)
      : delaysOf(policy, 0.5, count)
    expectClose(await measureDelays(library, 'close', count), expected)
  })
})

/** Timers take whole milliseconds. */
function expectClose(
  measured: readonly (number | undefined)[],
  expected: readonly (number | undefined)[],
): void {
  const near = measured.map((delay, index) =>
    delay !== undefined && Math.abs(delay - (expected[index] ?? Infinity)) < 2 ? expected[index] : delay,
  )
  expect(near).toEqual(expected)
}
