// Failures that other libraries have on the same occasions, each named after its behaviour. See what their own trackers
// say of Socket.IO (#4888, #4880, #5334, #4318, #5258), SignalR (#55575), NATS (nats.node#320), and Ably (RTN19a2).
import { setTimeout as sleep } from 'node:timers/promises'
import { session } from 'holdfast'
import type { Lifecycle } from 'holdfast'
import { describe, expect, test, vi } from 'vitest'
import { dial } from '../../packages/server/test/support/raw-client.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { next } from '../support/stage.ts'
import { outcomes, startPair, upTo } from './pair.ts'
import type { Pair } from './pair.ts'
import { createRecorder } from './recorder.ts'
import { startRelay } from './relay.ts'
import type { Lane } from './relay.ts'

expectNothingLeft()

const soon = { backoff: () => 5 }

describe('Socket.IO', () => {
  test('a session can be resumed after a drop before any event', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const opened = next(client, 'open')
    pair.proxy.reset()
    expect(await opened).toMatchObject({ resumed: true })
    expect([...pair.hub.peers.values()]).toEqual([peer])
  })

  test('a volatile event before the drop does not spoil the resume', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const down: unknown[] = []
    client.onAny((name, data) => down.push([name, data]))
    const seen = new Promise((resolve) => client.once('fleeting', resolve))
    peer.send('kept', 1)
    peer.send('fleeting', 'a string', { volatile: true })
    await seen
    await pair.proxy.refuse()
    pair.proxy.reset()
    await next(client, 'down')
    const missed = peer.send('missed', 2)
    const opened = next(client, 'open')
    await pair.proxy.accept()
    expect(await opened).toMatchObject({ resumed: true })
    expect(await outcomes([missed])).toEqual(['delivered'])
    expect(down).toEqual([
      ['kept', 1],
      ['fleeting', 'a string'],
      ['missed', 2],
    ])
  })

  test('a client that is back while the server still holds the old socket goes on, with one socket', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const down: unknown[] = []
    client.on('down', (data) => down.push(data))
    const opened = next(client, 'open')
    const sent = [peer.send('down', 1)]
    await client.reconnect()
    sent.push(peer.send('down', 2))
    expect(await opened).toMatchObject({ resumed: true })
    expect(await outcomes(sent)).toEqual(['delivered', 'delivered'])
    expect(down).toEqual([1, 2])
    await expect.poll(() => pair.hub.stats()).toMatchObject({ connections: 1, connected: 1, sessions: 1 })
  })

  test('an event that is sent into a dead link arrives, and its sender hears of it', async () => {
    await using pair = await startPair()
    const { client } = await pair.join(soon)
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    pair.proxy.freeze('toServer')
    const sent = client.send('up', 'into the void')
    await expect.poll(() => client.stats().unacknowledgedMessages).toBe(1)
    pair.proxy.heal()
    pair.proxy.reset()
    expect(await outcomes([sent])).toEqual(['delivered'])
    expect(up).toEqual(['into the void'])
  })

  test('an event whose ack is lost is delivered once', async () => {
    await using pair = await startPair()
    const { client } = await pair.join(soon)
    const up: unknown[] = []
    const arrived = new Promise<void>((resolve) =>
      pair.hub.on('up', (data) => {
        up.push(data)
        resolve()
      }),
    )
    pair.proxy.freeze('toClient')
    const sent = client.send('up', 'once')
    await arrived
    expect(sent.outcome).toBeUndefined()
    const opened = next(client, 'open')
    pair.proxy.reset()
    pair.proxy.heal()
    expect(await opened).toMatchObject({ resumed: true, replayed: 0 })
    expect(await outcomes([sent, client.send('up', 'after')])).toEqual(['delivered', 'delivered'])
    expect(up).toEqual(['once', 'after'])
  })

  test('a request of the server in the gap is answered after the resume', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    client.handle('ask', (input) => `${String(input)}!`)
    await pair.proxy.refuse()
    pair.proxy.reset()
    await next(client, 'down')
    const answer = peer.request('ask', 'well')
    await pair.proxy.accept()
    expect(await answer).toBe('well!')
  })

  test('one session is never held by two connections', async () => {
    await using pair = await startPair()
    const recorder = createRecorder()
    const { client, peer } = await pair.join({ WebSocket: recorder.WebSocket })
    const ok = recorder.ok()
    await using first = await dial(pair.direct)
    await using second = await dial(pair.direct)
    const hi = { session: ok.session, key: ok.key, rx: 0 }
    const answers = await Promise.all([
      first.greet({ ...hi, client: 'first' }).catch(() => 'refused'),
      second.greet({ ...hi, client: 'second' }).catch(() => 'refused'),
      next(client, 'closed'),
    ])
    expect(answers[2]).toMatchObject({ reason: 'superseded' })
    expect(answers.slice(0, 2)).toContainEqual(expect.objectContaining({ session: ok.session }))
    const sent = peer.send('down', 'to one')
    const heard = [first, second].filter(({ socket }) => socket.readyState === 1)
    expect(heard).toHaveLength(1)
    expect(await heard[0]!.until('frame')).toEqual([1, 0, 'down', 'to one'])
    heard[0]!.say(['a', 1])
    expect(await outcomes([sent])).toEqual(['delivered'])
    expect(pair.hub.stats()).toMatchObject({ sessions: 1, connected: 1 })
  })

  test('a cut between replay and the end of the greeting delivers nothing twice', async () => {
    await using pair = await startPair()
    // Each connection brings a little more than the last one: the greeting and then the replay break off everywhere.
    let allowed = Infinity
    await using relay = await startRelay(pair.port, {
      toClient() {
        let left = allowed
        allowed += 23
        return (chunk, { pass, cut }) => {
          pass(chunk.subarray(0, left))
          left -= chunk.length
          if (left < 0) cut()
        }
      },
    })
    const { client, peer } = await pair.join({ url: relay.url, ...soon })
    const up: unknown[] = []
    const down: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    client.on('down', (data) => down.push(data))
    allowed = 0
    const opened = next(client, 'down')
    void client.reconnect()
    await opened
    const sent = upTo(20).flatMap((number) => [client.send('up', number), peer.send('down', number)])
    expect(await outcomes(sent)).toEqual(Array.from(sent, () => 'delivered'))
    expect(up).toEqual(upTo(20))
    expect(down).toEqual(upTo(20))
    expect(client.stats().opens, 'some of the cuts were in the replay').toBeGreaterThan(5)
    expect(pair.hub.peers.size).toBe(1)
  })

  test('a request that has timed out before it was written reaches no handler afterwards', async () => {
    await using pair = await startPair()
    const { client } = await pair.join(soon)
    const asked: unknown[] = []
    pair.hub.handle('ask', (input) => asked.push(input))
    await pair.proxy.refuse()
    pair.proxy.reset()
    await next(client, 'down')
    await expect(client.request('ask', 'too late', { timeout: 30 })).rejects.toMatchObject({
      code: 'timeout',
      outcome: { status: 'undelivered', reason: 'cancelled' },
    })
    await pair.proxy.accept()
    await client.request('ask', 'in time')
    expect(asked).toEqual(['in time'])
  })

  test('what is sent in the moment of a connection goes once', async () => {
    await using pair = await startPair()
    const client = pair.client(soon)
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    client.watch('open', () => client.send('up', client.stats().opens))
    for (let round = 0; round < 3; round++) {
      const opened = next(client, 'open')
      if (round === 0) void client.connect()
      else pair.proxy.reset()
      await opened
    }
    await client.send('up', 'end')
    expect(up).toEqual([1, 2, 3, 'end'])
  })
})

describe('SignalR', () => {
  test('a drop and the resume can be seen', async () => {
    await using pair = await startPair()
    const { client } = await pair.join(soon)
    const seen: unknown[] = []
    client.watch('down', ({ reason }) => seen.push(reason))
    client.watch('open', ({ resumed }) => seen.push(resumed))
    client.subscribe(() => seen.push(client.state.status))
    const opened = next(client, 'open')
    pair.proxy.cut()
    await opened
    await client.send('up')
    expect(seen).toEqual(['lost', 'waiting', 'connecting', true, 'open'])
  })

  test('an attempt that is refused does not end the session, nor do many', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    const losses = vi.fn()
    client.watch('lost', losses)
    await pair.proxy.refuse()
    pair.proxy.reset()
    const sent = client.send('up', 'kept')
    await expect.poll(() => client.state.attempt).toBeGreaterThan(5)
    expect(peer.isConnected).toBe(false)
    await pair.proxy.accept()
    expect(await outcomes([sent])).toEqual(['delivered'])
    expect(up).toEqual(['kept'])
    expect([...pair.hub.peers.values()]).toEqual([peer])
    expect(losses).not.toHaveBeenCalled()
  })

  test.each(['toServer', 'toClient'] as const)(
    'a message that something in between swallows is missed and comes after a resume: %s',
    async (direction) => {
      await using pair = await startPair()
      let isHungry = false
      const lane: Lane = (chunk, { pass }) => {
        if (!isHungry) pass(chunk)
        isHungry = false
      }
      await using relay = await startRelay(pair.port, { [direction]: () => lane })
      const { client, peer } = await pair.join({ url: relay.url, ...soon })
      const got: unknown[] = []
      const losses = vi.fn()
      client.watch('lost', losses)
      const sender = direction === 'toServer' ? client : peer
      if (direction === 'toServer') pair.hub.on('event', (data) => got.push(data))
      else client.on('event', (data) => got.push(data))
      await sender.send('event', 1)
      isHungry = true
      const swallowed = sender.send('event', 2)
      await expect.poll(() => isHungry, { interval: 2 }).toBe(false)
      expect(await outcomes([sender.send('event', 3), swallowed])).toEqual(['delivered', 'delivered'])
      expect(got).toEqual([1, 2, 3])
      expect(losses).not.toHaveBeenCalled()
      expect(pair.hub.stats()).toMatchObject({ sessions: 1, resumed: 1 })
    },
  )

  test('what the server sends in the very turn of a resume arrives', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const down: unknown[] = []
    client.on('down', (data) => down.push(data))
    pair.hub.watch('down', () => peer.send('down', 'away'))
    const done = new Promise<void>((resolve) =>
      pair.hub.watch('open', () => {
        peer.send('down', 'back')
        void peer.send('down', 'last').then(() => resolve())
      }),
    )
    pair.proxy.reset()
    await done
    expect(down).toEqual(['away', 'back', 'last'])
  })

  test('sends that are awaited do not wait for a timer each, also when the window is small', async () => {
    const window = [32, 65_536] as const
    await using pair = await startPair({ limits: { window } })
    const { client, peer } = await pair.join({ wire: session({ window }) })
    for (const sender of [client, peer]) {
      // There are 62 halves of a window in it, and an ack may be 50 ms late.
      const times = await timesOf(
        10,
        () => Promise.all(upTo(1_000).map((number) => sender.send('bulk', number))),
        0,
        1_000,
      )
      expect(Math.min(...times)).toBeLessThan(1_000)
    }
  })

  test('a message after quiet does not wait for a timer', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join()
    for (const sender of [client, peer]) {
      // An ack that waits for its timer is never earlier than that; a machine that is busy is not late each time.
      const times = await timesOf(20, () => sender.send('lone'), 120, 25)
      expect(Math.min(...times)).toBeLessThan(25)
    }
  })

  /** How long it takes, each time until it took less than `limit`. */
  async function timesOf(
    rounds: number,
    run: () => PromiseLike<unknown>,
    pause: number,
    limit: number,
  ): Promise<number[]> {
    const times: number[] = []
    while (times.length < rounds && !(Math.min(...times) < limit)) {
      await sleep(pause)
      const begun = performance.now()
      await run()
      times.push(performance.now() - begun)
    }
    return times
  }
})

describe('NATS', () => {
  test('what is sent between the drop and the next connection is not lost, in both directions', async () => {
    await using pair = await startPair()
    const { client, peer } = await pair.join(soon)
    const up: unknown[] = []
    const down: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    client.on('down', (data) => down.push(data))
    const sent = [client.send('up', 0), peer.send('down', 0)]
    await pair.proxy.refuse()
    pair.proxy.reset()
    const opened = next(client, 'open')
    for (let number = 1; number < 50; number++) {
      sent.push(client.send('up', number), peer.send('down', number))
      if (number === 40) await pair.proxy.accept()
      await sleep(1)
    }
    await opened
    expect(await outcomes(sent)).toEqual(Array.from(sent, () => 'delivered'))
    expect(up).toEqual(upTo(50))
    expect(down).toEqual(upTo(50))
  })

  test('one reconnect is one change of state', async () => {
    await using pair = await startPair()
    const { client } = await pair.join(soon)
    const opened = vi.fn()
    client.watch('open', opened)
    pair.proxy.reset()
    await next(client, 'open')
    await client.send('up')
    expect(opened).toHaveBeenCalledTimes(1)
  })
})

describe('Ably', () => {
  test('what was handled before the resume was refused is not sent again', async () => {
    await using pair = await startPair({ sessionTimeout: 30 })
    const { up, sent, loss } = await loseWhatIsUnderWay(pair, 'toClient')
    expect(up).toEqual(['written', 'after'])
    expect(sent).toEqual(['delivered', 'delivered'])
    expect(loss).toEqual({ why: 'expired', missed: 0, undelivered: 0, unknown: 0 })
  })

  test('what was not handled before the resume was refused is sent once more, first and in order', async () => {
    await using pair = await startPair({ sessionTimeout: 30 })
    const { up, sent, loss } = await loseWhatIsUnderWay(pair, 'toServer')
    expect(up).toEqual(['written', 'after'])
    expect(sent).toEqual(['delivered', 'delivered'])
    expect(loss).toEqual({ why: 'expired', missed: 0, undelivered: 1, unknown: 0 })
  })

  test('what may have been handled is unknown when nobody can tell, and is not sent again', async () => {
    await using pair = await startPair({ sessionTimeout: 30, tombstoneTimeout: 1 })
    const { up, sent, loss } = await loseWhatIsUnderWay(pair, 'toClient')
    expect(up).toEqual(['written', 'after'])
    expect(sent).toEqual(['unknown: session-lost', 'delivered'])
    expect(loss).toEqual({ why: 'unknown', missed: undefined, undelivered: 0, unknown: 1 })
  })

  test('what was reported as undelivered is not sent afterwards', async () => {
    await using pair = await startPair()
    const { client } = await pair.join(soon)
    const up: unknown[] = []
    pair.hub.on('up', (data) => up.push(data))
    await pair.proxy.refuse()
    pair.proxy.reset()
    await next(client, 'down')
    const sent = [
      client.send('up', 'short', { ttl: 20 }),
      client.send('up', 'long'),
      client.send('up', 'back'),
    ]
    expect(sent[2]!.cancel()).toBe(true)
    expect(await outcomes([sent[0]!, sent[2]!])).toEqual(['undelivered: expired', 'undelivered: cancelled'])
    await pair.proxy.accept()
    expect(await outcomes([sent[1]!])).toEqual(['delivered'])
    expect(up).toEqual(['long'])
  })

  /** A message is written, and gets lost in that direction; the session expires before the client is back. */
  async function loseWhatIsUnderWay(
    { hub, proxy, ...pair }: Pair,
    direction: 'toServer' | 'toClient',
  ): Promise<{ readonly up: unknown[]; readonly sent: string[]; readonly loss: Lifecycle['lost'] }> {
    const { client, peer } = await pair.join(soon)
    const up: unknown[] = []
    hub.on('up', (data) => up.push(data))
    proxy.freeze(direction)
    const sent = [client.send('up', 'written')]
    if (direction === 'toClient') await expect.poll(() => up, { interval: 5 }).toHaveLength(1)
    else await expect.poll(() => client.stats().unacknowledgedMessages, { interval: 5 }).toBe(1)
    const expired = new Promise((resolve) => peer.onClose(resolve))
    await proxy.refuse()
    proxy.reset()
    proxy.heal()
    const lost = next(client, 'lost')
    expect(await expired).toMatchObject({ why: 'expired' })
    // A tombstone may have a time as well.
    await sleep(5)
    sent.push(client.send('up', 'after'))
    await proxy.accept()
    const loss = await lost
    return { up, sent: await outcomes(sent), loss }
  }
})
