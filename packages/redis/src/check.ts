import type { Check } from './commands.ts'
import { unusable } from './errors.ts'
import { probe } from './scripts.ts'

/** Makes a check of what Redis is and what its user may do, which warns once and is then content. */
export function checkRedis(): Check {
  let isDone = false
  return async (run) => {
    if (isDone) return
    const [server, memory, refused] = (await run(probe, [])) as [string, string, string[]]
    if (refused.length > 0)
      throw unusable(`grant the user the permissions of the README: ${refused.join('; ')}`)
    checkVersion(server)
    const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1] ?? 'noeviction'
    if (policy !== 'noeviction') warn(policy)
    isDone = true
  }
}

function checkVersion(server: string): void {
  const [, valkey] = /valkey_version:(\S+)/.exec(server) ?? []
  const [, version = ''] = /redis_version:(\S+)/.exec(server) ?? []
  if (valkey === undefined && version !== '' && Number.parseInt(version) < 7)
    throw unusable(`use Redis 7.0, Valkey or newer: this is Redis ${version}`)
}

function warn(policy: string): void {
  process.emitWarning(
    `Redis has the maxmemory-policy ${policy}, which may delete what channels need; set it to noeviction`,
    { type: 'HoldfastWarning', code: 'HOLDFAST_REDIS_EVICTION' },
  )
}
