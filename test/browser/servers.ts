// The servers that pages talk to, in a process of its own.
import { startRemoteServer } from '../session/remote-server.ts'
import { startServer } from '../support/server.ts'

/** Where they are. */
export interface Addresses {
  readonly serverUrl: string
  /** Where pairs of a hub and a proxy are handed out. */
  readonly sessionServerUrl: string
}

process.on('disconnect', () => process.exit())
const [server, sessions] = await Promise.all([startServer(), startRemoteServer()])
process.send!({ serverUrl: server.url, sessionServerUrl: sessions.url } satisfies Addresses)
