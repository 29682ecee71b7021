import { deflateRawSync } from 'node:zlib'
import { connect } from 'node:net'
import { once } from 'node:events'
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { dial } from './support/raw-client.ts'
import { serve } from './support/serve.ts'

const long = 'holdfast '.repeat(2_000)

describe('compression', () => {
  it('is not used unless it is asked for', async () => {
    await using served = await serve()
    await using client = await dial(served.url)
    expect(client.socket.extensions).toBe('')
  })

  it.each([
    ['bounds its window', {}, 12],
    ['does not bound its window, as Firefox', { clientMaxWindowBits: false as never }, undefined],
    ['remembers nothing', { serverNoContextTakeover: true, clientNoContextTakeover: true }, 12],
  ])('serves a client that %s, and counts bytes as they are without it', async (_, offer, agreed) => {
    await using served = await serve({ perMessageDeflate: true })
    const { hub } = served
    hub.on('up', (data, peer) => void peer.send('down', data))
    await using client = await dial(served.url, { perMessageDeflate: offer })
    expect(client.socket.extensions).toContain('permessage-deflate')
    expect(agreedBy(client.socket)).toMatchObject({
      server_max_window_bits: 12,
      server_no_context_takeover: true,
    })
    expect(agreedBy(client.socket)['client_max_window_bits']).toBe(agreed)
    await client.greet()
    const before = rawBytes(client.socket)
    client.say([1, 0, 'up', long])
    expect((await client.until('frame'))[3]).toBe(long)
    expect(rawBytes(client.socket) - before).toBeLessThan(long.length / 10)
    expect(hub.stats().sentBytes).toBeGreaterThan(long.length)
    expect(hub.stats().receivedBytes).toBeGreaterThan(long.length)
  })

  it('is used for each client of what goes to many, in order', async () => {
    await using served = await serve({ perMessageDeflate: true })
    const { hub } = served
    hub.onPeer((peer) => peer.join('news'))
    await using one = await dial(served.url)
    await using two = await dial(served.url)
    const before: number[] = []
    for (const [index, client] of [one, two].entries()) {
      await client.greet({ client: `c${index}` })
      before.push(rawBytes(client.socket))
    }
    for (const text of [long, 'short', 'short', 'last']) {
      await hub.channel('news').publish('n', text)
      // Each of them in a message of its own.
      await settleMicrotasks()
    }
    for (const [index, client] of [one, two].entries()) {
      const received: unknown[] = []
      while (received.at(-1) !== 'last') received.push((await client.until('frame'))[3])
      expect(received).toEqual([long, 'short', 'short', 'last'])
      expect(rawBytes(client.socket) - before[index]!).toBeLessThan(long.length / 10)
    }
  })

  it('is left away for a client whose window is too small, which connects nevertheless', async () => {
    await using served = await serve({ perMessageDeflate: { windowBits: 12 } })
    await using client = await dial(served.url, {
      perMessageDeflate: false,
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=9' },
    })
    expect(client.socket.extensions).toBe('')
    await client.greet()
  })

  it('does not let a small message become larger than maxPayloadBytes: the hub closes with 1009', async () => {
    await using served = await serve({
      perMessageDeflate: true,
      limits: { maxPayloadBytes: 65_536, window: [1_024, 65_536] },
    })
    const { hub } = served
    await using client = await dial(served.url)
    await client.greet()
    const before = hub.stats().receivedBytes
    // A hundred megabytes of zeros, in about a hundred kilobytes.
    client.socket.send('0'.repeat(100_000_000))
    expect((await client.closed).code).toBe(1009)
    expect(hub.stats()).toMatchObject({ receivedBytes: before, sessions: 1 })
    expect(hub.stats().limitHits).toMatchObject({ maxPayloadBytes: 1 })
  })

  it('bounds what a client without a session can make of its greeting', async () => {
    await using served = await serve({ perMessageDeflate: true })
    const { hub } = served
    const socket = connect(served.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      [
        'GET /ws HTTP/1.1',
        `Host: 127.0.0.1:${served.port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
        '\r\n',
      ].join('\r\n'),
    )
    await once(socket, 'data')
    // Ten megabytes in ten kilobytes: below the bound of a greeting, and above that of a message.
    const content = deflateRawSync(Buffer.alloc(10_000_000, '0'), { windowBits: 12 })
    expect(content.length).toBeLessThan(60_000)
    const head = Buffer.alloc(8)
    head.writeUInt8(0xc1, 0)
    head.writeUInt8(0x80 | 126, 1)
    head.writeUInt16BE(content.length, 2)
    socket.write(Buffer.concat([head, content]))
    socket.resume()
    await once(socket, 'close')
    expect(hub.stats()).toMatchObject({ sessions: 0, receivedBytes: 0 })
  })
})

/** The parameters of the extension that both ends agreed on. */
function agreedBy(socket: object): Readonly<Record<string, unknown>> {
  const { _extensions } = socket as { readonly _extensions: Record<string, { readonly params: object }> }
  return { ..._extensions['permessage-deflate']?.params }
}

/** What came over the connection of a client. */
function rawBytes(socket: object): number {
  const { _socket: transport } = socket as { readonly _socket: { readonly bytesRead: number } }
  return transport.bytesRead
}
