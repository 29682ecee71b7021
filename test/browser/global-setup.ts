import type { TestProject } from 'vitest/node'
import { startServer } from '../support/server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly serverUrl: string
  }
}

/** Pages cannot start a server, so all tests share one; each has a room of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer()
  project.provide('serverUrl', server.url)
  return server.stop
}
