import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createClient, overHttp } from 'holdfast'
import type { BackoffContext, Client, ClientOptions } from 'holdfast'
import { WebSocketServer } from 'ws'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** A server that refuses every upgrade with the status, and answers requests with it; and a client that keeps dialing. */
async function setUp(
  status: number,
  headers: Record<string, string> = {},
  more: Partial<ClientOptions> = {},
) {
  const upgrades: number[] = []
  const asked: IncomingMessage[] = []
  /** After how many attempts each of those requests came. */
  const after: number[] = []
  const refusal = { status, headers, isEndless: false }
  const server = createServer((request, response) => {
    asked.push(request)
    after.push(client.state.attempt)
    response.writeHead(refusal.status, refusal.headers)
    if (refusal.isEndless) response.write('more follows')
    else response.end()
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    upgrades.push(performance.now())
    if (refusal.status === 101) return sockets.handleUpgrade(request, socket, head, () => {})
    socket.end(`HTTP/1.1 ${refusal.status} No\r\nConnection: close\r\n\r\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createClient({
    url: `ws://${host}/ws`,
    diagnose: overHttp({ url: `http://${host}/ws` }),
    backoff: { minDelay: 10, baseDelay: 10, maxDelay: 10 },
    ...more,
  })
  endings.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => server.closeAllConnections(),
    () => sockets.clients.forEach((socket) => socket.terminate()),
    () => client.dispose(),
  )
  void client.connect()
  return { client, upgrades, asked, after, refusal }
}

const cause = (client: Client) => expect.poll(() => client.state.cause)

describe('why no socket opens', () => {
  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [429, 'rate-limited'],
    [503, 'server-error'],
    [404, 'upgrade-blocked'],
    [426, 'upgrade-blocked'],
  ])('%d is known as %s after three failures', async (status, reason) => {
    // There is no fourth dial before the request is there, however busy the machine is.
    const backoff = ({ failures }: BackoffContext): number => (failures < 3 ? 10 : 3_600_000)
    const { client, asked, after } = await setUp(status, {}, { backoff })
    await cause(client).toMatchObject({ reason, status })
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/ws' })
    expect(asked[0]!.headers.upgrade).toBeUndefined()
    expect(after).toEqual([3])
  })

  it('is asked for once in three failures', async () => {
    const { client, upgrades, asked } = await setUp(503)
    await expect.poll(() => upgrades.length).toBeGreaterThan(12)
    void client.dispose()
    expect(asked.length).toBeGreaterThanOrEqual(3)
    expect(asked.length).toBeLessThanOrEqual(upgrades.length / 3)
  })

  it('makes the client wait for as long as the server wishes', async () => {
    const { client, upgrades } = await setUp(429, { 'Retry-After': '2' })
    await expect.poll(() => upgrades.length, { interval: 10 }).toBeGreaterThanOrEqual(3)
    await cause(client).toMatchObject({ reason: 'rate-limited' })
    const before = upgrades.length
    await expect.poll(() => upgrades.length).toBeGreaterThan(before)
    expect(upgrades[before]! - upgrades[before - 1]!).toBeGreaterThanOrEqual(1_990)
  })

  it('makes the client ask for a fresh token', async () => {
    const reasons: string[] = []
    await setUp(
      401,
      {},
      {
        token({ reason }) {
          reasons.push(reason)
          return 'a token'
        },
      },
    )
    await expect.poll(() => reasons).toContain('unauthorized')
    expect(reasons.slice(0, 3)).toEqual(['connect', 'connect', 'connect'])
  })

  it('is never the last word: the client connects as soon as the server lets it', async () => {
    const { client, refusal } = await setUp(403)
    await cause(client).toMatchObject({ reason: 'forbidden' })
    refusal.status = 101
    await expect.poll(() => client.state).toMatchObject({ status: 'open', cause: undefined })
  })

  it('is answered by a status: a body without an end is not waited for', async () => {
    const { client, asked, refusal } = await setUp(200)
    refusal.isEndless = true
    await cause(client).toMatchObject({ reason: 'upgrade-blocked', status: 200 })
    await client.dispose()
    await expect.poll(() => asked[0]!.socket.destroyed).toBe(true)
  })

  it('stays unknown where there is no page to ask from, and where nobody answers', async () => {
    const silent = await setUp(403, {}, { diagnose: overHttp() })
    await expect.poll(() => silent.upgrades.length).toBeGreaterThan(6)
    expect(silent.client.state.cause).toMatchObject({ reason: 'unreachable', code: 1006 })
    expect(silent.asked).toEqual([])
    const nobody = await setUp(
      403,
      {},
      {
        url: 'ws://127.0.0.1:1/',
        diagnose: overHttp({ url: 'http://127.0.0.1:1/' }),
      },
    )
    await expect.poll(() => nobody.client.state.attempt).toBeGreaterThan(6)
    expect(nobody.client.state.cause?.reason).toBe('unreachable')
  })
})
