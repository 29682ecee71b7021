import type { Ok } from '@holdfast/protocol'
import type { SocketConstructor } from 'holdfast'

/** A class of sockets for one client, and its traffic: tests need to see frames that a client does not report. */
export interface Recorder {
  readonly WebSocket: SocketConstructor
  /** All that is text, parsed, in order. */
  readonly received: unknown[]
  readonly sent: unknown[]
  /** What the server said in its last answer to a greeting. */
  ok(): Ok
}

export function createRecorder(): Recorder {
  const received: unknown[] = []
  const sent: unknown[] = []
  class RecordedSocket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') received.push(JSON.parse(data))
      })
    }
    override send(data: string | Uint8Array<ArrayBuffer>): void {
      if (typeof data === 'string') sent.push(JSON.parse(data))
      super.send(data)
    }
  }
  return {
    WebSocket: RecordedSocket,
    received,
    sent,
    ok() {
      const last = received.findLast((message) => Array.isArray(message) && message[0] === 'ok')
      return (last as [string, Ok])[1]
    },
  }
}
