import { createClient } from 'holdfast'
import type { Client, ClientOptions, HoldfastError, InvalidMessage, Schemas } from 'holdfast'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import type { Room } from '../../support/room.ts'
import { startServer } from '../../support/server.ts'
import { take } from '../../support/stage.ts'

export const misuse: unknown = expect.objectContaining({ code: 'misuse', name: 'HoldfastError' })

/** A client with a connection to `/echo`, and what came of it. */
export interface Scene extends AsyncDisposable {
  readonly client: Client
  readonly room: Room
  readonly invalid: InvalidMessage[]
  readonly errors: unknown[]
  /** Text from the server, as it is. */
  say(text: string): void
  /** Resolves when all that was said before has been handled; fails if that has cost the connection. */
  stillThere(): Promise<void>
}

export async function setScene(
  options: Partial<ClientOptions> & { readonly contract?: Schemas } = {},
): Promise<Scene> {
  const server = await startServer()
  const invalid: InvalidMessage[] = []
  const errors: unknown[] = []
  const ports = { report: (error: unknown) => void errors.push(error) }
  const client: Client = createClient({ url: `${server.url}/echo`, WebSocket, ports, ...options })
  client.watch('invalid', (message) => invalid.push(message))
  await client.connect()
  const room = server.room()
  const say = (text: string): void => {
    for (const socket of room.sockets) socket.send(text)
  }
  return {
    client,
    room,
    invalid,
    errors,
    say,
    async stillThere() {
      const heard = take(client, 'still there')
      say('{"type":"still there"}')
      await heard
      expect(client.stats().opens).toBe(1)
      expect(client.state).toMatchObject({ status: 'open', cause: undefined })
    },
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await server.stop()
    },
  }
}

/** What a call throws. */
export function thrown(run: () => unknown): HoldfastError {
  try {
    run()
  } catch (error) {
    return error as HoldfastError
  }
  throw new Error('nothing was thrown')
}
