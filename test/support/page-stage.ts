import type { Client } from 'holdfast'
import { inject, vi } from 'vitest'
import { take } from './stage.ts'
import type { Platform, Stage } from './stage.ts'

/** A page of a browser. Its server runs already. */
export const platform: Platform = { serve: () => Promise.resolve({ url: inject('serverUrl') }) }

/** On a machine that is busy, too. */
export function waitFor(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000 })
}

/** A client that counts its sockets. */
export function counted(stage: Stage): { readonly client: Client; readonly sockets: WebSocket[] } {
  const sockets: WebSocket[] = []
  class CountedSocket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  return { client: stage.client('/echo', { WebSocket: CountedSocket }), sockets }
}

/** Sends a message and waits for its echo: everything that the server did before has arrived, too. */
export async function roundTrip(client: Client): Promise<void> {
  const echo = take(client, 'round-trip')
  client.send('round-trip')
  await echo
}
