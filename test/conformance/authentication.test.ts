// Virtual time: the real client and the real hub, with an `authenticate` that has trouble of its own.
import { createHub, HoldfastError } from '@holdfast/server'
import type { Authentication, Hub } from '@holdfast/server'
import { createTestPair } from '@holdfast/testing'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { describe, expect, it } from 'vitest'

const away = new Error('connect ECONNREFUSED')
const troubles: Record<string, () => Authentication | Promise<Authentication>> = {
  rejects: () => Promise.reject(away),
  throws() {
    throw new TypeError('user is undefined')
  },
  'does not answer': () => new Promise(() => {}),
}
const kinds = Object.keys(troubles)

/** Five clients of a hub whose database can be away. */
async function openFive(trouble: string, expiresIn?: number) {
  const state = { isAway: false }
  const got: number[] = []
  const warned: string[] = []
  const pair = createTestPair({
    createClient,
    createHub: (options): Hub => {
      const hub = createHub(options)
      hub.on('important', (data) => got.push(data as number))
      return hub
    },
    wire: session(),
    token: () => 'ada',
    hubOptions: {
      authenticate: ({ token }) => (state.isAway ? troubles[trouble]!() : { identity: token!, expiresIn }),
      ports: { warn: (message) => warned.push(message) },
    },
  })
  const clients = [pair.client, ...Array.from({ length: 4 }, () => pair.newClient())]
  const closed: unknown[] = []
  for (const client of clients) {
    client.watch('closed', (cause) => closed.push(cause))
    client.watch('lost', (loss) => closed.push(loss))
    await pair.open(client)
  }
  await pair.clock.advance(10_000)
  const areOpen = (): boolean => clients.every(({ state: { status } }) => status === 'open')
  return { pair, state, clients, closed, got, warned, areOpen }
}

describe.each(kinds)('while the database is away and authenticate %s', (trouble) => {
  it('no client is closed for good, and what was sent is delivered once afterwards', async () => {
    const { pair, state, clients, closed, got, warned, areOpen } = await openFive(trouble)
    const { clock, network } = pair
    const sessions = [...pair.hub.peers.keys()]
    state.isAway = true
    const send = (client: Client, n: number) => client.send('important', n)
    const written = clients.map((client, n) => send(client, n))
    network.cut()
    await clock.advance(4_000)
    const queued = clients.map((client, n) => send(client, 10 + n))
    expect(closed).toEqual([])
    expect([...written, ...queued].map(({ outcome }) => outcome)).toEqual(Array(10).fill(undefined))
    state.isAway = false
    await pair.until(areOpen)
    for (const delivery of [...written, ...queued])
      expect(await pair.until(delivery)).toEqual({ status: 'delivered' })
    expect(got.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14])
    expect([...pair.hub.peers.keys()]).toEqual(sessions)
    expect([closed, warned.length]).toEqual([[], 1])
    expect(pair.reported.splice(0)).toHaveLength(trouble === 'does not answer' ? 0 : 1)
    await pair.dispose()
  })

  it('no connection is lost over a token that is renewed meanwhile', async () => {
    const { pair, state, clients, closed, areOpen } = await openFive(trouble, 120_000)
    const { clock } = pair
    await clock.advance(45_000)
    state.isAway = true
    await clock.advance(30_000)
    state.isAway = false
    await clock.advance(120_000)
    expect(areOpen()).toBe(true)
    expect([closed, clients.map((client) => client.stats().opens)]).toEqual([[], [1, 1, 1, 1, 1]])
    pair.reported.splice(0)
    await pair.dispose()
  })

  it('clients that it cannot renew until their tokens expire come back with their sessions', async () => {
    const { pair, state, closed, areOpen } = await openFive(trouble, 120_000)
    const sessions = [...pair.hub.peers.keys()]
    await pair.clock.advance(45_000)
    state.isAway = true
    await pair.clock.advance(80_000)
    expect(areOpen()).toBe(false)
    state.isAway = false
    await pair.until(areOpen)
    expect([closed, [...pair.hub.peers.keys()]]).toEqual([[], sessions])
    pair.reported.splice(0)
    await pair.dispose()
  })
})

it('a token that authenticate calls unauthorized is fetched anew once, and then the client gives up', async () => {
  const reasons: string[] = []
  await using pair = createTestPair({
    createClient,
    createHub,
    wire: session(),
    token({ reason }) {
      reasons.push(reason)
      return 'expired'
    },
    hubOptions: {
      authenticate() {
        throw new HoldfastError('remote', 'the token has expired', { reason: 'unauthorized' })
      },
      ports: { warn() {} },
    },
  })
  await expect(pair.until(pair.client.connect())).rejects.toMatchObject({
    code: 'connect-failed',
    cause: { reason: 'unauthorized' },
  })
  expect(reasons).toEqual(['connect', 'unauthorized'])
})
