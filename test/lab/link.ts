import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A network namespace for a browser, and the only link that leads out of it. */
export interface FarPath extends AsyncDisposable {
  /** The address of this end of the link, for servers. */
  readonly host: string
  /** What to put in front of a command, so that it runs at the other end. */
  readonly within: readonly string[]
  down(): Promise<void>
  up(): Promise<void>
}

const runFile = promisify(execFile)

/** What to put in front of a command, so that it runs in a network namespace of its own. */
export const unshared: readonly string[] = [
  'unshare',
  '--net',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
]

/** Whether this machine has network namespaces, and lets us make links in them. */
export function hasNamespaces(): boolean {
  const test = [...unshared, 'ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far']
  return spawnSync(test[0]!, test.slice(1)).status === 0
}

/** To be called in a namespace already, so that nothing of the machine's own network is touched. */
export async function startFarBrowserPath(): Promise<FarPath> {
  const [near, far, host, farHost] = ['near', 'far', '10.98.0.1', '10.98.0.2'] as const
  // It holds the namespace at the other end, and ends when its input does, so also when this process is killed.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = once(holder, 'exit')
  const within = ['nsenter', `--target=${holder.pid}`, '--net', '--']
  const ip = (...args: readonly string[]): Promise<unknown> => runFile('ip', args)
  const farIp = (...args: readonly string[]): Promise<unknown> =>
    runFile(within[0]!, [...within.slice(1), 'ip', ...args])

  const up = async (): Promise<void> => {
    await farIp('link', 'set', far, 'up')
    await farIp('addr', 'replace', `${farHost}/24`, 'dev', far)
    await farIp('route', 'replace', 'default', 'via', host)
  }
  const end = async (): Promise<void> => {
    holder.kill('SIGKILL')
    await ended
    // It goes with the namespace of its other end, or it does now.
    await ip('link', 'del', near).catch(() => {})
  }
  try {
    await once(holder, 'spawn')
    await isElsewhere(holder.pid!)
    await ip('link', 'set', 'lo', 'up')
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far)
    await ip('link', 'set', far, 'netns', String(holder.pid))
    await ip('addr', 'add', `${host}/24`, 'dev', near)
    await ip('link', 'set', near, 'up')
    await farIp('link', 'set', 'lo', 'up')
    await up()
  } catch (error) {
    await end()
    throw error
  }
  return {
    host,
    within,
    down: async () => void (await farIp('link', 'set', far, 'down')),
    up,
    [Symbol.asyncDispose]: end,
  }
}

/** `unshare` has begun, but is a moment later in its namespace. */
async function isElsewhere(pid: number): Promise<void> {
  const own = await readlink('/proc/self/ns/net')
  for (let tries = 0; tries < 200; tries++) {
    if ((await readlink(`/proc/${pid}/ns/net`)) !== own) return
    await sleep(10)
  }
  throw new Error('unshare made no network namespace')
}
