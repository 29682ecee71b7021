import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { Addresses } from './servers.ts'

declare module 'vitest' {
  interface ProvidedContext extends Addresses {}
}

/**
 * Pages cannot start a server, so all tests share what there is; each has a room or a pair of its own. The servers are
 * a process of their own, because here packages do not resolve to their sources.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = fork(join(import.meta.dirname, 'servers.ts'), {
    execArgv: ['--conditions=@holdfast/source'],
  })
  const ended = once(servers, 'exit')
  const [addresses] = (await Promise.race([once(servers, 'message'), ended])) as [Addresses | number]
  if (typeof addresses !== 'object') throw new Error(`the servers ended with ${addresses}`)
  project.provide('serverUrl', addresses.serverUrl)
  project.provide('sessionServerUrl', addresses.sessionServerUrl)
  return async () => {
    servers.kill()
    await ended
  }
}
