import type { Down, Subject } from './lab.ts'

interface Drop {
  readonly readyState: number
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void
  send(data: string): void
}

/** A class that has the interface of `WebSocket`. */
export function dropIn(Socket: new (url: string) => Drop): Subject {
  let socket: Drop
  return {
    connect(url, books) {
      socket = new Socket(url)
      socket.addEventListener('open', books.open)
      socket.addEventListener('close', ({ code }) => books.down(`close ${code}`))
      socket.addEventListener('error', ({ message }) => books.down(message ? `error ${message}` : 'error'))
      socket.addEventListener('message', ({ data }) => {
        const { type, ...message } = JSON.parse(data as string) as Down & { readonly type: string }
        if (type === 'down') books.received(message)
      })
    },
    send: (message) => socket.send(JSON.stringify({ type: 'up', ...message })),
  }
}
