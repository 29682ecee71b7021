/** A socket that opens at once, sends nowhere, and receives what a script puts into `onmessage`. */
export class MemorySocket {
  static last: MemorySocket | undefined
  readyState = 1
  bufferedAmount = 0
  binaryType = ''
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  constructor() {
    MemorySocket.last = this
    queueMicrotask(() => this.opened())
  }
  sent = 0
  send(data: string | Uint8Array): void {
    this.sent += data.length
  }
  close(): void {}
  receive(data: string): void {
    this.onmessage!({ data } as never)
  }
  protected opened(): void {
    this.onopen?.(undefined as never)
  }
}

/** The same for the session wire, as far as its greeting. */
export class MemorySessionSocket extends MemorySocket {
  protected override opened(): void {
    super.opened()
    this.receive('["holdfast",{"v":1}]')
    this.receive(ok)
  }
}

/** What a server says that makes a new session, and takes a thousand messages ahead of its acks. */
export const ok: string = JSON.stringify([
  'ok',
  {
    session: 'session',
    key: 'key',
    rx: 0,
    identity: null,
    ttl: 120_000,
    ping: 25_000,
    window: [1_024, 1_048_576],
    maxPayload: 1_048_576,
  },
])
