import { bytesOf, checkTime, encodeMessage, misuse } from '@holdfast/protocol'
import type { Checks, SendOptions, Sent } from '@holdfast/protocol'
import type { Client } from './client.ts'
import { gone } from './lifetime.ts'
import { memoryOnly } from './parts.ts'
import type { ClientParts } from './parts.ts'
import type { ClientOutbox } from './store.ts'
import type { BoundWire, Encoded } from './wire/wire.ts'

/** How a client sends messages: encoded, measured, and queued. */
export interface Sending extends Pick<ClientParts, 'post'> {
  readonly methods: Pick<Client, 'send' | 'sendRaw' | 'request'>
}

export function createSending(
  bound: BoundWire,
  outbox: ClientOutbox,
  checks: Checks | undefined,
  isDisposed: () => boolean,
): Sending {
  const encode = (name: string, data: unknown, id?: number): Encoded =>
    encodeMessage(checks, name, data, id, bound.encode)

  const post = (payload: Encoded, name: string | undefined, how: SendOptions = {}): Sent => {
    const bytes = bound.sizeOf(payload)
    if (bytes === undefined || bytes < 0) throw misuse('a payload is bytes, or well-formed text')
    checkTime('ttl', how.ttl)
    return outbox.push(payload, bytes, name, how)
  }

  const methods: Sending['methods'] = {
    send: (name: string, data?: unknown, how?: SendOptions) => post(encode(name, data), name, how),
    sendRaw(data, how) {
      const raw = typeof data === 'string' ? data : bytesOf(data)?.slice()
      if (raw === undefined) throw misuse('a payload is bytes, or well-formed text')
      return post(bound.encodeRaw(raw), undefined, how)
    },
    request: (name: string, input?: unknown, how = {}) =>
      isDisposed()
        ? Promise.reject(gone())
        : (bound.request(
            name,
            (id) => post(encode(name, input, id), name, memoryOnly),
            how,
          ) as Promise<never>),
  }
  return { post, methods }
}
