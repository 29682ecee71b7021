import { bodyBytes } from '@holdfast/protocol'
import type { Body, Hi, Outgoing } from '@holdfast/protocol'
import type { BoundWire, ChannelWire, PeerLink, WireHost } from '../wire.ts'
import { SessionConversation } from './conversation.ts'
import { encode } from './encode.ts'
import { createExchange } from './exchange.ts'
import { randomId } from './random-id.ts'
import { createRenewal } from './renewal.ts'
import { createResumableSession } from './resumable-session.ts'

/** Binds the session to one connection after the other: the greeting, the line, and the end. */
export function bind(host: WireHost, maxPayload: number, window: Hi['window']): BoundWire {
  const client = randomId(host.random)
  let dials = 0
  /** The last one: it may have ended. */
  let conversation: SessionConversation | undefined

  const violate = (code: number, why: string): void => conversation!.violate(code, why)
  const exchange = createExchange(
    host,
    violate,
    () => session.maxSendBytes,
    () => conversation?.due(),
  )
  const session = createResumableSession(host, exchange.lost)
  const renew = createRenewal(host)

  const link: PeerLink = {
    batchBytes: 16_384,
    get peer() {
      return conversation?.socket.isWritable() ? conversation.live?.peer : undefined
    },
    bufferedAmount: () => conversation!.socket.bufferedAmount(),
    isWritable: (bytes) => !!conversation?.isWritable(bytes),
    write: (message) => conversation!.live!.line.write(message as Outgoing<Body>),
    ask: () => conversation?.live?.line.ask(),
    flushed: () => conversation?.flushed(),
  }

  const channels: ChannelWire = {
    host,
    link,
    receiver: undefined,
    send: (content) => conversation!.live!.line.control(['channel', content]),
    violate,
  }

  return {
    link,
    channels,
    get maxSendBytes() {
      return session.maxSendBytes
    },
    get unacknowledged() {
      return session.unacknowledged
    },
    written: session.written,
    encode: (name, data, id) => encode(name, data, id === undefined ? id : { id }),
    encodeRaw: (data) => encode(null, data, { raw: true }),
    sizeOf: (body) => bodyBytes(body as Body),
    open(socket, queue) {
      const hi = { v: 1, client, n: ++dials, window, maxPayload, park: true } as const
      return (conversation = new SessionConversation(socket, {
        host,
        queue,
        session,
        exchange,
        channels,
        renew,
        hi,
      }))
    },
    request: (...request) => exchange.endpoint.request(...request),
    handle: exchange.handle,
    closed(isFatal) {
      session.end(undefined, 'closed')
      if (isFatal) session.discard('closed')
    },
    discard: session.discard,
    dispose() {
      exchange.dispose()
      conversation?.sayBye()
      session.end(undefined, 'disposed')
      session.discard('disposed')
    },
  }
}
