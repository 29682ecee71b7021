import { ReconnectingWebSocket } from 'holdfast/socket'
import { inject } from 'vitest'
import { socketSuite } from '../conformance/socket-suite.ts'

const serve = () => Promise.resolve({ url: inject('serverUrl') })

socketSuite('the WebSocket of the browser', { Socket: WebSocket, serve })
socketSuite('ReconnectingWebSocket in a browser', {
  Socket: class extends ReconnectingWebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { maxRetries: 0, maxEnqueuedMessages: 0 })
    }
  },
  serve,
})
