import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createClient, session } from 'holdfast'
import type { Client, ClientOptions, SocketConstructor } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { WebSocket as WsSocket, WebSocketServer } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { next } from '../support/stage.ts'
import { outcomes, startPair } from './pair.ts'

expectNothingLeft()

/** A Close frame with 1012. */
const restart = Buffer.from([0x88, 2, 1012 >> 8, 1012 & 255])

interface Path extends AsyncDisposable {
  readonly url: string
  /** The latest connection brings a Close frame and nothing after that, in either direction, and stays. */
  halfClose(): void
}

/** A TCP relay, which ends no connection by itself. */
async function startPath(target: number): Promise<Path> {
  const sockets: Socket[] = []
  let halfClose = (): void => {}
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(target, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => {})
    sockets.push(near, far)
    near.pipe(far, { end: false })
    far.pipe(near, { end: false })
    halfClose = () => {
      near.unpipe().resume()
      far.unpipe().resume()
      near.write(restart)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    halfClose: () => halfClose(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const isPastOpen = (sockets: readonly { readonly readyState: number }[]): Promise<void> =>
  expect.poll(() => sockets[0]!.readyState).toBeGreaterThan(1)

describe.each([
  { name: 'ws', Base: WsSocket as SocketConstructor },
  { name: 'the WebSocket of Node', Base: globalThis.WebSocket as SocketConstructor },
])('a server that closes and keeps the transport open, on $name', ({ Base }) => {
  /** `ws` itself would say so after half a minute, with the code, and Node never. */
  const noticed = { reason: 'lost' }

  const setUp = (
    options: Partial<ClientOptions>,
  ): { client: Client; sockets: InstanceType<SocketConstructor>[] } => {
    const sockets: InstanceType<SocketConstructor>[] = []
    class Spied extends Base {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    }
    return { client: createClient({ url: 'ws://test', WebSocket: Spied, ...options }), sockets }
  }

  test('is noticed by the next message, which goes to the next connection', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const received: string[] = []
    server.on('connection', (socket) =>
      socket.on('message', (data) => received.push((data as Buffer).toString())),
    )
    const path = await startPath((server.address() as AddressInfo).port)
    const { client, sockets } = setUp({ url: path.url })
    try {
      await client.connect()
      path.halfClose()
      await isPastOpen(sockets)
      const down = next(client, 'down')
      const sent = client.send('late', {})
      expect(await down).toEqual(noticed)
      expect(await sent).toEqual({ status: 'sent' })
      await expect.poll(() => received).toEqual(['{"type":"late"}'])
    } finally {
      await client.dispose()
      await path[Symbol.asyncDispose]()
      for (const socket of server.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    }
  })

  test('is noticed by the next message of a session, which goes on and delivers it once', async () => {
    await using pair = await startPair()
    const path = await startPath(pair.port)
    const { client, sockets } = setUp({ url: path.url, wire: session() })
    const heard: unknown[] = []
    pair.hub.on('late', (data) => heard.push(data))
    try {
      await client.connect()
      path.halfClose()
      await isPastOpen(sockets)
      const down = next(client, 'down')
      const sent = [client.send('late', 1), client.send('late', 2)]
      expect(await down).toEqual(noticed)
      expect(await next(client, 'open')).toMatchObject({ resumed: true })
      expect(await outcomes(sent)).toEqual(['delivered', 'delivered'])
      expect(heard).toEqual([1, 2])
    } finally {
      await client.dispose()
      await path[Symbol.asyncDispose]()
    }
  })
})
