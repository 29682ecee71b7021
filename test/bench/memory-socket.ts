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
    queueMicrotask(() => this.onopen?.(undefined as never))
  }
  sent = 0
  send(data: string | Uint8Array): void {
    this.sent += data.length
  }
  close(): void {}
}
