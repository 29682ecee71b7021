// Ends by itself, or a test fails: a hub with a session, one whose client is away, and a timer for each of them.
import { createServer } from 'node:http'
import { createHub } from '../../src/index.ts'
import { dial } from './raw-client.ts'
import { listen } from './serve.ts'

const hub = createHub({ authenticate: () => ({ identity: null, expiresIn: 600_000 }) })
const server = createServer()
hub.attach(server)
const url = `ws://127.0.0.1:${await listen(server)}/ws`
const away = await dial(url)
await away.greet()
away.socket.terminate()
await away.closed
const client = await dial(url)
await client.greet({ client: 'c2' })
const [peer] = hub.peers.values()
void peer?.request('never').catch(() => {})
await hub.close()
server.close()
console.log(`closed with ${(await client.closed).code}`)
