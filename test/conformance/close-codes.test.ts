import { createVirtualClock } from '@holdfast/testing'
import { createClient, plain } from 'holdfast'
import type { Cause, Client, ClientOptions, Ports } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import type { Room } from '../support/room.ts'
import { startServer } from '../support/server.ts'
import { next, reach } from '../support/stage.ts'

expectNothingLeft()

type Window = readonly [min: number, max: number]

/** What is documented for a code: the window of the first redial, or the end; a refused token is asked for again first. */
interface Row {
  readonly code: number
  readonly reason: string
  readonly then: Window | 'fatal' | 'refresh'
}

// Nothing is dialed before 100 ms have passed, the default `minDelay`. A code that asks for nothing gets up to 5 s.
const floor = 100
const prompt: Window = [floor, 1_000]
const usual: Window = [floor, 5_000]
const patient: Window = [5_000, 10_000]

/** Not among them: 1015, which no socket can be made to report, since TLS fails before there is a WebSocket. */
const table: readonly Row[] = [
  { code: 1000, reason: 'normal', then: patient },
  { code: 1001, reason: 'going-away', then: [250, 5_000] },
  { code: 1002, reason: 'protocol-error', then: usual },
  { code: 1003, reason: 'unsupported-data', then: usual },
  { code: 1005, reason: 'no-status', then: prompt }, // a close without a code
  { code: 1006, reason: 'lost', then: prompt }, // no close at all
  { code: 1007, reason: 'invalid-data', then: usual },
  { code: 1008, reason: 'policy', then: 'refresh' },
  { code: 1009, reason: 'too-large', then: usual },
  { code: 1010, reason: 'extension-missing', then: usual },
  { code: 1011, reason: 'server-error', then: patient },
  { code: 1012, reason: 'restart', then: [floor, 15_000] },
  { code: 1013, reason: 'try-later', then: [10_000, 30_000] },
  { code: 1014, reason: 'bad-gateway', then: patient },
  { code: 3000, reason: 'unauthorized', then: 'refresh' },
  { code: 3003, reason: 'forbidden', then: 'fatal' },
  { code: 3008, reason: 'timeout', then: usual },
  { code: 4400, reason: 'bad-request', then: 'fatal' },
  { code: 4401, reason: 'unauthorized', then: 'refresh' },
  { code: 4403, reason: 'forbidden', then: 'fatal' },
  { code: 4404, reason: 'not-found', then: 'fatal' },
  { code: 4406, reason: 'subprotocol', then: 'fatal' },
  { code: 4408, reason: 'timeout', then: usual },
  { code: 4409, reason: 'superseded', then: 'fatal' },
  { code: 4410, reason: 'session-gone', then: usual },
  { code: 4426, reason: 'upgrade-required', then: 'fatal' },
  { code: 4429, reason: 'rate-limited', then: [30_000, 60_000] },
  { code: 4500, reason: 'server-error', then: patient },
  { code: 4503, reason: 'unavailable', then: patient },
  // Listed nowhere.
  { code: 3001, reason: 'closed', then: usual },
  { code: 3999, reason: 'closed', then: usual },
  { code: 4000, reason: 'closed', then: usual },
  { code: 4402, reason: 'closed', then: usual },
  { code: 4999, reason: 'closed', then: usual },
]

/** Before a connection is open no code can come, unless the greeting is still to be accepted. */
const phases = {
  'before open': {
    script: (code: number) => `/close?code=${code}&after=frame`,
    wire: () => plain({ greet: () => 'hello', greeted: () => false }),
  },
  'after open': { script: (code: number) => `/close?code=${code}`, wire: plain },
}

interface Scene extends AsyncDisposable {
  readonly client: Client
  readonly room: Room
  /** The reasons for which a token was asked for. */
  readonly asked: string[]
}

async function setScene(
  code: number,
  phase: keyof typeof phases,
  { ports, ...options }: Partial<ClientOptions> = {},
): Promise<Scene> {
  const server = await startServer()
  const asked: string[] = []
  const { script, wire } = phases[phase]
  const url = server.url + script(code).replace('code=1005', '')
  const token = ({ reason }: { readonly reason: string }): string => {
    asked.push(reason)
    return 'token'
  }
  const client = createClient({
    url,
    token,
    wire: wire(),
    WebSocket,
    ports: { random: () => 0, ...ports },
    ...options,
  })
  return {
    client,
    room: server.room(),
    asked,
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await server.stop()
    },
  }
}

/** How long a client waits before it dials again. Its clock stands still, so that it does not matter who is late. */
async function delayOf(
  code: number,
  phase: keyof typeof phases,
  { ports, ...options }: Partial<ClientOptions> = {},
): Promise<{ readonly delay: number; readonly cause: Cause | undefined; readonly dials: number }> {
  const clock = createVirtualClock()
  await using scene = await setScene(code, phase, { ...options, ports: { ...ports, clock } })
  void scene.client.connect()
  const { retryAt, cause } = await reach(scene.client, 'waiting')
  return { delay: retryAt! - clock.wall(), cause, dials: scene.room.report().dials }
}

describe.for(Object.keys(phases) as (keyof typeof phases)[])('a close %s', (phase) => {
  const rows = table.filter(({ then }) => typeof then === 'object') as (Row & { readonly then: Window })[]
  test.for(rows)('with $code ($reason) is retried after $then ms', async ({ code, reason, then }) => {
    const [min, max] = then
    for (const [random, expected] of [
      [0, min],
      [0.999_999, max],
    ] as const) {
      const ports: Partial<Ports> = { random: () => random }
      const { delay, cause, dials } = await delayOf(code, phase, { ports })
      expect(Math.abs(delay - expected)).toBeLessThanOrEqual(1)
      expect(cause).toMatchObject({ code, reason })
      expect(dials).toBe(1)
    }
  })

  const ends = table.filter(({ then }) => then === 'fatal')
  test.for(ends)('with $code ($reason) is the end', async ({ code, reason }) => {
    await using scene = await setScene(code, phase)
    const { client } = scene
    const queued = client.send('queued')
    const connected = client.connect()
    const closed = next(client, 'closed')
    expect(await closed).toEqual({ code, reason })
    expect(client.state).toMatchObject({ status: 'closed', cause: { code, reason } })
    if (phase === 'before open') {
      await expect(connected).rejects.toMatchObject({ code: 'connect-failed', cause: { code, reason } })
      expect(await queued).toEqual({ status: 'undelivered', reason: 'closed' })
    }
  })

  const refusals = table.filter(({ then }) => then === 'refresh')
  test.for(refusals)('with $code ($reason) asks for a new token, once', async ({ code, reason }) => {
    await using scene = await setScene(code, phase, { backoff: () => 20 })
    const { client, asked, room } = scene
    const causes: (Cause | undefined)[] = []
    client.subscribe(() => client.state.status === 'waiting' && causes.push(client.state.cause))
    void client.connect()
    expect(await next(client, 'closed')).toEqual({ code, reason })
    expect(causes).toEqual([{ code, reason }])
    expect(asked).toEqual(['connect', 'unauthorized'])
    expect(room.report().dials).toBe(2)

    const slow = await delayOf(code, phase)
    expect(slow.delay).toBeGreaterThanOrEqual(floor)
  })

  test.for([1002, 1010])('with %i is retried three times in a row, then it is the end', async (code) => {
    await using scene = await setScene(code, phase, { backoff: () => 10 })
    void scene.client.connect()
    expect(await next(scene.client, 'closed')).toMatchObject({ code })
    expect(scene.room.report().dials).toBe(4)
  })

  test('with a code of the own table does what that says', async () => {
    const closeCodes = {
      4100: { reason: 'kicked', action: 'fatal' },
      4403: { reason: 'not now', delay: [300, 700] },
      4409: { reason: 'once more', limit: 1 },
      1000: { reason: 'the end', action: 'fatal' },
    } as const
    const backoff = () => 10
    for (const [code, reason] of [
      [4100, 'kicked'],
      [1000, 'the end'],
    ] as const) {
      await using scene = await setScene(code, phase, { closeCodes, backoff })
      void scene.client.connect()
      expect(await next(scene.client, 'closed')).toEqual({ code, reason })
      expect(scene.room.report().dials).toBe(1)
    }
    const retried = await delayOf(4403, phase, { closeCodes })
    expect(retried).toMatchObject({ delay: 300, cause: { code: 4403, reason: 'not now' } })

    await using limited = await setScene(4409, phase, { closeCodes, backoff })
    void limited.client.connect()
    await next(limited.client, 'closed')
    expect(limited.room.report().dials).toBe(2)

    await using other = await setScene(4404, phase, { closeCodes })
    void other.client.connect()
    expect(await next(other.client, 'closed'), 'the others keep their meaning').toMatchObject({ code: 4404 })
  })

  test('keeps what the server said with the code', async () => {
    await using scene = await setScene(4403, phase)
    const { client, room } = scene
    room.script = `/close?code=4403&text=${encodeURIComponent('schlecht — ✗')}&after=${
      phase === 'after open' ? 'open' : 'frame'
    }`
    void client.connect()
    expect(await next(client, 'closed')).toEqual({ code: 4403, reason: 'forbidden', text: 'schlecht — ✗' })
  })
})

test.for([999, 1004, 1016, 2999, 5000, 65_535])(
  'a close frame with %i, which no server may send, is a lost connection and not a made-up code',
  async (code) => {
    await using scene = await setScene(4000, 'after open')
    const { client, room } = scene
    room.script = '/mute'
    await client.connect()
    const down = next(client, 'down')
    room.write(Uint8Array.of(0x88, 2, code >> 8, code & 255))
    expect(await down).toMatchObject({ code: 1006, reason: 'lost' })
  },
)
