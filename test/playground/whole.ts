import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, ping, plain, type Cause, type Client } from 'holdfast'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Chat } from '../../playground/contract.ts'
import { startPlayground } from '../../playground/server/start.ts'
import type { Flood } from '../../playground/trouble.ts'

/** The whole playground on a port of its own, with an empty page; ends with the test at the latest. */
export interface Whole {
  readonly host: string
  /** Asks for trouble, and gives the status of the answer. */
  trouble(kind: string, query: string): Promise<number>
  close(): Promise<void>
}

export async function openWhole(options: { readonly cutDuration?: number } = {}): Promise<Whole> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-whole-'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  const playground = await startPlayground({ port: 0, host: '127.0.0.1', folder, ...options })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= playground.close())
  onTestFinished(async () => {
    await close()
    rmSync(folder, { recursive: true })
  })
  const host = `127.0.0.1:${playground.port}`
  return {
    host,
    close,
    trouble: async (kind, query) =>
      (await fetch(`http://${host}/trouble/${kind}${query}`, { method: 'POST' })).status,
  }
}

/** A client as the page's, in more of a hurry, with what ended its connections. */
export async function connect(
  host: string,
  page: string,
  path = '/ws',
): Promise<{ readonly client: Client<Chat & Flood>; readonly causes: Cause[] }> {
  const heartbeat = { message: '{"type":"ping"}', interval: 150, timeout: 150 }
  const client = createClient<Chat & Flood>({
    url: `ws://${host}${path}?page=${page}`,
    WebSocket,
    backoff: () => 50,
    wire: plain({
      greet: () => JSON.stringify({ type: 'join', name: page }),
      heartbeat: ping({ ...heartbeat, isReply: ({ type }) => type === 'pong' }),
    }),
  })
  onTestFinished(() => client.dispose())
  const causes: Cause[] = []
  client.watch('down', (cause) => causes.push(cause))
  await client.connect()
  return { client, causes }
}

/** Resolves when the client is open again. */
export function healed(client: Client<Chat & Flood>): Promise<unknown> {
  return new Promise((resolve) => client.watch('open', resolve))
}
