// One of several hubs: a process of its own, which `nodes.ts` starts and kills.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { redis } from '@holdfast/redis'
import { createHub } from '@holdfast/server'
import { createClient } from 'redis'

const [name, url] = process.argv.slice(2) as [string, string]

process.on('disconnect', () => process.exit())
const hub = createHub({ broker: redis({ client: createClient({ url }), prefix: 'playground' }) })
hub.channels('room', {
  subscribe: () => true,
  publish: (_peer, _id, _event, data) => Array.isArray(data) && data.length === 2,
  presence: true,
  history: { maxMessages: 1_000 },
})
hub.onPeer((peer) => {
  peer.send('node', name)
})
const server = createServer()
hub.attach(server)
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
