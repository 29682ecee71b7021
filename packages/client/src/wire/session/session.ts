import { defaultMaxPayloadBytes, misuse } from '@holdfast/protocol'
import type { Wire } from '../wire.ts'
import { bind } from './bind.ts'

/** How a session is to be held. */
export interface SessionOptions {
  /**
   * The largest message to take, in bytes. The server says how large those may be that it takes.
   *
   * @default 16_777_216
   */
  readonly maxPayloadBytes?: number
  /**
   * How many messages, and how many bytes of them, the server may send ahead of their acknowledgement.
   *
   * @default [1_024, 1_048_576]
   */
  readonly window?: readonly [messages: number, bytes: number]
}

/**
 * The wire for servers with `@holdfast/server`, or any that speak its protocol: every message is numbered, acknowledged
 * and, after a broken connection, resumed, so that it is handed on exactly once per session, in both directions.
 *
 * The server speaks first. Nothing leaves the client before that, so no token reaches a server of another kind.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const client = createClient<Chat>({ url: '/ws', wire: session(), token: () => 'a token' })
 * client.watch('lost', ({ why }) => console.warn('start over:', why))
 * @see PROTOCOL.md
 */
/* @__NO_SIDE_EFFECTS__ */
export function session(options: SessionOptions = {}): Wire {
  const { maxPayloadBytes = defaultMaxPayloadBytes, window = [1_024, 1_048_576] } = options
  if (!(maxPayloadBytes >= 1_024)) throw misuse('maxPayloadBytes must be a number from 1,024 on')
  if (!window.every((size) => Number.isInteger(size) && size > 0))
    throw misuse('the numbers of a window must be integers above 0')
  return { maxPayloadBytes, bind: (host) => bind(host, maxPayloadBytes, window) }
}
