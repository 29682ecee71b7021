import { ReconnectingWebSocket } from 'holdfast/socket'
import { WebSocket as NodeSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startServer } from '../support/server.ts'
import { socketSuite } from './socket-suite.ts'

expectNothingLeft()

/** Neither Node's own WebSocket nor `ws` leaves a turn between the two. */
const settling = 'of a refused dial is an error and a close, between which promises settle'

const off = { maxRetries: 0, maxEnqueuedMessages: 0 }

socketSuite("Node's own WebSocket", {
  Socket: WebSocket,
  serve: startServer,
  otherwise: [
    'takes only blob and arraybuffer for binaryType',
    'takes the text of what is set as binaryType',
    'calls handlers and listeners in the order of their registration',
    'counts what is sent after the end in bufferedAmount',
    'fails a connection that is not open yet, with 1006',
    'fails a connection that is not open yet in steps between which promises settle',
    settling,
  ],
})
socketSuite("ReconnectingWebSocket on Node's own WebSocket", {
  Socket: class extends ReconnectingWebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, off)
    }
  },
  serve: startServer,
  otherwise: [settling],
})
socketSuite('ReconnectingWebSocket on ws', {
  Socket: class extends ReconnectingWebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { ...off, WebSocket: NodeSocket })
    }
  },
  serve: startServer,
  otherwise: [settling],
})
