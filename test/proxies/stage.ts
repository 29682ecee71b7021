import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import { WebSocket } from 'ws'
import { parsePage, root } from '../docs/pages.ts'
import { findProgram } from '../support/programs.ts'

const guide = 'packages/client/docs/guides/heartbeats-and-proxies.md'

/** The block of the guide in that language, which begins so. */
export function blockOf(language: string, start = ''): string {
  const { blocks } = parsePage(guide, readFileSync(join(root, guide), 'utf8'))
  const block = blocks.find(({ language: other, code }) => other === language && code.startsWith(start))
  if (!block) throw new Error(`${guide} has no block of ${language} that begins with '${start}'`)
  return block.code
}

/** A hub with its defaults, and the headers of the upgrades that it has taken. */
export interface BehindProxy extends AsyncDisposable {
  readonly port: number
  readonly headers: Readonly<Record<string, unknown>>[]
}

export async function startHub(): Promise<BehindProxy> {
  const headers: Readonly<Record<string, unknown>>[] = []
  const hub = createHub({
    authenticate({ request }) {
      headers.push(request.headers)
      return { identity: null }
    },
  })
  hub.handle('greet', () => 'hello')
  const server = createServer()
  hub.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    headers,
    async [Symbol.asyncDispose]() {
      await hub.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Whether a page of that origin gets an answer from a hub, or the error. */
export async function visit(port: number, origin: string): Promise<unknown> {
  const { protocol, host } = new URL(origin)
  class BrowserLike extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { origin, host }, rejectUnauthorized: false })
    }
  }
  await using client = createClient({
    url: `${protocol === 'https:' ? 'wss' : 'ws'}://127.0.0.1:${port}/ws`,
    wire: session(),
    WebSocket: BrowserLike,
    backoff: { maxAttempts: 1 },
  })
  try {
    await client.connect({ signal: AbortSignal.timeout(20_000) })
    return await client.request('greet')
  } catch {
    const error = client.state.cause?.error
    return error instanceof Error ? error.message : client.state.cause?.reason
  }
}

/** Starts a proxy on its port, with a folder that is gone with it. */
export async function startProgram(
  name: string,
  port: number,
  argumentsIn: (folder: string) => readonly string[],
): Promise<AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-proxy-'))
  const child = spawn(await findProgram(name), argumentsIn(folder), { stdio: ['ignore', 'inherit', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const ended = once(child, 'close')
  while (!(await listens(port))) {
    await sleep(20)
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${complaint}`)
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

async function listens(port: number): Promise<boolean> {
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

/** A self-signed certificate and its key. */
export async function selfSign(
  folder: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'certificate.pem.key')]
  const how = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const files = ['-keyout', key, '-out', certificate]
  execFileSync(await findProgram('openssl'), ['req', ...how.split(' '), ...files], { stdio: 'pipe' })
  return { certificate, key }
}
