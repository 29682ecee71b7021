import type { AuthenticateContext, Hub, HubOptions } from '@holdfast/server'
import type { TokenContext } from 'holdfast'
import { describe, expect, test, vi } from 'vitest'
import { dial } from '../../packages/server/test/support/raw-client.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { next, reach } from '../support/stage.ts'
import { outcomes, startPair, upTo } from './pair.ts'
import { createRecorder } from './recorder.ts'

expectNothingLeft()

const soon = { backoff: () => 5 }
/** Tokens are the names of users. */
const byToken: HubOptions = { authenticate: ({ token }) => (token ? { identity: token } : undefined) }

describe('two clients with the key of one session', () => {
  test('the second one has it, and the first one is told to go and does not come back', async () => {
    await using pair = await startPair()
    const recorder = createRecorder()
    const { client, peer } = await pair.join({ WebSocket: recorder.WebSocket, ...soon })
    const up: unknown[] = []
    pair.hub.on('up', (data, from) => up.push([from === peer, data]))
    const sent = [client.send('up', 'acknowledged')]
    await outcomes(sent)
    const { session, key } = recorder.ok()

    await using copy = await dial(pair.direct)
    const closed = next(client, 'closed')
    const asked = client.request('never').catch((error: { code: string }) => error.code)
    const ok = await copy.greet({ session, key, rx: 0, client: 'a copy of the tab' })
    expect(ok).toMatchObject({ session, key })
    sent.push(client.send('up', 'too late'))
    expect(await closed).toMatchObject({ reason: 'superseded', code: 4409 })
    expect(client.state.status).toBe('closed')
    expect(await asked).toBe('unknown')
    sent.push(client.send('up', 'far too late'))
    const [first, second, third] = await outcomes(sent)
    expect([first, third]).toEqual(['delivered', 'undelivered: closed'])
    // It may have been written before the client was notified of its end.
    expect(second).toMatch(/^(undelivered|unknown): closed$/)

    copy.say([ok.rx + 1, 0, 'up', 'from the copy'])
    expect(await copy.until('a')).toEqual(['a', ok.rx + 1])
    expect(up).toEqual([
      [true, 'acknowledged'],
      [true, 'from the copy'],
    ])
    expect(pair.proxy.dials).toBe(1)
    expect(pair.hub.stats()).toMatchObject({ sessions: 1, connected: 1 })
  })

  test('what the first one had written and nobody handled is not claimed to be known', async () => {
    await using pair = await startPair()
    const recorder = createRecorder()
    const { client } = await pair.join({ WebSocket: recorder.WebSocket, ...soon })
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    pair.proxy.freeze('toServer')
    const sent = client.send('up', 'under way')
    await expect.poll(() => client.stats().unacknowledgedMessages, { interval: 5 }).toBe(1)
    await using copy = await dial(pair.direct)
    const { session, key } = recorder.ok()
    await copy.greet({ session, key, rx: 0, client: 'copy' })
    pair.proxy.heal()
    expect(await outcomes([sent])).toEqual(['unknown: closed'])
    copy.say(['p', 0])
    expect(await copy.until('q')).toEqual(['q', 0])
    expect(up).toEqual([])
  })

  test('the first one gets a session of its own when it is told to connect again', async () => {
    await using pair = await startPair()
    const recorder = createRecorder()
    const { client, peer } = await pair.join({ WebSocket: recorder.WebSocket, ...soon })
    const { session, key } = recorder.ok()
    await using copy = await dial(pair.direct)
    const closed = next(client, 'closed')
    await copy.greet({ session, key, rx: 0, client: 'copy' })
    await closed
    const another = pair.nextPeer()
    await client.connect()
    expect((await another).id).not.toBe(peer.id)
    expect(copy.socket.readyState).toBe(1)
    expect(pair.hub.stats()).toMatchObject({ sessions: 2, connected: 2 })
  })

  test('a guessed key opens nothing', async () => {
    await using pair = await startPair()
    const recorder = createRecorder()
    const { client, peer } = await pair.join({ WebSocket: recorder.WebSocket })
    const { session, key } = recorder.ok()
    const guess = key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    for (const wrong of [guess, session, key.slice(1), `${key} `]) {
      await using thief = await dial(pair.direct)
      const ok = await thief.greet({ session, key: wrong, rx: 0, client: 'thief' })
      expect(ok.session).not.toBe(session)
      expect(ok.lost).toEqual({ why: 'unknown', rx: null, missed: null })
    }
    expect(await outcomes([client.send('up'), peer.send('down')])).toEqual(['delivered', 'delivered'])
    expect(client.stats().opens).toBe(1)
  })
})

describe('a greeting that comes late', () => {
  test('of a dial that the client has given up touches nothing', async () => {
    await using pair = await startPair()
    const recorder = createRecorder()
    const { client } = await pair.join({ WebSocket: recorder.WebSocket })
    await client.reconnect()
    const { session, key } = recorder.ok()
    const hi = recorder.sent.findLast((message) => Array.isArray(message) && message[0] === 'hi')
    const { client: id, n } = (hi as [string, { client: string; n: number }])[1]
    const downs = vi.fn()
    client.watch('down', downs)
    pair.hub.watch('down', downs)
    for (const late of [n, n - 1]) {
      await using old = await dial(pair.direct)
      old.say(['hi', { v: 1, client: id, n: late, window: [1, 1], maxPayload: 2_000, session, key, rx: 0 }])
      expect(await old.closed).toMatchObject({ code: 1000 })
    }
    await client.send('up')
    expect(downs).not.toHaveBeenCalled()
    expect(pair.hub.stats()).toMatchObject({ sessions: 1, connected: 1, opened: 1 })
  })

  test('after the client has moved on is that of a dial whose handshake was held up', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    for (let round = 0; round < 10; round++) {
      // The server receives all that follows, at once.
      pair.proxy.freeze('toServer')
      void client.reconnect()
      await pair.proxy.dialed()
      void client.reconnect()
      await pair.proxy.dialed()
      const opened = next(client, 'open')
      pair.proxy.heal()
      await opened
      await client.send('up', round)
    }
    expect(up).toEqual(upTo(10))
    expect([...pair.hub.peers.values()]).toEqual([peer])
    await expect.poll(() => pair.hub.stats().connections).toBe(1)
  })
})

describe('a token of another user', () => {
  test('at the next connection: nothing that was sent for the first one goes to the second', async () => {
    await using pair = await startPair(byToken)
    let user = 'ann'
    const { client, peer } = await pair.join({ token: () => user, ...soon })
    const log = logOf(pair.hub)
    const down: unknown[] = []
    client.on('down', (data) => down.push(data))
    const handled = client.send('up', 'handled')
    await handled
    pair.proxy.freeze('toServer')
    const written = client.send('up', 'written')
    await expect.poll(() => client.stats().unacknowledgedMessages, { interval: 5 }).toBe(1)
    await pair.proxy.refuse()
    pair.proxy.reset()
    pair.proxy.heal()
    await reach(client, 'waiting', 'connecting')
    const queued = client.send('up', 'queued')
    const asked = client.request('ask', 'queued').catch((error: { code: string }) => error.code)
    await expect.poll(() => peer.isConnected).toBe(false)
    const toAnn = peer.send('down', 'for ann')
    const ended = new Promise((resolve) => peer.onClose(resolve))

    user = 'bob'
    const lost = next(client, 'lost')
    const newcomer = pair.nextPeer()
    await pair.proxy.accept()
    expect(await lost).toEqual({ why: 'identity', missed: 1, undelivered: 1, unknown: 0 })
    expect(await outcomes([handled, written, queued, toAnn])).toEqual([
      'delivered',
      'undelivered: session-lost',
      'undelivered: session-lost',
      'undelivered: session-lost',
    ])
    expect(await asked).toBe('undelivered')
    expect(await ended).toEqual({ why: 'identity', undelivered: 1, unknown: 0 })
    expect((await newcomer).identity).toBe('bob')
    expect(await outcomes([client.send('up', 'new'), (await newcomer).send('down', 'for bob')])).toEqual([
      'delivered',
      'delivered',
    ])
    expect(log).toEqual([
      ['ann', 'handled'],
      ['bob', 'new'],
    ])
    expect(down).toEqual(['for bob'])
  })

  test('in place, when a fresh one is asked for: the session ends, and another one begins', async () => {
    await using pair = await startPair(byToken)
    let user = 'ann'
    const { client, peer } = await pair.join({ token: () => user, ...soon })
    const log = logOf(pair.hub)
    await client.send('up', 1)
    user = 'bob'
    const lost = next(client, 'lost')
    const newcomer = pair.nextPeer()
    peer.renew()
    expect(await lost).toMatchObject({ why: 'identity', undelivered: 0, unknown: 0 })
    expect((await newcomer).identity).toBe('bob')
    await client.send('up', 2)
    expect(log).toEqual([
      ['ann', 1],
      ['bob', 2],
    ])
  })

  test('does not resume the session of somebody whose key it has', async () => {
    await using pair = await startPair(byToken)
    const recorder = createRecorder()
    const { peer } = await pair.join({ token: () => 'ann', WebSocket: recorder.WebSocket })
    const { session, key } = recorder.ok()
    await using eve = await dial(pair.direct)
    const ok = await eve.greet({ session, key, rx: 0, client: 'eve', token: 'eve' })
    expect(ok.session).not.toBe(session)
    expect(ok.lost).toMatchObject({ why: 'identity' })
    expect(pair.hub.peers.get(ok.session)).toMatchObject({ identity: 'eve' })
    expect(pair.hub.peers.has(peer.id)).toBe(false)
  })
})

describe('a session that expires', () => {
  test('leaves a tombstone that settles all, and what was not delivered goes into the next session', async () => {
    await using pair = await startPair({ sessionTimeout: 60 })
    const { client, peer } = await pair.join(soon)
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    const handled = client.send('up', 'handled')
    await handled
    pair.proxy.freeze('toServer')
    const sent = [client.send('up', 'written 1'), client.send('up', 'written 2')]
    await expect.poll(() => client.stats().unacknowledgedMessages, { interval: 5 }).toBe(2)
    await pair.proxy.refuse()
    pair.proxy.reset()
    pair.proxy.heal()
    await reach(client, 'waiting', 'connecting')
    sent.push(client.send('up', 'queued'))
    const missed = upTo(3).map((number) => peer.send('down', number))
    const ended = new Promise((resolve) => peer.onClose(resolve))
    expect(await ended).toEqual({ why: 'expired', undelivered: 3, unknown: 0 })
    expect(pair.hub.stats()).toMatchObject({ sessions: 0, tombstones: 1 })

    const heard: unknown[] = []
    client.watch('lost', (loss) => heard.push(loss))
    client.watch('open', ({ resumed }) => heard.push({ resumed }))
    await pair.proxy.accept()
    expect(await outcomes([...sent, ...missed])).toEqual([
      ...sent.map(() => 'delivered'),
      ...missed.map(() => 'undelivered: session-lost'),
    ])
    expect(up).toEqual(['handled', 'written 1', 'written 2', 'queued'])
    expect(heard).toEqual([{ why: 'expired', missed: 3, undelivered: 2, unknown: 0 }, { resumed: false }])
  })

  test('does not expire as long as it has a connection, nor when it is resumed in time', async () => {
    await using pair = await startPair({ sessionTimeout: 300 })
    const { client, peer } = await pair.join(soon)
    const lost = vi.fn()
    client.watch('lost', lost)
    for (let round = 0; round < 5; round++) {
      const opened = next(client, 'open')
      pair.proxy.reset()
      expect(await opened).toMatchObject({ resumed: true })
      await new Promise((resolve) => setTimeout(resolve, 80))
    }
    expect([...pair.hub.peers.values()]).toEqual([peer])
    expect(lost).not.toHaveBeenCalled()
  })
})

describe('a token', () => {
  test('is renewed in place before it expires, and the connection stays', async () => {
    const asked: string[] = []
    const authenticated: (readonly [reason: string, token: string | undefined])[] = []
    let count = 0
    await using pair = await startPair({
      authenticate({ token, reason }: AuthenticateContext) {
        authenticated.push([reason, token])
        return { identity: 'ann', data: token, expiresIn: 200 }
      },
    })
    const { client, peer } = await pair.join({
      token({ reason }: TokenContext) {
        asked.push(reason)
        return `token ${++count}`
      },
    })
    await expect.poll(() => authenticated.length, { interval: 10 }).toBeGreaterThan(3)
    await client.send('up')
    expect(asked.slice(0, 4)).toEqual(['connect', 'renew', 'renew', 'renew'])
    expect(authenticated.slice(0, 3)).toEqual([
      ['connect', 'token 1'],
      ['renew', 'token 2'],
      ['renew', 'token 3'],
    ])
    expect(Number(String(peer.data).replace('token ', ''))).toBeGreaterThan(3)
    expect(client.stats().opens).toBe(1)
  })

  test('that is refused is asked for once more, and nothing is lost over that', async () => {
    const reasons: string[] = []
    let good = 'old'
    await using pair = await startPair({
      authenticate: ({ token }) => (token === good ? { identity: 'ann' } : undefined),
    })
    let mine = 'old'
    const { client, peer } = await pair.join({
      token({ reason }) {
        reasons.push(reason)
        return reason === 'unauthorized' ? (mine = good) : mine
      },
      ...soon,
    })
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    good = 'new'
    const opened = next(client, 'open')
    pair.proxy.reset()
    const sent = client.send('up', 'kept')
    expect(await opened).toMatchObject({ resumed: true })
    expect(await outcomes([sent])).toEqual(['delivered'])
    expect(reasons).toEqual(['connect', 'reconnect', 'unauthorized'])
    expect(up).toEqual(['kept'])
    expect([...pair.hub.peers.values()]).toEqual([peer])
  })

  test('that is refused twice in a row makes the client give up', async () => {
    const authenticate = vi.fn(() => undefined)
    await using pair = await startPair({ authenticate })
    const reasons: string[] = []
    const client = pair.client({
      token({ reason }) {
        reasons.push(reason)
        return 'bad'
      },
      ...soon,
    })
    const sent = client.send('up')
    await expect(client.connect()).rejects.toMatchObject({
      code: 'connect-failed',
      cause: { reason: 'unauthorized', code: 4401 },
    })
    expect(reasons).toEqual(['connect', 'unauthorized'])
    expect(authenticate).toHaveBeenCalledTimes(2)
    expect(await outcomes([sent])).toEqual(['undelivered: closed'])
    expect(pair.hub.stats()).toMatchObject({ sessions: 0, greeting: 0 })
  })

  test('that is refused in place costs the connection, not the session', async () => {
    let isGood = true
    await using pair = await startPair({
      authenticate: ({ reason }) => (isGood || reason !== 'renew' ? { identity: 'ann' } : undefined),
    })
    const { client, peer } = await pair.join({ token: () => 'a token', ...soon })
    isGood = false
    const down = next(client, 'down')
    const opened = next(client, 'open')
    peer.renew()
    expect(await down).toMatchObject({ reason: 'unauthorized', code: 4401 })
    expect(await opened).toMatchObject({ resumed: true })
    expect([...pair.hub.peers.values()]).toEqual([peer])
  })
})

/** Everything that comes in as `up`, with the identity that it came from. */
function logOf(hub: Hub): unknown[] {
  const log: unknown[] = []
  hub.on('up', (data, { identity }) => log.push([identity, data]))
  return log
}
