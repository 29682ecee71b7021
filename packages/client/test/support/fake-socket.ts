import type { SocketConstructor, SocketLike } from '../../src/connection/ports.ts'

/** A socket whose other end is the test. Keeps to the WHATWG standard in what it refuses and what it ignores. */
export interface FakeSocket extends SocketLike {
  readonly url: string
  readonly protocols: readonly string[]
  readonly sent: unknown[]
  /** The arguments of every `close()`. */
  readonly closes: unknown[][]
  bufferedAmount: number
  /** Makes the next calls of `send()` throw. */
  failures: number
  /** The server accepts the handshake. */
  open(): void
  /** The server sends a message. */
  message(data: unknown): void
  /** The connection ends. */
  end(code?: number, reason?: string): void
}

export interface FakeNetwork {
  readonly WebSocket: SocketConstructor
  readonly sockets: FakeSocket[]
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

  const make = (url: string, protocols: string[] = []): FakeSocket => {
    if (refusal) throw refusal
    let readyState = 0
    const call = (handler: ((event: never) => void) | null, event: object): void => handler?.(event as never)
    const socket: FakeSocket = {
      url,
      protocols,
      sent: [],
      closes: [],
      failures: 0,
      bufferedAmount: 0,
      binaryType: 'blob',
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      get readyState() {
        return readyState
      },
      send(data) {
        if (readyState === 0) throw new DOMException('still connecting', 'InvalidStateError')
        if (socket.failures > 0) {
          socket.failures--
          throw new Error('the socket does not want to')
        }
        if (readyState === 1) socket.sent.push(data)
      },
      close(...args) {
        const [code = 1000] = args
        if (code !== 1000 && (code < 3000 || code > 4999))
          throw new DOMException(`the code ${code} is not for applications`, 'InvalidAccessError')
        socket.closes.push(args)
        if (readyState < 2) readyState = 2
      },
      open() {
        readyState = 1
        call(socket.onopen, { type: 'open' })
      },
      message: (data) => call(socket.onmessage, { type: 'message', data }),
      end(code = 1006, reason = '') {
        if (readyState === 3) return
        readyState = 3
        if (code === 1006) call(socket.onerror, { type: 'error' })
        call(socket.onclose, { type: 'close', code, reason, wasClean: code !== 1006 })
      },
    }
    sockets.push(socket)
    return socket
  }

  return {
    WebSocket: function (this: unknown, url: string, protocols?: string[]) {
      return make(url, protocols)
    } as unknown as SocketConstructor,
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
