import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { startProxy } from '../support/proxy.ts'
import type { Direction } from '../support/proxy.ts'

/** A way to a server on which things go wrong. */
export interface Path extends AsyncDisposable {
  /** What it is, for people. */
  readonly about: string
  readonly url: string
  /** Packets get lost, that many of a hundred each way. False where the path cannot do that. */
  lose(percent: number): Promise<boolean>
  /** Nothing passes, and neither end is notified. */
  blackHole(direction: Direction | 'both'): Promise<void>
  /** Every connection that is used ends with RST. */
  reset(): Promise<void>
  heal(): Promise<void>
}

const runFile = promisify(execFile)
const table = 'inet holdfast'

/** A path through the packet filter of the network namespace that this process is in. */
export async function openFilteredPath(port: number): Promise<Path> {
  const rule = (where: string, verdict: string): string =>
    `add rule ${table} path tcp ${where} ${port} ${verdict}`
  const nft = async (...rules: readonly string[]): Promise<void> =>
    void (await runFile('nft', [[`flush chain ${table} path`, ...rules].join('; ')]))
  await runFile('nft', [
    `add table ${table}; add chain ${table} path { type filter hook input priority 0; policy accept; }`,
  ])

  const toServer = (verdict: string): string => rule('dport', verdict)
  const toClient = (verdict: string): string => rule('sport', verdict)
  return {
    about: 'a network namespace with nft',
    url: `ws://127.0.0.1:${port}`,
    async lose(percent) {
      const verdict = `numgen random mod 100 < ${percent} drop`
      await nft(toServer(verdict), toClient(verdict))
      return true
    },
    blackHole: (direction) =>
      nft(
        ...(direction === 'toClient' ? [] : [toServer('drop')]),
        ...(direction === 'toServer' ? [] : [toClient('drop')]),
      ),
    reset: () => nft(toServer('reject with tcp reset')),
    heal: () => nft(),
    async [Symbol.asyncDispose]() {
      await runFile('nft', [`delete table ${table}`])
    },
  }
}

/** A path through a proxy, for machines without the other one. */
export async function openProxiedPath(port: number): Promise<Path> {
  const proxy = await startProxy(port)
  return {
    about: 'a TCP proxy',
    url: proxy.url,
    lose: () => Promise.resolve(false),
    async blackHole(direction) {
      proxy.freeze(direction)
    },
    async reset() {
      proxy.reset()
    },
    async heal() {
      proxy.heal()
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

const inside = 'HOLDFAST_NAMESPACE'

export const isInNamespace: boolean = process.env[inside] !== undefined

/** Why this machine has no network namespace with nft for us, if so. */
export function namespaceObstacle(): string | undefined {
  const check = 'ip link set lo up && nft add table inet probe'
  const { status, error, stderr } = spawnSync('unshare', ['-rn', 'sh', '-c', check], { encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? (stderr.trim() || `unshare ended with ${status}`)
}

/** Runs a script in a network namespace of its own, and returns how it ended. */
export function runInNamespace(script: string, args: readonly string[]): number {
  const command = 'ip link set lo up && exec "$@"'
  const node = [process.execPath, ...process.execArgv, script, ...args]
  const { status } = spawnSync('unshare', ['-rn', 'sh', '-c', command, 'sh', ...node], {
    stdio: 'inherit',
    env: { ...process.env, [inside]: 'yes' },
  })
  return status ?? 1
}
