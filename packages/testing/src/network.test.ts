import { describe, expect, test } from 'vitest'
import { clockFaults, createVirtualClock } from './clock.ts'
import type { VirtualClock } from './clock.ts'
import type { FakeServerSocket, FakeSocket } from './fake-socket.ts'
import { createNetwork } from './network.ts'
import type { FrameFate, NetworkOptions, SimulatedRequest } from './network.ts'

/** A network with a server at `a.test`, and the events of both ends of its connections. */
function setUp(options: Partial<NetworkOptions> & { readonly clock?: VirtualClock } = {}) {
  const clock = options.clock ?? createVirtualClock()
  const start = clock.now()
  const network = createNetwork({ conditions: { latency: 10 }, ...options, clock })
  const log: string[] = []
  const requests: SimulatedRequest[] = []
  const servers: FakeServerSocket[] = []

  const note = (who: string, socket: FakeSocket): void => {
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => log.push(`${who} open`)
    socket.onerror = () => log.push(`${who} error`)
    socket.onmessage = ({ data }: { readonly data: unknown }) =>
      log.push(
        `${who} ${typeof data === 'string' ? data : `bytes ${new Uint8Array(data as ArrayBuffer).join()}`}`,
      )
    socket.onclose = ({ code, reason, wasClean }: { code: number; reason: string; wasClean: boolean }) =>
      log.push(`${who} ${wasClean ? 'closed' : 'broken'} ${code}${reason && ` ${reason}`}`)
  }
  const listen = (): (() => void) =>
    network.listen('a.test', (socket, request) => {
      servers.push(socket)
      requests.push(request)
      note('server', socket)
    })
  const stopListening = listen()

  const dial = (url = 'ws://a.test/ws?x=1', protocols?: string[]): FakeSocket => {
    const socket = new network.WebSocket(url, protocols)
    note('client', socket)
    return socket
  }
  return {
    clock,
    network,
    log,
    requests,
    servers,
    listen,
    stopListening,
    dial,
    after: () => Math.round(clock.now() - start),
    /** The events since the last call. */
    take: () => log.splice(0),
    async open(protocols?: string[]) {
      const client = dial(undefined, protocols)
      await clock.advance(200)
      log.length = 0
      return { client, server: servers.at(-1)! }
    },
  }
}

describe('a dial', () => {
  test('a dial takes two round trips, and the server accepts first', async () => {
    const { clock, network, dial, servers, take } = setUp()
    const client = dial()
    expect([network.dials, network.connections.size, network.last!.client]).toEqual([1, 1, client])
    await clock.advance(29)
    expect([servers.length, network.last!.server]).toEqual([0, undefined])
    await clock.advance(1)
    expect([servers.length, network.last!.server]).toEqual([1, servers[0]])
    expect(client.readyState).toBe(0)
    await clock.advance(10)
    expect(take()).toEqual(['client open'])
    expect(clock.pending).toBe(0)
  })

  test('a dial is a request with path, host and the headers of the network', async () => {
    const { clock, requests, dial } = setUp({ headers: { origin: 'https://a.test' } })
    dial()
    await clock.advance(100)
    expect(requests).toEqual([{ url: '/ws?x=1', headers: { host: 'a.test', origin: 'https://a.test' } }])
  })

  test('a dial agrees on the first subprotocol that is offered', async () => {
    const { client, server } = await setUp().open(['x', 'y'])
    expect([client.protocol, server.protocol, server.protocols]).toEqual(['x', 'x', ['x', 'y']])
  })

  test('a dial of a host without a listener is refused', async () => {
    const { clock, network, dial, take } = setUp()
    const client = dial('ws://b.test/')
    await clock.advance(40)
    expect(take()).toEqual(['client error', 'client broken 1006'])
    expect([client.readyState, network.connections.size, clock.pending]).toEqual([3, 0, 0])
  })

  test('a dial is refused after the server has stopped listening, and accepted sockets stay open', async () => {
    const { clock, network, listen, stopListening, dial, open, take } = setUp()
    const { client, server } = await open()
    stopListening()
    dial()
    await clock.advance(100)
    expect(take()).toEqual(['client error', 'client broken 1006'])
    server.send('still here')
    await clock.advance(10)
    expect(take()).toEqual(['client still here'])
    listen()
    dial()
    await clock.advance(100)
    expect(take()).toEqual(['client open'])
    expect([client.readyState, network.dials]).toEqual([1, 3])
  })

  test('a dial reaches the listener for all hosts if its host has no listener of its own', async () => {
    const { clock, network, dial, servers } = setUp()
    const others: string[] = []
    const stop = network.listen('*', (_, { headers }) => others.push(headers['host']!))
    dial('ws://b.test:8080/')
    dial()
    await clock.advance(100)
    expect([others, servers.length]).toEqual([['b.test:8080'], 1])
    stop()
    const late = dial('ws://b.test:8080/')
    await clock.advance(100)
    expect(late.readyState).toBe(3)
  })

  test('a host cannot have two listeners', () => {
    const { network, stopListening, listen } = setUp()
    expect(() => network.listen('a.test', () => {})).toThrow('a.test')
    stopListening()
    const stopAgain = listen()
    stopListening()
    expect(() => network.listen('a.test', () => {})).toThrow('a.test')
    stopAgain()
  })

  test.each([5, 15, 25])('a dial that is abandoned after %s ms never reaches the server', async (ms) => {
    const { clock, network, dial, servers, take } = setUp()
    const client = dial()
    await clock.advance(ms)
    client.close()
    await clock.advance(0)
    expect(take()).toEqual(['client error', 'client broken 1006'])
    await clock.advance(1_000)
    expect([servers.length, network.connections.size, clock.pending]).toEqual([0, 0, 0])
  })

  test('a dial that is abandoned after the server accepted it breaks at the server', async () => {
    const { clock, network, dial, servers, take } = setUp()
    const client = dial()
    await clock.advance(35)
    client.close()
    await clock.advance(10)
    expect(take()).toEqual(['client error', 'client broken 1006', 'server broken 1006'])
    expect([servers.length, network.connections.size, clock.pending]).toEqual([1, 0, 0])
  })

  test('messages that the server sends at once arrive after the socket is open', async () => {
    const { clock, network, dial, take } = setUp()
    network.listen('b.test', (socket) => socket.send('welcome'))
    dial('ws://b.test/')
    await clock.advance(100)
    expect(take()).toEqual(['client open', 'client welcome'])
  })
})

describe('messages', () => {
  test('messages arrive in order, in both directions, text and bytes', async () => {
    const { clock, open, take } = setUp()
    const { client, server } = await open()
    client.send('1')
    client.send(Uint8Array.of(2, 3))
    server.send('4')
    await clock.advance(9)
    expect(take()).toEqual([])
    await clock.advance(1)
    expect(take().toSorted()).toEqual(['client 4', 'server 1', 'server bytes 2,3'])
  })

  test.each(Object.keys(clockFaults) as (keyof typeof clockFaults)[])(
    'arrive in order on a clock that is %s, and nothing is left behind',
    async (fault) => {
      let drawn = 0
      const clock = createVirtualClock(clockFaults[fault])
      const { open, take, network } = setUp({ clock, conditions: { latency: () => (drawn++ * 7) % 30 } })
      const { client, server } = await open()
      const sent: string[] = []
      for (let index = 0; index < 60; index++) {
        client.send(`${index}`)
        server.send(`${index}`)
        sent.push(`${index}`)
        await clock.advance(index % 4)
      }
      client.close(1000)
      await clock.advance(1_000)
      const heard = take()
      const of = (who: string): string[] =>
        heard.filter((line) => line.startsWith(who)).map((line) => line.slice(who.length + 1))
      expect(of('server')).toEqual([...sent, 'closed 1000'])
      // What arrives at a page that is closing is dropped.
      expect(of('client').at(-1)).toBe('closed 1000')
      expect(sent).toEqual(expect.arrayContaining(of('client').slice(0, -1)))
      expect([network.connections.size, clock.pending]).toEqual([0, 0])
    },
  )

  test('messages wait for a slow path, and count in bufferedAmount', async () => {
    const { clock, network, open, take } = setUp()
    network.setConditions({ latency: 10, bytesPerSecond: 1_000 })
    const { client } = await open()
    client.send('x'.repeat(100))
    client.send('y')
    expect(client.bufferedAmount).toBe(101)
    await clock.advance(60)
    expect(client.bufferedAmount).toBe(41)
    await clock.advance(50)
    expect(take()).toEqual([`server ${'x'.repeat(100)}`])
    await clock.advance(1)
    expect(take()).toEqual(['server y'])
    expect(client.bufferedAmount).toBe(0)
  })

  test('a connection keeps the conditions of the moment of the dial', async () => {
    const { clock, network, open, take } = setUp()
    const { client } = await open()
    network.setConditions({ latency: 1_000 })
    client.send('fast')
    await clock.advance(10)
    expect(take()).toEqual(['server fast'])
  })

  test('messages are counted while they are in transit', async () => {
    const { clock, network, open } = setUp()
    const { client, server } = await open()
    client.send('a')
    server.send('b')
    expect([network.inFlight, network.last!.inFlight]).toEqual([2, 2])
    await clock.advance(10)
    expect(network.inFlight).toBe(0)
  })
})

describe('a closing handshake', () => {
  test('a close by the client reaches both ends with its code, the server first', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    client.send('last')
    client.close(4001, 'bye')
    await clock.advance(10)
    expect(take()).toEqual(['server last', 'server closed 4001 bye'])
    expect([client.readyState, server.readyState]).toEqual([2, 3])
    await clock.advance(10)
    expect(take()).toEqual(['client closed 4001 bye'])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('a close by the server reaches both ends with its code, after its earlier messages', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    server.send('last')
    server.close(1012, 'restart')
    await clock.advance(10)
    expect(take()).toEqual(['client last', 'client closed 1012 restart'])
    expect(client.readyState).toBe(3)
    await clock.advance(10)
    expect(take()).toEqual(['server closed 1012 restart'])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('a close without a code is reported as 1005', async () => {
    const { clock, open, take } = setUp()
    const { client } = await open()
    client.close()
    await clock.advance(20)
    expect(take()).toEqual(['server closed 1005', 'client closed 1005'])
  })

  test('simultaneous closes give each end the code of the other', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    client.close(4001)
    server.close(4002)
    await clock.advance(10)
    expect(take().toSorted()).toEqual(['client closed 4002', 'server closed 4001'])
    await clock.advance(100)
    expect(take()).toEqual([])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('a closing server receives the messages that the client had sent', async () => {
    const { clock, open, take } = setUp()
    const { client, server } = await open()
    client.send('on its way')
    server.close(1001)
    await clock.advance(20)
    expect(take().toSorted()).toEqual(['client closed 1001', 'server closed 1001', 'server on its way'])
  })

  test.each(['client', 'server'] as const)(
    'an unanswered closing handshake is abandoned by the %s',
    async (who) => {
      const { clock, network, open, take } = setUp()
      const ends = await open()
      network.blackHole()
      ends[who].close(1000)
      await clock.advance(19_999)
      expect(take()).toEqual([])
      await clock.advance(1)
      expect(take()).toEqual(
        who === 'client' ? ['client error', 'client broken 1006'] : ['server broken 1006'],
      )
    },
  )

  test('a closing handshake is abandoned after the closeTimeout of the conditions', async () => {
    const { clock, network, open, take } = setUp({ conditions: { latency: 10, closeTimeout: 500 } })
    const { client } = await open()
    network.blackHole()
    client.close(1000)
    await clock.advance(500)
    expect(take()).toEqual(['client error', 'client broken 1006'])
  })
})

describe('a cut', () => {
  test('a cut notifies both ends at once, and loses the messages in transit', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    client.send('lost')
    server.send('lost')
    const connection = network.last!
    expect(connection.isLive).toBe(true)
    network.cut()
    expect(connection.isLive).toBe(false)
    await clock.advance(0)
    expect(take()).toEqual(['client error', 'client broken 1006', 'server broken 1006'])
    await clock.advance(100)
    expect(take()).toEqual([])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('a cut that notifies one end leaves the other half-open, and none of its messages arrive', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    network.cut({ server: 50 })
    client.send('into the void')
    await clock.advance(50)
    expect(take()).toEqual(['server broken 1006'])
    client.send('into the void')
    await clock.advance(60_000)
    expect(take()).toEqual([])
    expect([client.readyState, server.readyState, network.connections.size]).toEqual([1, 3, 1])
  })

  test('a cut notifies each end at the moment of its notice', async () => {
    const { clock, network, open, take } = setUp()
    await open()
    network.last!.cut({ client: 3_000, server: 1_000 })
    await clock.advance(1_000)
    expect(take()).toEqual(['server broken 1006'])
    await clock.advance(2_000)
    expect(take()).toEqual(['client error', 'client broken 1006'])
    expect(network.connections.size).toBe(0)
  })

  test('a cut without notices can notify the ends later', async () => {
    const { clock, network, open, take } = setUp()
    await open()
    network.cut({})
    await clock.advance(60_000)
    expect(take()).toEqual([])
    network.cut()
    await clock.advance(0)
    expect(take()).toEqual(['client error', 'client broken 1006', 'server broken 1006'])
  })

  test('a client that closes during a cut is closed after the closing timeout', async () => {
    const { clock, network, open, take } = setUp()
    const { client } = await open()
    network.cut({ server: 0 })
    client.close(1000)
    await clock.advance(20_000)
    expect(take()).toEqual(['server broken 1006', 'client error', 'client broken 1006'])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('a cut during a dial makes the dial fail', async () => {
    const { clock, network, dial, servers, take } = setUp()
    dial()
    await clock.advance(15)
    network.cut()
    await clock.advance(1_000)
    expect(take()).toEqual(['client error', 'client broken 1006'])
    expect([servers.length, network.connections.size]).toEqual([0, 0])
  })

  test('a cut of one connection does not affect the others', async () => {
    const { clock, network, open, take } = setUp()
    await open()
    const first = network.last!
    const { server } = await open()
    first.cut()
    server.send('hello')
    await clock.advance(10)
    expect(take()).toEqual(['client error', 'client broken 1006', 'server broken 1006', 'client hello'])
  })
})

describe('a black hole', () => {
  test('a black hole notifies neither end, and when it ends everything arrives in order', async () => {
    const { clock, network, open, take } = setUp()
    const { client } = await open()
    client.send('1')
    network.blackHole()
    client.send('2')
    await clock.advance(60_000)
    expect([take(), client.bufferedAmount]).toEqual([[], 0])
    network.heal()
    client.send('3')
    await clock.advance(10)
    expect(take()).toEqual(['server 1', 'server 2', 'server 3'])
  })

  test('a black hole in one direction does not affect the other', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    network.blackHole('toServer')
    client.send('held')
    server.send('through')
    await clock.advance(10)
    expect(take()).toEqual(['client through'])
    network.heal()
    await clock.advance(0)
    expect(take()).toEqual(['server held'])
  })

  test('a black hole holds back new dials, which continue when it ends', async () => {
    const { clock, network, dial, take } = setUp()
    network.blackHole()
    dial()
    await clock.advance(1_000)
    expect(take()).toEqual([])
    network.heal()
    dial()
    await clock.advance(40)
    expect(take()).toEqual(['client open', 'client open'])
  })

  test('a black hole of one connection does not affect the others, and ends alone or with all', async () => {
    const { clock, network, open, take } = setUp()
    const { client } = await open()
    const first = network.last!
    const other = await open()
    first.blackHole()
    client.send('held')
    other.client.send('through')
    await clock.advance(10)
    expect(take()).toEqual(['server through'])
    first.heal()
    await clock.advance(0)
    expect(take()).toEqual(['server held'])
  })
})

describe('a socket of a server', () => {
  test('terminate() of a server socket closes it at once and the client after the latency, without earlier messages', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    server.send('lost')
    client.send('lost')
    server.terminate()
    expect(server.readyState).toBe(2)
    await clock.advance(0)
    expect(take()).toEqual(['server broken 1006'])
    await clock.advance(10)
    expect(take()).toEqual(['client broken 1006'])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('terminate() of a server socket in a black hole does not notify the client', async () => {
    const { clock, network, open, take } = setUp()
    const { client, server } = await open()
    network.blackHole()
    server.terminate()
    await clock.advance(60_000)
    expect([take(), client.readyState]).toEqual([['server broken 1006'], 1])
  })
})

describe('the fate of a message', () => {
  test('the fate of a message can depend on its number, its direction and its data', async () => {
    const { clock, network, open } = setUp()
    const { client, server } = await open()
    const seen: unknown[] = []
    network.setFrameFate(({ connection, ...frame }) => {
      expect(connection).toBe(network.last)
      seen.push(frame)
      return 'pass'
    })
    client.send('a')
    client.send('b')
    server.send('c')
    await clock.advance(10)
    expect(seen).toEqual([
      { direction: 'toServer', number: 1, data: 'a' },
      { direction: 'toServer', number: 2, data: 'b' },
      { direction: 'toClient', number: 1, data: 'c' },
    ])
  })

  test.each([
    ['pass', ['server 1', 'server 2', 'server 3']],
    ['drop', ['server 1', 'server 3']],
    ['duplicate', ['server 1', 'server 2', 'server 2', 'server 3']],
    ['cut', ['server 1', 'client error', 'client broken 1006', 'server broken 1006']],
  ] as const satisfies [FrameFate, string[]][])('may be to %s', async (fate, heard) => {
    const { clock, network, open, take } = setUp()
    const { client } = await open()
    network.setFrameFate(({ number }) => (number === 2 ? fate : 'pass'))
    for (const text of '123') client.send(text)
    await clock.advance(100)
    expect(take()).toEqual(heard)
  })

  test('every message passes once the function is removed', async () => {
    const { clock, network, open, take } = setUp()
    const { client } = await open()
    network.setFrameFate(() => 'drop')
    network.setFrameFate(undefined)
    client.send('a')
    await clock.advance(10)
    expect(take()).toEqual(['server a'])
  })
})

describe('sockets as those of ws', () => {
  test('clients get sockets like those of ws if the flavor is ws', async () => {
    const { clock, network, open, take } = setUp({ flavor: 'ws' })
    const { client } = await open()
    const droppable = client as FakeServerSocket
    droppable.terminate()
    await clock.advance(10)
    expect(take()).toEqual(['client broken 1006', 'server broken 1006'])
    expect([network.connections.size, clock.pending]).toEqual([0, 0])
  })

  test('sockets of a browser have no terminate()', async () => {
    const { client } = await setUp().open()
    expect('terminate' in client).toBe(false)
  })
})
