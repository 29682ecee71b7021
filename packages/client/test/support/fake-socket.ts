import { FakeSocket as Socket } from '@holdfast/testing'
import type { SocketData } from '@holdfast/testing'
import type { SocketConstructor } from '../../src/platform/ports.ts'

/** A socket whose other end is the test, which also remembers how it was closed, and can be made to fail. */
export class FakeSocket extends Socket {
  /** The arguments of every `close()`. */
  readonly closes: unknown[][] = []
  /** Makes the next calls of `send()` throw. */
  failures = 0
  private buffered = 0

  /** What the test says. */
  override get bufferedAmount(): number {
    return this.buffered
  }
  override set bufferedAmount(bytes: number) {
    this.buffered = bytes
  }

  override send(data: SocketData): void {
    if (this.readyState > 0 && this.failures > 0) {
      this.failures--
      throw new Error('the socket does not want to')
    }
    super.send(data)
  }

  override close(...how: [code?: number, reason?: string]): void {
    super.close(...how)
    this.closes.push(how)
  }

  /** The server accepts the handshake. */
  open(): void {
    this.opened()
  }

  /** The server sends a message. It comes through in every state, because sockets of `ws` bring it while they close. */
  message(data: string | ArrayBuffer): void {
    this.bring(typeof data === 'string' ? data : new Uint8Array(data))
  }

  /** The connection ends. */
  end(code?: number, reason?: string): void {
    this.ended(code, reason)
  }
}

export interface FakeNetwork {
  readonly WebSocket: SocketConstructor
  readonly sockets: readonly FakeSocket[]
  /** The socket that was made last. */
  readonly last: FakeSocket
  /** The sockets that were neither closed by the client nor ended. */
  readonly live: readonly FakeSocket[]
  /** Makes the next constructor calls throw. */
  refuse(error: Error | undefined): void
}

export function createFakeNetwork(): FakeNetwork {
  const sockets: FakeSocket[] = []
  let refusal: Error | undefined

  return {
    WebSocket: class extends FakeSocket {
      constructor(url: string, protocols?: string[]) {
        if (refusal) throw refusal
        super(url, protocols)
        sockets.push(this)
      }
    },
    sockets,
    get last() {
      return sockets.at(-1)!
    },
    get live() {
      return sockets.filter((socket) => socket.readyState < 2)
    },
    refuse: (error) => void (refusal = error),
  }
}
