import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { isOwnPage } from '../own-page.ts'
import type { Playground } from '../start.ts'
import { findRedis } from './redis.ts'

export interface NodesOptions {
  /** 0 chooses a free port. */
  readonly port: number
  readonly host: string
  readonly count: number
  /** The URL of a Redis. Without it, one is started. */
  readonly redis: string | undefined
}

interface Node {
  readonly name: string
  readonly port: number
  readonly process: ChildProcess
}

const files: Readonly<Record<string, readonly [type: string, path: string]>> = {
  '/': ['text/html; charset=utf-8', join(import.meta.dirname, 'page.html')],
  '/page.css': ['text/css', join(import.meta.dirname, 'page.css')],
  '/page.js': ['text/javascript', join(import.meta.dirname, 'page.js')],
  '/holdfast.js': [
    'text/javascript',
    join(import.meta.dirname, '../../../packages/client/dist/holdfast.global.js'),
  ],
}

/**
 * Starts several hubs, each in a process of its own, with one Redis, and a page on one port. Every connection leads to the next
 * hub. The page shows that its session goes on when hubs are drained, and its channel when they are killed.
 */
export async function startNodes({ port, host, count, redis: redisUrl }: NodesOptions): Promise<Playground> {
  const redis = await findRedis(redisUrl)
  const nodes: Node[] = []
  const processes = new Set<ChildProcess>()
  let started = 0
  let dials = 0

  /** No connection leads to the process any more. */
  const forget = (child: ChildProcess): void => {
    const index = nodes.findIndex((node) => node.process === child)
    if (index >= 0) nodes.splice(index, 1)
  }
  const add = async (): Promise<void> => {
    const name = `node ${++started}`
    const child = fork(join(import.meta.dirname, 'node.ts'), [name, redis.url])
    processes.add(child)
    child.once('exit', () => {
      processes.delete(child)
      forget(child)
    })
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} did not start`)))
    const [nodePort] = (await Promise.race([once(child, 'message'), ended])) as [number]
    ended.catch(() => {})
    nodes.push({ name, port: nodePort, process: child })
  }
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (request.method === 'POST' && isOwnPage(request.headers.origin, request)) {
      const found = nodes.find(({ name }) => name === searchParams.get('name'))
      if (pathname === '/nodes/add') void add()
      else if (pathname === '/nodes/kill') found?.process.kill('SIGKILL')
      else if (pathname === '/nodes/drain' && found) {
        forget(found.process)
        found.process.kill('SIGTERM')
      }
      response.writeHead(202).end()
      return
    }
    if (pathname === '/nodes') {
      const names = nodes.map(({ name }) => name)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(names))
      return
    }
    const file = files[pathname]
    if (file) response.writeHead(200, { 'content-type': file[0] }).end(readFileSync(file[1]))
    else response.writeHead(404).end()
  }

  for (let node = 0; node < count; node++) await add()
  const http = createServer(answer)
  const streams = new Set<Duplex>()
  http.on('upgrade', (request, stream: Duplex, head) => {
    streams.add(stream)
    stream.once('close', () => streams.delete(stream))
    const node = nodes[dials++ % nodes.length]
    if (node) forward(request, stream, head, node.port)
    else stream.destroy()
  })
  http.listen(port, host)
  await once(http, 'listening')

  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      for (const stream of streams) stream.destroy()
      const ended = [...processes].map((child) => once(child, 'exit'))
      for (const child of processes) child.kill('SIGKILL')
      await Promise.all([closed, ...ended])
      redis.stop()
    },
  }
}

/** Passes the upgrade on to a node, and everything after it. */
function forward(request: IncomingMessage, stream: Duplex, head: Buffer, port: number): void {
  const node = connect(port, '127.0.0.1')
  for (const [one, other] of [
    [stream, node],
    [node, stream],
  ] as const) {
    one.on('error', () => {}) // 'close' follows
    one.once('close', () => other.destroy())
  }
  const { rawHeaders } = request
  let text = `GET ${request.url} HTTP/1.1\r\n`
  for (let index = 0; index < rawHeaders.length; index += 2)
    text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`
  node.write(`${text}\r\n`)
  node.write(head)
  stream.pipe(node).pipe(stream)
}
