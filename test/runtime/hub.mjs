// A hub of the built package in a process of any runtime. It prints its port, and ends on SIGTERM.
import { createServer } from 'node:http'
import { createHub } from '../../packages/server/dist/index.js'

const hub = createHub()
hub.handle('ask', (question) => `${String(question)}!`)
hub.onRaw((bytes, peer) => peer.sendRaw(bytes))
const server = createServer((_, response) => response.end('plain'))
hub.attach(server)
server.listen(0, '127.0.0.1', () => console.log(server.address().port))

process.once('SIGTERM', () => void end())

async function end() {
  server.close()
  await hub.close({ drain: 10_000 })
  server.closeAllConnections()
}
