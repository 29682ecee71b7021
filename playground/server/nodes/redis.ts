import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Redis {
  readonly url: string
  stop(): void
}

/**
 * The Redis of the URL, or one that is started for this process and keeps nothing.
 *
 * @throws Error that says what to do, when there is none.
 */
export async function findRedis(chosen: string | undefined): Promise<Redis> {
  if (chosen) return { url: chosen, stop() {} }
  const port = await freePort()
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    stdio: 'ignore',
  })
  let isEnded = false
  server.once('error', () => (isEnded = true))
  server.once('exit', () => (isEnded = true))
  process.once('exit', () => server.kill())
  while (!(await answers(port))) {
    if (isEnded)
      throw new Error(
        'Several nodes need Redis 7: install redis-server, or set REDIS_URL (for example redis://127.0.0.1:6379).',
      )
    await sleep(50)
  }
  return { url: `redis://127.0.0.1:${port}`, stop: () => void server.kill() }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
