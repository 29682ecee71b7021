import type { SocketLike } from '../../src/index.ts'

/** A socket of the hub whose other end is the test. */
export interface FakeSocket extends SocketLike {
  /** What the hub has sent, parsed if it is text. */
  readonly sent: unknown[]
  /** How the hub has closed it. */
  closedWith: { readonly code: number | undefined; readonly reason: string | undefined } | undefined
  isTerminated: boolean
  bufferedAmount: number
  /** Makes `send` throw. */
  isBroken: boolean
  /** The client answers closes by itself. */
  isPolite: boolean
  /** A message of the client comes in: bytes and text as they are, all else as JSON. */
  message(data: unknown): void
  /** The socket is closing or closed, and tells nobody. */
  lapse(readyState: 2 | 3): void
  /** The connection ends, with the code that the client gave. */
  end(code?: number, reason?: string): void
}

export function createFakeSocket(): FakeSocket {
  let readyState = 1
  const call = (handler: ((event: never) => void) | null, event: object): void => handler?.(event as never)
  const later = (code: number | undefined, reason: string | undefined): void =>
    void Promise.resolve().then(() => socket.end(code ?? 1005, reason))

  const socket: FakeSocket = {
    binaryType: 'nodebuffer',
    bufferedAmount: 0,
    onmessage: null,
    onclose: null,
    onerror: null,
    sent: [],
    closedWith: undefined,
    isTerminated: false,
    isBroken: false,
    isPolite: true,
    get readyState() {
      return readyState
    },
    send(data) {
      if (socket.isBroken) throw new Error('the socket does not want to')
      if (readyState === 1) socket.sent.push(typeof data === 'string' ? JSON.parse(data) : data)
    },
    close(code, reason) {
      socket.closedWith ??= { code, reason }
      if (readyState > 1) return
      readyState = 2
      if (socket.isPolite) later(code, reason)
    },
    terminate() {
      socket.isTerminated = true
      if (readyState < 3) later(1006, '')
    },
    message(data) {
      if (data instanceof Uint8Array) call(socket.onmessage, { data: data.slice().buffer })
      else call(socket.onmessage, { data: typeof data === 'string' ? data : JSON.stringify(data) })
    },
    lapse: (state) => void (readyState = state),
    end(code = 1006, reason = '') {
      if (readyState === 3) return
      readyState = 3
      call(socket.onclose, { code, reason })
    },
  }
  return socket
}
