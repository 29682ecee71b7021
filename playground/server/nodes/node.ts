// One of several hubs: a process of its own, which `start.ts` starts, drains and kills.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { redis } from '@holdfast/redis'
import { createHub } from '@holdfast/server'
import { createClient } from 'redis'

const [name, url] = process.argv.slice(2) as [string, string]

process.on('disconnect', () => process.exit())
// The clients of a node that is killed wait for so long until their session counts as lost.
const memberTimeout = 3_000
const hub = createHub({
  broker: redis({ client: createClient({ url }), prefix: 'playground', memberTimeout }),
})
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
process.once('SIGTERM', () => {
  server.close()
  void hub.close({ drain: 10_000 }).then(() => process.exit())
})
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
