import type { TestProject } from 'vitest/node'
import { startRemoteServer } from '../session/remote-server.ts'
import { startServer } from '../support/server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly serverUrl: string
    /** Where pairs of a hub and a proxy are handed out. */
    readonly sessionServerUrl: string
  }
}

/** Pages cannot start a server, so all tests share what there is; each has a room or a pair of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer()
  const sessions = await startRemoteServer()
  project.provide('serverUrl', server.url)
  project.provide('sessionServerUrl', sessions.url)
  return async () => {
    await server.stop()
    await sessions[Symbol.asyncDispose]()
  }
}
