import { given, defaultMaxPayloadBytes, misuse } from '@holdfast/protocol'
import type { BindableWire, Wire } from '../wire.ts'
import { bind } from './bind.ts'

/** The options of the session wire. */
export interface SessionOptions {
  /**
   * The largest message to accept, in bytes. The server announces its own limit.
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
 * The wire for servers with `@holdfast/server`, or any that implement its protocol.
 *
 * Every message is numbered, acknowledged and, after a broken connection, replayed, so that it is delivered to the
 * handlers exactly once per session, in both directions. The server sends the first message, and the client sends
 * nothing before it, so no token reaches a server of another kind.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const client = createClient<Chat>({ url: '/ws', wire: session(), token: () => 'a token' })
 * client.watch('lost', ({ why }) => console.warn('start over:', why))
 * @see PROTOCOL.md
 */
/* @__NO_SIDE_EFFECTS__ */
export function session(options?: SessionOptions): Wire {
  const { maxPayloadBytes = defaultMaxPayloadBytes, window = [1_024, 1_048_576] } = given(
    options,
    'maxPayloadBytes, window',
  )
  if (!(maxPayloadBytes >= 1_024)) throw misuse('maxPayloadBytes must be a number of 1,024 or more')
  if (!window.every((size) => Number.isInteger(size) && size > 0))
    throw misuse('the numbers of a window must be integers above 0')
  const wire: BindableWire = { maxPayloadBytes, bind: (host) => bind(host, maxPayloadBytes, window) }
  return wire
}
