// Writes down every socket that the page opens, and when.

export interface Dial {
  readonly socket: WebSocket
  /** By `performance.now()`. */
  readonly at: number
  /** What those before it were like at that moment: their `readyState`. */
  readonly others: readonly number[]
}

const dials: Dial[] = []

globalThis.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    const others = dials.map(({ socket }) => socket.readyState)
    dials.push({ socket: this, at: performance.now(), others })
  }
}
Object.assign(globalThis, { dials })
