// Real Redis servers for the tests. Run as a program, it finds or installs Redis and prints its path.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { freePort } from './port.ts'
import { findOnPath, installProgram } from './system-packages.ts'

/**
 * Path of a Redis server: the one that REDIS_SERVER names, else an installed one, else a new one (Debian and its kin: as root or
 * with a sudo that does not ask; macOS: with Homebrew).
 *
 * @throws Error that says what to do, when there is none and it could not be installed.
 */
export async function findRedis(): Promise<string> {
  const chosen = process.env['REDIS_SERVER']
  if (chosen) return chosen
  let path = findOnPath('redis-server')
  if (path) return path
  await installProgram('redis-server', 'redis')
  path = findOnPath('redis-server')
  if (path) return path
  throw new Error(
    'The tests of @holdfast/redis need a Redis server, and neither was one found nor could one be installed.\n' +
      'Install Redis 7 (Debian: `apt-get install redis-server`, macOS: `brew install redis`), or set REDIS_SERVER to its\n' +
      'executable.',
  )
}

export type RedisClient = ReturnType<typeof createClient>

/** A client that is not connected: its options are all that a broker needs. */
export function redisClient(port: number, options: object = {}): RedisClient {
  return createClient({ socket: { host: '127.0.0.1', port }, ...options })
}

/** A Redis server on a port of its own, which a test may stop, kill, pause and start again. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly #path: string
  readonly #options: readonly string[]
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'))
  #process: ChildProcess | undefined

  private constructor(path: string, port: number, options: readonly string[]) {
    this.#path = path
    this.port = port
    this.#options = options
  }

  /** Starts a server. It keeps its data only if the options say so, for example `--appendonly yes --appendfsync always`. */
  static async start(options = ''): Promise<RedisServer> {
    const words = options.split(' ').filter((word) => word !== '')
    const server = new RedisServer(await findRedis(), await freePort(), words)
    await server.start()
    return server
  }

  get client(): RedisClient {
    return redisClient(this.port)
  }

  async start(): Promise<void> {
    const port = String(this.port)
    const basics = ['--port', port, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '']
    const server = spawn(this.#path, [...basics, ...this.#options], { stdio: 'ignore' })
    this.#process = server
    while (!(await this.#answers())) {
      if (server.exitCode !== null) throw new Error(`Redis did not start, and ended with ${server.exitCode}`)
      await sleep(20)
    }
  }

  /** Lets nothing of the process remain. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (!server || server.exitCode !== null) return
    const closed = once(server, 'close')
    server.kill('SIGCONT')
    server.kill(signal)
    await closed
  }

  /** The process hangs: its connections stay, and nothing is answered. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Sends a command by a connection of its own, for example `CLIENT KILL TYPE pubsub`. */
  async command(...args: string[]): Promise<unknown> {
    const client = this.client.on('error', () => {})
    await client.connect()
    try {
      return await client.sendCommand(args)
    } finally {
      client.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    const options = { host: '127.0.0.1', port: this.port, reconnectStrategy: false } as const
    const client = createClient({ socket: options }).on('error', () => {})
    try {
      await client.connect()
      return (await client.ping()) === 'PONG'
    } catch {
      return false
    } finally {
      client.destroy()
    }
  }
}

if (process.argv[1] === import.meta.filename) console.log(`REDIS_SERVER=${await findRedis()}`)
