import type { Hub } from '@holdfast/server'
import { MemorySocket } from './memory-socket.ts'

const mebibyte = 1_048_576

/** A client of the session wire on a socket in memory, which greets, and then only listens. */
export class MemoryClient extends MemorySocket {
  constructor(hub: Hub) {
    super()
    hub.accept(this, { url: '/ws', headers: {} })
  }
  protected override opened(): void {
    const hi = { v: 1, client: 'c', n: 1, window: [1_024, mebibyte], maxPayload: mebibyte }
    this.receive(JSON.stringify(['hi', hi]))
    this.receive('["a",0]')
  }
  /** Disconnects without a `bye`. */
  leave(): void {
    this.readyState = 3
    this.onclose!({ code: 1006, reason: '' } as never)
  }
}
