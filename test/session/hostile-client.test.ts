import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hi } from '@holdfast/protocol'
import type { HubStats } from '@holdfast/server'
import { describe, expect, test } from 'vitest'
import { dial } from '../../packages/server/test/support/raw-client.ts'
import type { RawClient } from '../../packages/server/test/support/raw-client.ts'
import { newcomer } from '../../packages/server/test/support/set-up.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { startPair, upTo } from './pair.ts'
import type { Pair } from './pair.ts'
import { perSecond } from './traffic.ts'

expectNothingLeft()

/** The sizes of a hub that is not attacked, without its counters. */
type Sizes = Pick<HubStats, 'connections' | 'greeting' | 'connected' | 'bufferedMessages' | 'bufferedBytes'>

interface Scene extends AsyncDisposable {
  readonly pair: Pair
  readonly url: string
  /** The events of other sessions. */
  readonly got: unknown[]
}

/** A hub, and a client that talks with it all the time. Leaving it fails if that client was harmed in any way. */
async function setScene(options: Parameters<typeof startPair>[0] = {}, sessions = 1): Promise<Scene> {
  const pair = await startPair({
    authenticate: ({ token }) => (token === 'refused' ? undefined : { identity: token ?? null }),
    ...options,
  })
  const { hub } = pair
  const { client, peer } = await pair.join({ token: () => 'bystander' })
  const got: unknown[] = []
  hub.onAny((name, data, from) => from !== peer && got.push([name, data]))
  hub.onRaw((data) => got.push(data))
  hub.watch('invalid', (message) => got.push(message))
  const echoed: unknown[] = []
  const down: unknown[] = []
  hub.handle('echo', (data) => data)
  client.on('down', (data) => down.push(data))
  const answers: Promise<unknown>[] = []
  let sent = 0
  const traffic = perSecond(100, () => {
    const answer = client.request('echo', answers.length)
    answers.push(answer.then((data) => echoed.push(data)))
    peer.send('down', sent++)
  })

  return {
    pair,
    url: pair.direct,
    got,
    async [Symbol.asyncDispose]() {
      try {
        traffic.stop()
        await Promise.all(answers)
        await peer.send('down', sent)
        expect(echoed).toEqual(upTo(answers.length))
        expect(down).toEqual(upTo(sent + 1))
        expect(client.stats().opens).toBe(1)
        const sizes: Sizes = {
          connections: 1,
          greeting: 0,
          connected: 1,
          bufferedMessages: 0,
          bufferedBytes: 0,
        }
        await expect.poll(() => hub.stats(), { interval: 5 }).toMatchObject(sizes)
        expect(hub.stats().sessions).toBeLessThanOrEqual(sessions)
        expect([...hub.peers.values()]).toEqual([peer])
      } finally {
        traffic.stop()
        await pair[Symbol.asyncDispose]()
      }
    },
  }
}

/** A client that has greeted. It disconnects without a `bye`, and its session is gone once the test is over. */
async function intrude({ url, pair }: Scene, hi: Partial<Hi> = {}): Promise<RawClient> {
  const client = await dial(url)
  const { session } = await client.greet({ client: 'intruder', ...hi })
  const { [Symbol.asyncDispose]: hangUp } = client
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      await hangUp()
      pair.hub.peers.get(session)?.close()
    },
  })
}

const header = (text: string, ...rest: number[]): Uint8Array =>
  new Uint8Array([text.length >> 8, text.length & 255, ...Buffer.from(text), ...rest])
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

/** Values of every type, and numbers that are invalid on the wire. */
const wrong = [null, true, 'x', '1', -1, 0.5, 2 ** 53, 1e300, [], [1], {}, { a: 1 }]

/** Every message that has one value of a wrong type in one position. Those that are well formed all the same are left out. */
function* misshapen(): Iterable<readonly [what: string, message: unknown]> {
  const frames = [
    [1, 0, 'x', 1],
    [1, 0, 'x', 1, { id: 1 }],
    [1, 0, null, 1, { re: 1 }],
  ]
  for (const frame of frames)
    for (const [position] of frame.entries())
      for (const value of wrong) {
        const isFine =
          position === 3 ||
          (position === 2 && typeof value === 'string' && frame[2] !== null) ||
          (position === 4 && JSON.stringify(value) === '{}' && frame[2] !== null) ||
          (position === 4 && JSON.stringify(value) === '{"a":1}') ||
          (position === 2 && value === null && (frame[4] as { re?: number } | undefined)?.re) ||
          // A control has a name, and a pack has frames.
          (position === 0 && (typeof value === 'string' || Array.isArray(value)))
        if (!isFine) yield [`${position} of ${JSON.stringify(frame)}`, frame.with(position, value as never)]
      }
  for (const key of ['id', 're', 'off', 'raw', 'error', 'message', 'absent'])
    for (const value of wrong) {
      const isText = key === 'error' || key === 'message'
      if ((isText && typeof value === 'string') || (value === true && (key === 'raw' || key === 'absent')))
        continue
      yield [`${key} of meta`, [1, 0, 'x', 1, { [key]: value }]]
    }
  for (const name of ['a', 'p', 'q', 'token', 'bye', 'drain', 'renew', 'ok', 'holdfast', 'hi', '', 'x'])
    for (const value of wrong) {
      if (name === 'token' && typeof value === 'string') continue
      yield [`the control ${name}`, [name, value]]
    }
}

describe('a client that sends what it must not', () => {
  test(
    'with a wrong type in any position is closed with 4400, and nothing of it is delivered',
    { timeout: 120_000 },
    async () => {
      await using scene = await setScene()
      let count = 0
      for (const [what, message] of misshapen()) {
        await using client = await intrude(scene)
        client.say(message)
        expect(await client.closed, `${what}: ${JSON.stringify(message)}`).toMatchObject({ code: 4400 })
        count++
      }
      expect(count).toBeGreaterThan(200)
      expect(scene.got).toEqual([])
      expect(scene.pair.hub.stats().refused).toBe(count)
    },
  )

  test.each<readonly [what: string, message: () => string | Uint8Array, code: number]>([
    ['a million frames', () => `[${'[0,0],'.repeat(1_000_000)}[0,0]]`, 4400],
    ['17 MiB of text', () => 'x'.repeat(17 * 2 ** 20), 1009],
    ['17 MiB of bytes', () => new Uint8Array(17 * 2 ** 20), 1009],
    ['data of 65 levels', () => `[1,0,"x",${nested(65)}]`, 1007],
    ['data of a million levels', () => `[1,0,"x",${nested(1_000_000)}]`, 1007],
    ['a million levels of nothing', () => nested(1_000_000), 4400],
    ['a million brackets that never close', () => '['.repeat(1_000_000), 4400],
    ['100,001 keys', () => `[1,0,"x",[${'0,'.repeat(100_000)}0]]`, 1007],
    [
      'a million keys',
      () => JSON.stringify([1, 0, 'x', Object.fromEntries(upTo(1_000_000).entries())]),
      1007,
    ],
    ['an ack of the future', () => '["a",1]', 4400],
    ['an ack of the far future', () => `[1,${Number.MAX_SAFE_INTEGER},"x"]`, 4400],
    ['a gap', () => '[2,0,"x"]', 4425],
    ['the highest number', () => `[${Number.MAX_SAFE_INTEGER},0,"x"]`, 4425],
    ['a volatile request', () => '[0,0,"echo",1,{"id":1}]', 4400],
    ['no bytes', () => new Uint8Array(), 4400],
    ['a length and no header', () => new Uint8Array([1, 0]), 4400],
    ['a header that is cut off', () => header('[1,0,"x"]').subarray(0, 8), 4400],
    ['a header that is no JSON', () => header('nonsense!'), 4400],
    ['a header that is no UTF-8', () => new Uint8Array([0, 2, 0xc3, 0x28]), 4400],
    ['a header that is a control', () => header('["a",0]'), 4400],
    ['a second greeting', () => JSON.stringify(['hi', { ...newcomer, n: 2 }]), 4400],
    ['a goodbye from the future', () => '["bye",{"rx":9}]', 4400],
  ])('such as %s is closed with the code for that', async (_, message, code) => {
    await using scene = await setScene({ limits: { maxPayloadBytes: 2 ** 24 } })
    await using client = await intrude(scene)
    client.say(message())
    expect((await client.closed).code).toBe(code)
    expect(scene.got).toEqual([])
  })

  test('keeps what it had delivered before, and gets no answer to what came after', async () => {
    await using scene = await setScene()
    await using client = await intrude(scene)
    client.say([
      [1, 0, 'good', 1],
      [2, 0, 'good', 2],
      [4, 0, 'bad', 4],
    ])
    expect((await client.closed).code).toBe(4425)
    expect(scene.got).toEqual([
      ['good', 1],
      ['good', 2],
    ])
  })

  test('beyond its window is closed, and its session with it', async () => {
    await using scene = await setScene({ limits: { window: [16, 65_536] } })
    scene.pair.hub.on('slow', () => {
      for (const until = performance.now() + 12; performance.now() < until;);
    })
    await using client = await intrude(scene)
    const first = upTo(8_192).map((index) => [index + 1, 0, 'slow'])
    for (let at = 0; at < first.length; at += 512) client.say(first.slice(at, at + 512))
    expect((await client.closed).code).toBe(4400)
    expect(scene.got.length).toBeLessThan(8_192)
  })
})

describe('a client that greets', () => {
  test.each<readonly [what: string, message: unknown, code: number]>([
    ['with data', [1, 0, 'x', 1], 4400],
    ['with an ack', ['a', 0], 4400],
    ['with text', 'hello', 4400],
    ['with bytes', header('["hi",{}]'), 4400],
    ['with nothing', ['hi'], 4400],
    ['without a window', ['hi', { ...newcomer, window: undefined }], 4400],
    ['with a window of zero', ['hi', { ...newcomer, window: [0, 1] }], 4400],
    ['with a window without end', `["hi",${JSON.stringify(newcomer).replace('100,', '1e999,')}]`, 4400],
    ['with a number that is none', ['hi', { ...newcomer, n: 0 }], 4400],
    ['without a name', ['hi', { ...newcomer, client: '' }], 4400],
    ['with a name that is too long', ['hi', { ...newcomer, client: 'x'.repeat(65) }], 4400],
    ['with half of a session', ['hi', { ...newcomer, session: 's' }], 4400],
    ['with a cursor below 0', ['hi', { ...newcomer, session: 's', key: 'k', rx: -1 }], 4400],
    ['with a token that is an object', ['hi', { ...newcomer, token: {} }], 4400],
    ['with a token that is refused', ['hi', { ...newcomer, token: 'refused' }], 4401],
    ['with a token of 65 KiB', ['hi', { ...newcomer, token: 'x'.repeat(66_560) }], 1009],
    ['with a token of 15 MiB', ['hi', { ...newcomer, token: 'x'.repeat(15 * 2 ** 20) }], 1009],
    ['in another version', ['hi', { v: 2, anything: true }], 4426],
    ['with levels without end', `["hi",${nested(20_000)}]`, 4400],
  ])('%s is closed with the code for that', async (_, message, code) => {
    await using scene = await setScene({ limits: { maxPayloadBytes: 2 ** 24 } })
    await using client = await dial(scene.url)
    await client.until('holdfast')
    client.say(message)
    // The close frame is lost when the client is still sending.
    expect([code, ...(code === 1009 ? [1006] : [])]).toContain((await client.closed).code)
    expect(scene.pair.hub.stats()).toMatchObject({ sessions: 1, refused: 1 })
  })

  test('twice in one go is closed with 4400, and no session is left', async () => {
    await using scene = await setScene()
    await using client = await dial(scene.url)
    client.say(['hi', newcomer])
    client.say(['hi', { ...newcomer, n: 2 }])
    expect((await client.closed).code).toBe(4400)
  })

  test('five hundred times at once and goes harms nobody', async () => {
    // An unconfirmed session is held for ten seconds, which is too long for a test.
    await using scene = await setScene({}, 501)
    const greeters = upTo(500).map(async (number) => {
      const client = await dial(scene.url)
      client.say(['hi', { ...newcomer, client: `c${number}` }])
      // Some disconnect before they have received anything, and none ever confirms.
      if (number % 2 === 0) await client.until('ok')
      await client[Symbol.asyncDispose]()
    })
    await Promise.all(greeters)
    expect(scene.pair.hub.stats().opened).toBe(1)
    expect(scene.got).toEqual([])
  })
})

describe('a client that takes its time', () => {
  test('with its greeting is closed with 4408', async () => {
    await using scene = await setScene({ greetingTimeout: 150 })
    await using client = await dial(scene.url)
    expect(await client.closed).toMatchObject({ code: 4408 })
    expect(scene.pair.hub.stats()).toMatchObject({ greeting: 0, sessions: 1 })
  })

  test('byte by byte over its greeting is closed just the same', async () => {
    await using scene = await setScene({ greetingTimeout: 300 })
    const socket = connect(scene.pair.port, '127.0.0.1')
    const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    let came = ''
    socket.on('data', (chunk: Buffer) => (came += chunk.toString('latin1')))
    await expect.poll(() => came, { interval: 5 }).toContain('["holdfast"')
    // A text of 100 bytes, masked with zeros.
    const frame = Buffer.concat([
      Buffer.from([0x81, 0xe4, 0, 0, 0, 0]),
      Buffer.from(`["hi",${' '.repeat(94)}`),
    ])
    for (const byte of frame) {
      if (socket.destroyed || came.includes('no greeting in time')) break
      socket.write(Buffer.from([byte]))
      await sleep(10)
    }
    // 4408, as it stands in the close frame.
    expect(came).toContain('\x11\x38no greeting in time')
    socket.destroy()
    await gone
  })

  test('and never ends its handshake holds nothing of the hub', async () => {
    await using scene = await setScene()
    const sockets = upTo(50).map(() => {
      const socket = connect(scene.pair.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Slow: ')
      return socket
    })
    await sleep(50)
    for (const socket of sockets) socket.write('x')
    expect(scene.pair.hub.stats()).toMatchObject({ connections: 1, greeting: 0 })
    for (const socket of sockets) socket.destroy()
  })

  test('and does not read is cut, and what is held for it stays within bounds', async () => {
    await using scene = await setScene({ limits: { maxBufferedBytes: 300_000 } })
    await using client = await intrude(scene, { window: [100_000, 100_000_000] })
    const peer = [...scene.pair.hub.peers.values()].at(-1)!
    const ended = new Promise((resolve) => peer.onClose(resolve))
    client.socket.pause()
    for (let number = 0; number < 100; number++) {
      peer.send('news', 'x'.repeat(10_000))
      expect(scene.pair.hub.stats().bufferedBytes).toBeLessThan(310_000)
      await sleep(0)
    }
    expect(await ended).toMatchObject({ why: 'overflow' })
    client.socket.resume()
    expect((await client.closed).code).toBe(4410)
  })

  test('floods it with messages is slowed down, and closed once it does not keep to its window', async () => {
    await using scene = await setScene({ limits: { messageBurst: 1_000, messageRate: 200 } })
    await using client = await intrude(scene)
    const startedAt = performance.now()
    for (let pack = 0; pack < 100; pack++)
      client.say(upTo(100).map((index) => [pack * 100 + index + 1, 0, 'spam']))
    expect(await client.closed).toMatchObject({ code: 4400, reason: 'window overrun' })
    expect(scene.got.length).toBeLessThanOrEqual(1_001 + (performance.now() - startedAt) / 5)
  })

  test('floods it with volatile messages gets its rate of them delivered, and the rest is dropped', async () => {
    await using scene = await setScene({ limits: { messageBurst: 1_000, messageRate: 200 } })
    await using client = await intrude(scene)
    const startedAt = performance.now()
    for (let pack = 0; pack < 100; pack++) {
      client.say(upTo(100).map(() => [0, 0, 'spam']))
      client.say(header('[0,0,null,null,{"raw":true}]', 1, 2, 3))
    }
    const isCounted = (): boolean =>
      scene.got.length + scene.pair.hub.stats().droppedMessages === 10_100 && client.socket.readyState === 1
    await expect.poll(isCounted).toBe(true)
    expect(scene.got.length).toBeLessThanOrEqual(1_001 + (performance.now() - startedAt) / 5)
  })

  test('floods it with pings is closed with 4429 and told when to come back', async () => {
    await using scene = await setScene()
    await using client = await intrude(scene)
    const refused: number[] = []
    scene.pair.hub.watch('refused', ({ code }) => refused.push(code))
    for (let n = 0; client.socket.readyState === 1; n++) {
      client.say(['p', 0])
      if (n % 100 === 0) await sleep(0)
    }
    expect(refused).toEqual([4429])
    // The close frame is lost when the client is still sending.
    const { code, reason } = await client.closed
    if (code !== 1006) expect([code, reason]).toEqual([4429, '{"after":[30000,60000]}'])
  })
})
