import type { SocketConstructor, SocketLike } from 'holdfast'

/** The network of this page, which can be unplugged. */
export interface Network {
  readonly WebSocket: SocketConstructor
  readonly isUnplugged: boolean
  /**
   * Simulates a machine that loses its network: sockets end with 1006, dials fail, `navigator.onLine` is false, and
   * the window gets `offline`. The real sockets are closed as well; other requests of the page still work.
   */
  unplug(): void
  /** The window gets `online`. */
  plugIn(): void
}

export function createNetwork(): Network {
  const sockets = new Set<WebSocket>()
  let isUnplugged = false

  const dial = (url: string, protocols?: string[]): WebSocket => {
    const socket = new WebSocket(url, protocols)
    sockets.add(socket)
    socket.addEventListener('close', () => sockets.delete(socket))
    return socket
  }

  return {
    // A constructor may return any object. An arrow function cannot be a constructor.
    WebSocket: function (url: string, protocols?: string[]) {
      return isUnplugged ? failedDial() : dial(url, protocols)
    } as unknown as SocketConstructor,
    get isUnplugged() {
      return isUnplugged
    },
    unplug() {
      isUnplugged = true
      Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false })
      for (const socket of [...sockets]) {
        socket.dispatchEvent(new CloseEvent('close', { code: 1006 }))
        socket.close()
      }
      window.dispatchEvent(new Event('offline'))
    },
    plugIn() {
      isUnplugged = false
      // Restores the value of the browser.
      Reflect.deleteProperty(navigator, 'onLine')
      window.dispatchEvent(new Event('online'))
    },
  }
}

/** A socket that fails as soon as listeners can be attached. */
function failedDial(): SocketLike {
  const socket: SocketLike & { readyState: number } = {
    readyState: WebSocket.CONNECTING,
    bufferedAmount: 0,
    binaryType: 'blob',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send() {},
    close() {},
  }
  setTimeout(() => {
    socket.readyState = WebSocket.CLOSED
    socket.onerror?.(new Event('error') as never)
    socket.onclose?.(new CloseEvent('close', { code: 1006 }) as never)
  })
  return socket
}
