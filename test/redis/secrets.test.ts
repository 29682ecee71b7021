// What a program that can read everything in Redis learns of sessions.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Peer } from '@holdfast/server'
import type { ClientOptions } from 'holdfast'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'
import { membersOf, startNode, visit } from './nodes.ts'
import type { Node } from './nodes.ts'

expectNothingLeft()

/** Everything that Redis executes: the calls of hubs, and the commands of their scripts with all keys, values and messages. */
interface Monitor extends AsyncDisposable {
  readonly text: string
}

async function monitor({ port }: RedisServer): Promise<Monitor> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write('MONITOR\r\n')
  await once(socket, 'data')
  return {
    get text() {
      return String(Buffer.concat(chunks))
    },
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await once(socket, 'close')
    },
  }
}

/** Clients that note the secrets that they get. */
function noteSecrets(): {
  readonly ids: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
  readonly Socket: NonNullable<ClientOptions['WebSocket']>
} {
  const [ids, keys] = [new Set<string>(), new Set<string>()]
  class Socket extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      this.on('message', (data: Buffer) => {
        for (const [, id] of String(data).matchAll(/"session":"([^"]+)"/g)) ids.add(id!)
        for (const [, key] of String(data).matchAll(/"key":"([^"]+)"/g)) keys.add(key!)
      })
    }
  }
  return { ids, keys, Socket }
}

function peerOf({ hub }: Node, identity: string | null): Peer {
  return [...hub.peers.values()].find((peer) => peer.identity === identity)!
}

async function arrives(node: Node, identity: string | null): Promise<Peer> {
  await until(() => [...node.hub.peers.values()].some((peer) => peer.identity === identity))
  return peerOf(node, identity)
}

test('neither the id nor the key of a session reaches Redis: with presence, publications, requests, parks and mail', async () => {
  await using server = await RedisServer.start()
  await using monitored = await monitor(server)
  const authenticate = ({ token }: { token?: string | undefined }) => ({ identity: token ?? null })
  await using one = await startNode(server, {}, { authenticate })
  await using two = await startNode(server, {}, { authenticate })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  for (const { hub } of [one, two])
    hub.handle('slow', async () => {
      await released
      return 'a late answer'
    })
  const { ids, keys, Socket } = noteSecrets()
  let target = one
  const options = { url: () => target.direct, WebSocket: Socket }
  const ada = await visit('', { ...options, token: () => 'ada' })
  const guest = await visit('', options)
  const heard: unknown[] = []
  for (const { client } of [ada, guest]) client.onAny((name, data) => heard.push([name, data]))

  for (const { room } of [ada, guest]) {
    room.presence.set('here')
    await room.publish('n', 'a publication')
  }
  await until(() => membersOf(ada).length === 2)
  await two.hub.to('ada').send('note', 'to an identity')
  const former = peerOf(one, 'ada')
  one.hub.broadcast('news', 'to all', { except: former })
  former.join('room:2', { presence: { name: 'Ada' } })
  await one.hub.channel('room:3').join('ada')

  // One moves because its hub wants that, with a request under way and a message that waits.
  const answer = ada.client.request('slow')
  await sleep(50)
  target = two
  one.hub.park(former)
  former.send('held', 'in the blob')
  await arrives(two, 'ada')
  former.send('mail', 'in the mailbox')
  one.hub.broadcast('gone', 'to all but a peer of another hub', { except: former })
  release()
  expect(await answer).toBe('a late answer')
  // The other because it comes to another hub.
  await guest.client.reconnect()
  await arrives(two, null)
  await until(() => membersOf(ada).length === 2)
  await until(() => heard.some((event) => (event as string[])[0] === 'mail'))
  // And back, by a deploy.
  target = one
  await two.hub.close({ drain: 5_000 })
  await arrives(one, 'ada')
  await arrives(one, null)
  await ada.client.disconnect()
  await until(() => one.hub.peers.size === 1)
  for (const visitor of [ada, guest]) await visitor[Symbol.asyncDispose]()
  await one.hub.close()

  const { text } = monitored
  // The monitor sees it all.
  for (const known of [
    'a publication',
    'to an identity',
    'in the blob',
    'in the mailbox',
    'to all but a peer of another hub',
    'asked',
  ])
    expect(text).toContain(known)
  expect([ids.size, keys.size]).toEqual([2, 2])
  for (const id of ids) expect(text).toContain(createHash('sha256').update(id).digest('base64url'))
  expect([...ids, ...keys].filter((secret) => text.includes(secret))).toEqual([])
})
