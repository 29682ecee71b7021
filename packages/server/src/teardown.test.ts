import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { ended, newcomer, resuming, setUp } from '../test/support/set-up.ts'
import { createHub } from './index.ts'
import type { Peer } from './index.ts'

describe('a client that leaves', () => {
  it('is answered with a final cursor, and all is settled by its own', async () => {
    const { clock, dial, heard, hub, join, peers } = setUp()
    const client = await join()
    await client.say([1, 0, 'a'])
    const sent = [peers[0]!.send('m', 1), peers[0]!.send('m', 2)]
    await settleMicrotasks()
    client.take()
    const end = ended(peers[0]!)
    await client.say(['bye', { rx: 1 }])
    expect(client.take()).toEqual([['bye', { rx: 1, total: 2 }]])
    expect(client.socket.closedWith?.code).toBe(1000)
    expect(sent.map(({ outcome }) => outcome)).toEqual([
      { status: 'delivered' },
      { status: 'undelivered', reason: 'session-lost' },
    ])
    expect(await end).toEqual({ why: 'left', undelivered: 1, unknown: 0 })
    expect(heard.at(-1)).toEqual(['closed', { why: 'left', undelivered: 1, unknown: 0 }])
    expect(hub.stats()).toMatchObject({ sessions: 0, connections: 0 })
    expect(clock.pending).toBe(0)
    // Its goodbye may have been lost.
    expect((await dial().greet(resuming(client.ok, 1))).lost).toEqual({ why: 'closed', rx: 1, missed: 1 })
  })

  it('may say with which code and why, which is told on one line', async () => {
    const { heard, join, peers } = setUp()
    const client = await join()
    const end = ended(peers[0]!)
    await client.say(['bye', { rx: 0, code: 4_100, reason: 'done\n\u001b[2J' }])
    const told = { why: 'left', undelivered: 0, unknown: 0, code: 4_100, reason: 'done [2J' }
    expect(await end).toEqual(told)
    expect(heard.at(-1)).toEqual(['closed', told])
    expect(client.socket.closedWith?.code).toBe(1000)
  })

  it('does so before its session was confirmed', async () => {
    const { dial, hub, peers } = setUp()
    const client = dial()
    await client.say(['hi', newcomer])
    await client.say(['bye', { rx: 0 }])
    expect(client.take().at(-1)).toEqual(['bye', { rx: 0, total: 0 }])
    expect([peers.length, hub.stats().sessions]).toEqual([1, 0])
  })
})

/** A clock on a machine so slow that every look at it finds that 20 ms have passed. */
function slowClock(): { readonly clock: VirtualClock; slow: boolean } {
  const clock = createVirtualClock()
  const machine = {
    clock: {
      ...clock,
      now() {
        if (machine.slow) clock.stall(20)
        return clock.now()
      },
    },
    slow: false,
  }
  return machine
}

describe('on a slow machine, everything that was sent is written first', () => {
  const sendAll = (peer: Peer): void => {
    for (let index = 0; index < 90; index++) peer.send('m', index)
  }

  it('when a peer is closed', async () => {
    const machine = slowClock()
    const { join, peers } = setUp({ ports: { clock: machine.clock } })
    const client = await join()
    machine.slow = true
    sendAll(peers[0]!)
    peers[0]!.close()
    expect(client.take().flat()).toHaveLength(90 + 2)
  })

  it('when the hub drains', async () => {
    const machine = slowClock()
    const { hub, join, peers } = setUp({ ports: { clock: machine.clock } })
    const client = await join()
    machine.slow = true
    sendAll(peers[0]!)
    void hub.close({ drain: 1_000 })
    expect(client.frames()).toHaveLength(90)
  })
})

describe('closing a peer', () => {
  it('tells the client how many messages there were in all, so that it knows what it has missed', async () => {
    const { join, peers } = setUp()
    const client = await join({ window: [1, 100_000] })
    peers[0]!.send('written', 1)
    peers[0]!.send('waiting', 2)
    peers[0]!.send('waiting', 3)
    peers[0]!.close()
    expect(client.take()).toEqual([
      [1, 0, 'written', 1],
      ['bye', { rx: 0, total: 3 }],
    ])
  })

  it('sends what was sent before, says goodbye, and waits for the answer', async () => {
    const { clock, heard, hub, join, peers } = setUp()
    const client = await join()
    const last = peers[0]!.send('last', 1)
    peers[0]!.close(4403, 'be gone')
    const late = peers[0]!.send('late', 1)
    expect(hub.peers.size).toBe(0)
    expect(client.take()).toEqual([
      [1, 0, 'last', 1],
      ['bye', { rx: 0, total: 1 }],
    ])
    expect(client.socket.closedWith).toBeUndefined()
    await client.say([1, 1, 'too late'])
    await client.say(['bye', { rx: 1 }])
    expect(client.socket.closedWith).toEqual({ code: 4403, reason: 'be gone' })
    expect([last.outcome, late.outcome]).toEqual([
      { status: 'delivered' },
      { status: 'undelivered', reason: 'session-lost' },
    ])
    expect(heard.at(-1)).toEqual(['closed', { why: 'closed', undelivered: 0, unknown: 0 }])
    expect(hub.stats().receivedMessages).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it.each<[string, (client: Awaited<ReturnType<ReturnType<typeof setUp>['join']>>) => unknown]>([
    ['does not answer', () => {}],
    ['answers nonsense', (client) => client.say('nonsense')],
    ['answers bytes', (client) => client.say(new Uint8Array(5))],
    ['goes', (client) => client.socket.end()],
    ['answers with a cursor of the future', (client) => client.say(['bye', { rx: 9 }])],
  ])('does not wait for long when the client %s', async (_, answer) => {
    const { clock, heard, hub, join, peers } = setUp()
    const client = await join()
    const sent = peers[0]!.send('m', 1)
    peers[0]!.close()
    await answer(client)
    await clock.advance(1_100)
    expect(heard.at(-1)).toEqual(['closed', { why: 'closed', undelivered: 0, unknown: 1 }])
    expect(sent.outcome).toEqual({ status: 'unknown', reason: 'session-lost' })
    expect(hub.stats().connections).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('ends a session whose client is away at once, and the client hears of it when it is back', async () => {
    const { dial, join, peers } = setUp()
    const client = await join()
    client.socket.end()
    peers[0]!.send('m', 1)
    const end = ended(peers[0]!)
    peers[0]!.close()
    peers[0]!.close()
    expect(await end).toEqual({ why: 'closed', undelivered: 1, unknown: 0 })
    expect((await dial().greet(resuming(client.ok, 0))).lost).toEqual({ why: 'closed', rx: 0, missed: 1 })
  })

  it('may be done when the peer is announced, and in `down` and `open`', async () => {
    const { clock, dial, hub, join } = setUp()
    const offs = [hub.onPeer((peer) => peer.close())]
    const client = await join()
    expect(client.socket.closedWith).toBeUndefined()
    await client.say(['bye', { rx: 0 }])
    expect(client.socket.closedWith?.code).toBe(4410)
    for (const off of offs) off()

    hub.watch('down', ({ peer }) => peer.close())
    const second = await join()
    await dial().greet(resuming(second.ok, 0))
    await clock.advance(2_000)
    expect(hub.stats()).toMatchObject({ sessions: 0, connections: 0 })
    expect(clock.pending).toBe(0)
  })

  it('is heard of once by each listener, also by one that comes afterwards', async () => {
    const { join, peers, reported } = setUp()
    const client = await join()
    const heard: string[] = []
    const [peer] = peers
    peer!.onClose(() => heard.push('first'))
    peer!.onClose(() => {
      throw new Error('oops')
    })
    peer!.onClose(() => heard.push('never'))()
    await client.say(['bye', { rx: 0 }])
    peer!.onClose(({ why }) => heard.push(why))
    peer!.onClose(() => heard.push('never'))()
    expect(heard).toEqual(['first'])
    await settleMicrotasks()
    expect(heard).toEqual(['first', 'left'])
    expect(reported).toEqual([new Error('oops')])
  })
})

describe('closing the hub', () => {
  it('says goodbye to everybody, accepts nobody, and leaves nothing', async () => {
    const { clock, dial, hub, join, heard } = setUp({ sessionTimeout: 60_000 })
    const client = await join()
    const away = await join({ client: 'c2' })
    away.socket.end()
    const stranger = dial()
    const provisional = dial()
    await provisional.say(['hi', { ...newcomer, client: 'c3' }])
    provisional.take()
    const closed = hub.close()
    expect(client.take()).toEqual([['bye', { rx: 0, total: 0 }]])
    expect(stranger.socket.closedWith?.code).toBe(1012)
    const late = dial()
    expect(late.socket.closedWith).toEqual({ code: 1012, reason: '{"after":[0,1000]}' })
    await client.say(['bye', { rx: 0 }])
    expect(client.socket.closedWith).toEqual({ code: 1012, reason: '{"after":[0,1000]}' })
    await clock.advance(1_100)
    expect(provisional.socket.closedWith?.code).toBe(1012)
    await closed
    expect(clock.pending).toBe(0)
    expect(hub.stats()).toMatchObject({ connections: 0, sessions: 0, greeting: 0, tombstones: 0 })
    expect(heard.filter(([kind]) => kind === 'closed')).toHaveLength(2)
    expect(() => hub.attach({} as never)).toThrow('closed')
  })

  it('drains: clients finish what is out, and nothing is unknown', async () => {
    const { clock, hub, join, peers, heard } = setUp()
    const answer = Promise.withResolvers<string>()
    hub.handle('slow', () => answer.promise)
    const client = await join()
    const sent = peers[0]!.send('m', 1)
    await client.say([1, 0, 'slow', null, { id: 1 }])
    client.take()
    const closed = hub.close({ drain: 10_000 })
    expect(client.take()).toEqual([['drain', { after: [0, 1_000], within: 10_000 }]])
    const late = peers[0]!.send('m', 2)
    expect(late.outcome).toEqual({ status: 'undelivered', reason: 'closed' })
    await clock.advance(2_000)
    expect(client.socket.closedWith).toBeUndefined()
    answer.resolve('done')
    await settleMicrotasks()
    expect(client.frames()).toEqual([[2, 1, null, 'done', { re: 1 }]])
    await client.say(['bye', { rx: 2 }])
    expect(client.take()).toEqual([['bye', { rx: 1, total: 2 }]])
    expect(client.socket.closedWith).toEqual({ code: 1012, reason: '{"after":[0,1000]}' })
    await closed
    expect(sent.outcome).toEqual({ status: 'delivered' })
    expect(heard.at(-1)).toEqual(['closed', { why: 'drained', undelivered: 0, unknown: 0 }])
    expect(clock.pending).toBe(0)
  })

  it('does not wait for longer than it was told to', async () => {
    const { clock, hub, join, peers } = setUp()
    const client = await join()
    const sent = peers[0]!.send('m', 1)
    const closed = hub.close({ drain: 5_000 })
    await clock.advance(4_900)
    expect(client.take().at(-1)).toEqual(['drain', { after: [0, 1_000], within: 5_000 }])
    await clock.advance(200)
    expect(client.take()).toEqual([['bye', { rx: 0, total: 1 }]])
    await client.say(['bye', { rx: 1 }])
    await closed
    expect(sent.outcome).toEqual({ status: 'delivered' })
    expect(clock.pending).toBe(0)
  })

  it('does not wait any longer when it is closed again', async () => {
    const { clock, hub, join } = setUp()
    const client = await join()
    const drained = hub.close({ drain: 60_000 })
    const closed = hub.close()
    expect(client.take().at(-1)).toEqual(['bye', { rx: 0, total: 0 }])
    await clock.advance(1_100)
    await Promise.all([drained, closed, hub.close({ drain: 5 })])
    expect(clock.pending).toBe(0)
  })

  it('spreads the clients over a longer time the more there are', async () => {
    const { hub, join } = setUp()
    const clients = []
    for (let n = 0; n < 300; n++) clients.push(await join({ client: `c${n}` }))
    void hub.close({ drain: 1 })
    expect(clients[0]!.take()).toEqual([['drain', { after: [0, 3_000], within: 1 }]])
  })

  it('ends a session at once whose connection breaks meanwhile, because nobody can come back to it', async () => {
    const { clock, hub, join, peers, heard } = setUp()
    const client = await join()
    const sent = peers[0]!.send('m', 1)
    await settleMicrotasks()
    const closed = hub.close({ drain: 10_000 })
    client.socket.end()
    await closed
    expect(sent.outcome).toEqual({ status: 'unknown', reason: 'session-lost' })
    expect(heard.at(-1)).toEqual(['closed', { why: 'drained', undelivered: 0, unknown: 1 }])
    expect(hub.peers.size).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('drops a socket whose client does not answer the close', async () => {
    const { clock, hub, join } = setUp()
    const client = await join()
    client.socket.isPolite = false
    const closed = hub.close()
    await clock.advance(5_000)
    expect(client.socket.isTerminated).toBe(true)
    await closed
    expect(clock.pending).toBe(0)
  })

  it('ends at once when there is nobody', async () => {
    await createHub().close({ drain: 60_000 })
    await using hub = createHub()
    expect(hub.peers.size).toBe(0)
  })

  it('refuses to drain for no time that there is', async () => {
    await expect(createHub().close({ drain: -1 })).rejects.toMatchObject({ code: 'misuse' })
    await expect(createHub().close({ drain: Infinity })).rejects.toMatchObject({ code: 'misuse' })
  })
})

describe('sessions that end in the middle of a broadcast', () => {
  /** Clients that are away, for each of which as much waits as may. */
  const setUpFull = async (count: number) => {
    const scene = setUp({ limits: { maxBufferedMessages: 5 } })
    for (let n = 0; n < count; n++) {
      const client = await scene.join()
      if (n % 2 === 0) client.socket.end()
    }
    const sent = scene.peers.map((peer) => peer.send('first'))
    for (let n = 1; n < 5; n++) scene.hub.broadcast('tick', n)
    return { ...scene, sent }
  }

  it('are told of after it, one after the other, although each leads to another broadcast', async () => {
    const { hub, heard, peers, reported, sent } = await setUpFull(1_000)
    let depth = 0
    let deepest = 0
    const told: string[] = []
    const tell = (why: string): void => {
      depth++
      deepest = Math.max(deepest, depth)
      // Nobody who is over the limit is left when the first is told of.
      expect(hub.peers.size).toBe(0)
      told.push(why)
      hub.broadcast('left', why)
      depth--
    }
    for (const peer of peers) peer.onClose(({ why }) => tell(why))
    hub.watch('closed', ({ why }) => tell(why))
    hub.broadcast('one too many')
    expect([told.length, deepest]).toEqual([2_000, 1])
    const end = { why: 'overflow', undelivered: 5, unknown: 0 }
    expect(heard.filter(([kind]) => kind === 'closed')[0]).toEqual(['closed', end])
    expect(sent.every(({ outcome }) => outcome)).toBe(true)
    await settleMicrotasks()
    expect(reported).toEqual([])
    expect(hub.stats()).toMatchObject({ sessions: 0, connections: 0, bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('end all the same when a listener throws, and so does what reports that', async () => {
    const report = (): never => {
      throw new Error('oops')
    }
    const { hub, heard, join } = setUp({ limits: { maxBufferedMessages: 1 }, ports: { report } })
    for (let n = 0; n < 3; n++) (await join()).socket.end()
    hub.broadcast('tick')
    hub.onPeer(() => {})
    hub.watch('closed', report)
    expect(() => hub.broadcast('tick')).toThrow('oops')
    expect(heard.filter(([kind]) => kind === 'closed')).toHaveLength(3)
    expect(hub.stats()).toMatchObject({ sessions: 0, connections: 0 })
  })

  it('are left out of it when the function that leaves out peers ends them', async () => {
    const { hub, join, peers, heard } = setUp()
    const clients = [await join(), await join(), await join()]
    const except = (peer: Peer): boolean => {
      if (peer === peers[1]) peers[0]!.close(1000)
      return false
    }
    hub.broadcast('tick', 1, { except })
    await settleMicrotasks()
    expect(clients.map((client) => client.frames())).toEqual([[], [[1, 0, 'tick', 1]], [[1, 0, 'tick', 1]]])
    expect(heard.some(([kind]) => kind === 'closed')).toBe(false)
  })

  it('leave nobody with a part of what a function that throws was asked about', async () => {
    const { hub, join, peers } = setUp()
    const clients = [await join(), await join()]
    const except = (peer: Peer): boolean => {
      if (peer === peers[1]) throw new Error('oops')
      return false
    }
    expect(() => hub.broadcast('tick', 1, { except })).toThrow('oops')
    await settleMicrotasks()
    expect(clients.map((client) => client.frames())).toEqual([[], []])
  })
})

describe('sessions that expire together', () => {
  it('have all ended when the first is told of, so that what is sent to the rest is not sent to them', async () => {
    const { clock, hub, join, peers } = setUp({ sessionTimeout: 1_000 })
    for (let n = 0; n < 500; n++) (await join()).socket.end()
    await join()
    const sizes: number[] = []
    for (const peer of peers)
      peer.onClose(() => {
        sizes.push(hub.peers.size)
        hub.broadcast('left', peer.id)
      })
    await clock.advance(1_100)
    expect(sizes).toEqual(Array(500).fill(1))
    expect(peers.at(-1)!.isConnected).toBe(true)
  })
})

describe('closing the hub', () => {
  it('may be done again by whoever is told that a session ended because of it', async () => {
    const { hub, join, heard } = setUp()
    for (let n = 0; n < 3; n++) (await join()).socket.end()
    hub.watch('closed', () => void hub.close())
    await hub.close()
    expect(heard.filter(([kind]) => kind === 'closed')).toHaveLength(3)
  })
})
