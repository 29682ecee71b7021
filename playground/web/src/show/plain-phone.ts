import type { Chat } from '../../../contract.ts'

const retryDelay = 1_000

/** A native WebSocket with the reconnection that most pages write by hand. */
export interface PlainPhone {
  /** Returns false if the message is certainly lost: the browser discards what is sent without a connection. */
  send(message: string): boolean
  connect(): void
  /** Resolves when everything that the server has sent so far has arrived; rejects without a connection. */
  settled(): Promise<void>
}

export interface PlainPhoneOptions {
  readonly url: string
  readonly name: string
  /** By which the server replaces the previous connection. */
  readonly key: string
  received(message: Chat['toClient']['chat']): void
  changed(isOpen: boolean): void
}

export function createPlainPhone({ url, name, key, received, changed }: PlainPhoneOptions): PlainPhone {
  let socket: WebSocket | undefined
  let retry = 0
  const pongs: Deferred[] = []

  const connect = (): void => {
    clearTimeout(retry)
    if (socket && socket.readyState <= WebSocket.OPEN) return
    const dialed = (socket = new WebSocket(url))
    dialed.addEventListener('open', () => dialed.send(JSON.stringify({ type: 'join', name, key })))
    dialed.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const frame = JSON.parse(data) as { readonly type: string } & Chat['toClient']['chat']
      if (frame.type === 'welcome') changed(true)
      else if (frame.type === 'chat') received(frame)
      else if (frame.type === 'pong') pongs.shift()?.resolve()
    })
    dialed.addEventListener('close', () => {
      for (const pong of pongs.splice(0)) pong.reject(new Error('The socket closed.'))
      changed(false)
      retry = window.setTimeout(connect, retryDelay)
    })
  }

  return {
    connect,
    send(message) {
      // Throws while the socket connects, and discards the message silently when it has closed.
      if (!socket || socket.readyState === WebSocket.CONNECTING) return false
      socket.send(JSON.stringify({ type: 'chat', message }))
      return socket.readyState === WebSocket.OPEN
    },
    async settled() {
      if (socket?.readyState !== WebSocket.OPEN) throw new Error('The socket is not open.')
      const pong = deferred()
      pongs.push(pong)
      socket.send('{"type":"ping"}')
      await pong.promise
    },
  }
}

interface Deferred {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

function deferred(): Deferred {
  let resolve = (): void => {}
  let reject = (_error: Error): void => {}
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { promise, resolve, reject }
}
