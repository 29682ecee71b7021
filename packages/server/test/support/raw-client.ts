import type { Hi, Ok } from '@holdfast/protocol'
import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'
import { newcomer } from './set-up.ts'

/** A client that is driven by the test, on a real socket, and does nothing by itself but to answer a goodbye. */
export interface RawClient extends AsyncDisposable {
  readonly socket: WebSocket
  /** How the connection has ended, once it has. */
  readonly closed: Promise<Ending>
  /** The next message that comes in, parsed if it is text. Rejects when the connection ends instead. */
  next(): Promise<unknown>
  /** The next control of that name, or the next frame for `frame`; what comes before is dropped. */
  until(name: string): Promise<unknown[]>
  say(message: unknown): void
  /** Waits for the banner, greets, and waits until the session is confirmed. */
  greet(hi?: Partial<Hi>): Promise<Ok>
}

interface Ending {
  readonly code: number
  readonly reason: string
}

export async function dial(url: string, options: ClientOptions = {}): Promise<RawClient> {
  const socket = new WebSocket(url, options)
  const messages: unknown[] = []
  const takers: PromiseWithResolvers<unknown>[] = []
  const ending = Promise.withResolvers<Ending>()
  const { promise: closed } = ending
  socket.on('close', (code, reason) => ending.resolve({ code, reason: reason.toString() }))
  // Whoever waits learns of the end by that.
  socket.on('error', () => {})
  socket.on('message', (data: Buffer, isBinary) => {
    const message = isBinary ? new Uint8Array(data) : (JSON.parse(data.toString()) as unknown)
    if (Array.isArray(message) && message[0] === 'bye' && socket.readyState === 1)
      client.say(['bye', { rx: 0 }])
    const taker = takers.shift()
    if (taker) taker.resolve(message)
    else messages.push(message)
  })
  void closed.then(({ code, reason }) => {
    for (const taker of takers) taker.reject(new Error(`closed with ${code} ${reason}`))
  })

  const client: RawClient = {
    socket,
    closed,
    async next() {
      if (messages.length > 0) return messages.shift()
      if (socket.readyState > 1) throw new Error('closed')
      const taker = Promise.withResolvers<unknown>()
      takers.push(taker)
      return taker.promise
    },
    async until(name) {
      for (;;) {
        const message = await client.next()
        if (!Array.isArray(message)) continue
        if (message[0] === name || (name === 'frame' && typeof message[0] !== 'string')) return message
      }
    },
    say: (message) =>
      socket.send(
        typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
      ),
    async greet(hi) {
      await client.until('holdfast')
      client.say(['hi', { ...newcomer, ...hi }])
      const [, ok] = (await client.until('ok')) as [string, Ok]
      const rx = ok.session === hi?.session ? hi.rx : 0
      client.say(['a', rx])
      client.say(['p', rx])
      // When the ping is answered, the hub has confirmed the session.
      const others: unknown[] = []
      for (;;) {
        const message = (await client.next()) as unknown[]
        if (message[0] === 'q') break
        others.push(message)
      }
      messages.unshift(...others)
      return ok
    },
    async [Symbol.asyncDispose]() {
      if (socket.readyState === 3) return
      socket.terminate()
      await closed
    },
  }
  await Promise.race([closed, new Promise((resolve) => socket.once('open', resolve))])
  return client
}
