import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { WebSocket } from 'ws'

interface Place {
  readonly url: string
  /** The client, which is connected, and its latest socket. */
  readonly client: Client
  socket(): WebSocket
  /** Asks the hub's process to end, and resolves to its exit code. */
  end(): Promise<unknown>
}

const cases: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  async 'answers requests, also large ones'({ client }) {
    for (const length of [1, 500_000]) {
      const answer = await client.request('ask', 'a'.repeat(length))
      equal(String(answer).length, length + 1)
    }
  },
  async 'carries bytes both ways'({ client }) {
    const heard = new Promise((resolve) => client.onRaw(resolve))
    client.sendRaw(Uint8Array.of(0, 1, 254, 255))
    equal(String(await heard), '0,1,254,255')
  },
  async 'holds a session while its connection is cut'({ client, socket }) {
    const reopened = new Promise<{ readonly resumed: boolean }>((resolve) => client.watch('open', resolve))
    socket().terminate()
    equal(await client.request('ask', 'still there'), 'still there!')
    equal((await reopened).resumed, true)
  },
  async 'refuses pages of other origins, other paths and messages that are too large'({ url }) {
    equal(await fate(`${url}/ws`, { headers: { origin: 'https://other.example' } }), 403)
    equal(await fate(`${url}/other`), 404)
    equal(await fate(`${url}/ws`, {}, 'a'.repeat(2_000_000)), 1009)
  },
  async 'leaves requests over HTTP alone'({ url }) {
    equal(await (await fetch(url.replace('ws:', 'http:'))).text(), 'plain')
  },
  async 'drains on SIGTERM, and its process ends'({ client, end }) {
    const down = new Promise<{ readonly code?: number }>((resolve) => client.watch('down', resolve))
    equal(await end(), 0)
    equal((await down).code, 1012)
  },
}

export const hubCases: number = Object.keys(cases).length

/** Runs a hub in a process of a runtime, and its client in this one. Returns a line for every case. */
export async function tryHub(command: string, args: readonly string[]): Promise<string[]> {
  const child = spawn(command, [...args, join(import.meta.dirname, 'hub.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const sockets: WebSocket[] = []
  class Watched extends WebSocket {
    constructor(address: string) {
      super(address)
      sockets.push(this)
    }
  }
  try {
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
    const url = `ws://127.0.0.1:${port}`
    await using client = createClient({ url: `${url}/ws`, wire: session(), WebSocket: Watched })
    await client.connect({ signal: AbortSignal.timeout(20_000) })
    const end = async (): Promise<unknown> => {
      child.kill('SIGTERM')
      return (await exit)[0] as unknown
    }
    const place = { url, client, socket: () => sockets.at(-1)!, end }
    const lines: string[] = []
    for (const [name, body] of Object.entries(cases))
      lines.push(
        await Promise.race([body(place), late()]).then(
          () => `ok ${name}`,
          (error: unknown) => `not ok ${name}: ${String(error)}`,
        ),
      )
    return lines
  } finally {
    child.kill('SIGKILL')
  }
}

/** The status that refuses a dial, or else the code with which it is closed after a message. */
function fate(
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
  message = '',
): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, options)
    socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode))
    socket.on('open', () => socket.send(message))
    socket.on('error', () => {})
    socket.on('close', resolve)
  })
}

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('timed out')), 20_000).unref()
  })
}

function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`)
}
