import type { IncomingMessage } from 'node:http'
import { WebSocketServer } from 'ws'
import type { ServerOptions } from 'ws'
import { compressionFor } from './compression.ts'
import type { Policy } from './policy.ts'

/** Returns what answers the handshake of a request. */
export type AcceptorOf = (request: IncomingMessage) => WebSocketServer

export function createAcceptors({ limits, compression }: Policy): AcceptorOf {
  const made = new Map<string, WebSocketServer>()
  return ({ headers }) => {
    const kind = compression ? compressionFor(headers['sec-websocket-extensions'], compression) : 'none'
    let acceptor = made.get(kind)
    if (!acceptor) {
      const perMessageDeflate: ServerOptions['perMessageDeflate'] =
        kind !== 'none' && compression ? compression[kind] : false
      acceptor = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        maxPayload: limits.maxPayloadBytes,
        perMessageDeflate,
      })
      made.set(kind, acceptor)
    }
    return acceptor
  }
}
