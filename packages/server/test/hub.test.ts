import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { dial } from './support/raw-client.ts'
import type { RawClient } from './support/raw-client.ts'
import { serve } from './support/serve.ts'
import { newcomer, resuming } from './support/set-up.ts'

describe('a hub on real sockets', () => {
  it('greets, hands on, answers and resumes', async () => {
    await using served = await serve({
      authenticate: ({ token }) => (token ? { identity: token } : undefined),
    })
    const { hub, url } = served
    const got: unknown[] = []
    hub.on('n', (data) => got.push(data))
    hub.handle('sum', (numbers) => (numbers as number[]).reduce((sum, next) => sum + next, 0))
    hub.onPeer((peer) => peer.send('welcome', peer.identity))

    await using first = await dial(url)
    const ok = await first.greet({ token: 'ann' })
    expect(await first.until('frame')).toEqual([1, 0, 'welcome', 'ann'])
    first.say([
      [1, 1, 'n', 1],
      [2, 1, 'sum', [1, 2, 3], { id: 1 }],
    ])
    expect(await first.until('frame')).toEqual([2, 2, null, 6, { re: 1 }])
    first.say(new Uint8Array([0, 9, ...Buffer.from('[3,1,"n"]'), 7, 8]))
    expect(await first.until('a')).toEqual(['a', 3])
    first.socket.terminate()
    await vi.waitFor(() => expect(hub.stats().connected).toBe(0), 15_000)
    hub.broadcast('news', 'x')

    await using second = await dial(url)
    const resumed = await second.greet({ token: 'ann', ...resuming(ok, 1) })
    expect(resumed).toMatchObject({ session: ok.session, rx: 3 })
    expect(await second.until('frame')).toEqual([2, 3, null, 6, { re: 1 }])
    expect(await second.until('frame')).toEqual([3, 3, 'news', 'x'])
    expect(got).toEqual([1, new Uint8Array([7, 8])])

    await using stranger = await dial(url)
    await stranger.until('holdfast')
    stranger.say(['hi', newcomer])
    expect((await stranger.closed).code).toBe(4401)
    expect(served.reported).toEqual([])
  })

  it('tells two clients with one key apart', async () => {
    await using served = await serve()
    await using first = await dial(served.url)
    const ok = await first.greet()
    await using copy = await dial(served.url)
    await copy.greet({ ...resuming(ok, 0, 1), client: 'copy' })
    expect((await first.closed).code).toBe(4409)
    expect(served.hub.stats()).toMatchObject({ sessions: 1, connected: 1 })
  })

  it.each<[string, () => string | Uint8Array, number]>([
    ['a million frames', () => `[${'[0,0],'.repeat(1_000_000)}[0,0]]`, 1009],
    ['more frames than there may be', () => `[${'[0,0],'.repeat(100_000)}[0,0]]`, 4400],
    ['400,000 levels', () => `[1,0,"a",${'['.repeat(400_000)}${']'.repeat(400_000)}]`, 1007],
    ['a header that is cut off', () => new Uint8Array([0, 200, 91]), 4400],
    ['17 MiB', () => new Uint8Array(17 * 2 ** 20), 1009],
  ])('closes a connection that sends %s, and serves the others', async (_, message, code) => {
    await using served = await serve()
    const got: unknown[] = []
    served.hub.on('well', (data) => got.push(data))
    await using other = await dial(served.url)
    await other.greet({ client: 'other' })
    await using client = await dial(served.url)
    await client.greet()
    client.say(message())
    const { code: actual } = await client.closed
    // The close frame is lost when the client is still sending.
    expect([code, 1006]).toContain(actual)
    await vi.waitFor(() => expect(served.hub.stats().connected).toBe(1), 15_000)
    other.say([1, 0, 'well', 1])
    expect(await other.until('a')).toEqual(['a', 1])
    expect(got).toEqual([1])
    expect(served.reported).toEqual([])
  })

  it('does not blame a message of its own when a client sends one that is too large, again and again', async () => {
    await using served = await serve({ limits: { maxPayloadBytes: 65_536 } })
    await using first = await dial(served.url)
    const ok = await first.greet()
    const [peer] = served.hub.peers.values()
    peer!.send('m', 1)
    for (let n = 2; n < 5; n++) {
      await using client = await dial(served.url)
      await client.greet(resuming(ok, 0, n))
      expect(await client.until('frame')).toEqual([1, 0, 'm', 1])
      client.say([1, 0, 'large', 'x'.repeat(70_000)])
      expect((await client.closed).code).toBe(1009)
      await vi.waitFor(() => expect(served.hub.stats().connected).toBe(0), 15_000)
    }
  })

  it('does not let a client grow a message before it has greeted', async () => {
    await using served = await serve()
    await using client = await dial(served.url)
    await client.next()
    // A message of a megabyte that never ends: what has come of it is all that there will be.
    const { socket } = client
    for (let n = 0; n < 100 && socket.readyState === 1; n++) {
      socket.send(Buffer.alloc(1_024), { fin: false, binary: true })
      await new Promise(setImmediate)
    }
    expect((await client.closed).code).toBe(1009)
    expect(served.hub.stats().greeting).toBe(0)
  })

  it('closes a connection that floods it with pings of the WebSocket layer', async () => {
    await using served = await serve()
    await using client = await dial(served.url)
    await client.greet()
    const { socket } = client
    // More at a time would be too many for the socket itself.
    while (socket.readyState === 1) {
      for (let n = 0; n < 20; n++) socket.ping()
      await Promise.race([once(socket, 'pong'), client.closed])
    }
    expect((await client.closed).code).toBe(4429)
  })

  it('bounds what it holds for a client that does not read', async () => {
    await using served = await serve({ limits: { maxBufferedBytes: 500_000 } })
    await using other = await dial(served.url)
    await other.greet({ client: 'other', window: [10_000, 50_000_000] })
    await using client = await dial(served.url)
    await client.greet({ window: [10_000, 50_000_000] })
    const [, peer] = [...served.hub.peers.values()]
    client.socket.pause()
    const ended = new Promise((resolve) => peer!.onClose(resolve))
    for (let n = 0; n < 1_000 && served.hub.peers.size === 2; n++) {
      peer!.send('m', 'x'.repeat(10_000))
      await new Promise(setImmediate)
      expect(served.hub.stats().bufferedBytes).toBeLessThanOrEqual(500_000)
    }
    expect(await ended).toMatchObject({ why: 'overflow' })
    expect([...served.hub.peers.values()].map(({ isConnected }) => isConnected)).toEqual([true])
    client.socket.resume()
    expect((await client.closed).code).toBe(4410)
  })

  it('is left with nothing by hundreds of clients that come and go in every way', async () => {
    await using served = await serve({ sessionTimeout: 50, limits: { maxTombstones: 1 } })
    const { hub, url } = served
    const visit = async (n: number): Promise<void> => {
      await using client = await dial(url)
      if (n % 5 === 0) return
      await client.until('holdfast')
      if (n % 5 === 1) return client.say('nonsense')
      client.say(['hi', { ...newcomer, client: `c${n}` }])
      await client.until('ok')
      client.say(['a', 0])
      if (n % 5 === 2) client.say(['bye', { rx: 0 }])
      if (n % 5 === 3) client.say([5, 0, 'gap'])
      if (n % 5 < 4) await client.closed
    }
    for (let n = 0; n < 500; n += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => visit(n + index)))
    await vi.waitFor(
      () =>
        expect(hub.stats()).toMatchObject({
          connections: 0,
          greeting: 0,
          sessions: 0,
          connected: 0,
          tombstones: 1,
        }),
      15_000,
    )
    expect(hub.peers.size).toBe(0)
    expect(served.reported).toEqual([])
  })

  it('drains: a client that says goodbye is let go at once', async () => {
    const served = await serve()
    await using client = await dial(served.url)
    await client.greet()
    const [peer] = [...served.hub.peers.values()]
    const sent = peer!.send('m', 1)
    const closed = served.hub.close({ drain: 60_000 })
    expect(await client.until('drain')).toEqual(['drain', { after: [0, 1_000], within: 60_000 }])
    await using late = await dial(served.url)
    expect(await late.closed).toEqual({ code: 1012, reason: '{"after":[0,1000]}' })
    client.say(['bye', { rx: 1 }])
    expect(await client.until('bye')).toEqual(['bye', { rx: 0, total: 1 }])
    expect(await client.closed).toEqual({ code: 1012, reason: '{"after":[0,1000]}' })
    await closed
    expect(sent.outcome).toEqual({ status: 'delivered' })
    await served[Symbol.asyncDispose]()
  })

  it('closes although clients keep coming', async () => {
    const served = await serve()
    await using client = await dial(served.url)
    await client.greet()
    const stage = { isClosed: false }
    const coming = (async () => {
      const late: RawClient[] = []
      while (!stage.isClosed) {
        const next = await dial(served.url)
        // It does not answer a close.
        next.socket.pause()
        late.push(next)
      }
      return late
    })()
    await served.hub.close()
    stage.isClosed = true
    for (const late of await coming) await late[Symbol.asyncDispose]()
    await served[Symbol.asyncDispose]()
  })

  it('does not keep the process alive when it is closed', async () => {
    const child = spawn(
      process.execPath,
      ['--conditions=@holdfast/source', join(import.meta.dirname, 'support/closing-process.ts')],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 },
    )
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const [code] = (await once(child, 'close')) as [number | null]
    expect([code, output]).toEqual([0, 'closed with 1012\n'])
  })

  it('closes a connection of which a part of a frame is all that ever comes', async () => {
    await using served = await serve({ greetingTimeout: 100 })
    const socket = new WebSocket(served.url)
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4408)
  })
})
