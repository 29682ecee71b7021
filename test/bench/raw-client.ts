import { WebSocket } from 'ws'

/** A client that does nothing but greet and acknowledge, so that only the hubs and Redis take time. */
export class RawClient {
  #session: { readonly session: string; readonly key: string } | undefined
  #dials = 0
  #received = 0
  socket: WebSocket | undefined

  /** Dials, and resolves to the time from its greeting to the answer, in milliseconds. */
  async dial(port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false })
    this.socket = socket
    let greetedAt = 0
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(String(data)) as [
        string,
        { readonly session: string; readonly key?: string },
      ]
      if (message[0] === 'holdfast') {
        const claim = this.#session && { ...this.#session, rx: this.#received }
        const hi = { v: 1, client: 'c', n: ++this.#dials, window: [1_024, 1_048_576], maxPayload: 1_048_576 }
        greetedAt = performance.now()
        socket.send(JSON.stringify(['hi', { ...hi, ...claim }]))
      } else if (message[0] === 'ok') {
        const took = performance.now() - greetedAt
        const { session, key } = message[1]
        if (key) this.#session = { session, key }
        else if (session !== this.#session?.session) reject(new Error('the session is lost'))
        socket.send(`["a",${this.#received}]`)
        resolve(took)
      } else if (message[0] === 'p') socket.send('["q",0]')
    })
    return promise
  }
}
