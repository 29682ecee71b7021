import { FakeServerSocket } from '@holdfast/testing'

/** A socket of the hub whose other end is the test. */
export class FakeSocket extends FakeServerSocket {
  /** What the client has heard, parsed if it is text. */
  readonly heard: unknown[] = []
  /** How the hub has closed it. */
  closedWith: { readonly code: number | undefined; readonly reason: string } | undefined
  isTerminated = false
  /** Makes `send` throw. */
  isBroken = false
  /** The client answers closes by itself. */
  isPolite = true
  private buffered = 0

  constructor() {
    super('ws://hub.test/ws')
    this.peer = {
      sent: (data) => void this.heard.push(typeof data === 'string' ? JSON.parse(data) : data),
      closing: (code = 1005, reason) => void (this.isPolite && this.endLater(code, reason)),
      abandoned: () => this.endLater(1006, ''),
    }
  }

  /** What the test says. */
  override get bufferedAmount(): number {
    return this.buffered
  }
  override set bufferedAmount(bytes: number) {
    this.buffered = bytes
  }

  override send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.isBroken) throw new Error('the socket does not want to')
    super.send(data)
  }

  override close(code?: number, reason = ''): void {
    this.closedWith ??= { code, reason }
    super.close(code, reason)
  }

  override terminate(): void {
    this.isTerminated = true
    super.terminate()
  }

  /** A message of the client comes in: bytes and text as they are, all else as JSON. */
  message(data: unknown): void {
    if (data instanceof Uint8Array) this.bring(data.slice())
    else this.bring(typeof data === 'string' ? data : JSON.stringify(data))
  }

  /** The socket is closing or closed, and tells nobody. */
  lapse(readyState: 2 | 3): void {
    this.readyState = readyState
  }

  /** The connection ends, with the code that the client gave. */
  end(code?: number, reason?: string): void {
    this.ended(code, reason)
  }

  private endLater(code: number, reason: string): void {
    void Promise.resolve().then(() => this.ended(code, reason))
  }
}
