import { WebSocket } from 'ws'

/** A subscriber that costs as little as possible: it greets, joins channels when asked, and counts what it receives. */
export class RawSubscriber {
  readonly socket: WebSocket
  /** How many messages came that hold a publication. */
  received = 0
  /** The position of the last answer to a join. */
  at: unknown = null
  onReceived: () => void = () => {}
  #answered: () => void = () => {}
  readonly #greeted: Promise<void>
  #joins = 0

  constructor(url: string, isBare: boolean) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true })
    this.#greeted = new Promise((resolve, reject) => {
      this.socket.once('error', reject)
      if (isBare) this.socket.once('open', resolve)
      this.socket.on('message', (data: Buffer) => (isBare ? this.#take() : this.#hear(data, resolve)))
    })
  }

  async ready(): Promise<this> {
    await this.#greeted
    return this
  }

  /** Resolves once the hub has answered. */
  async join(channel: string, position: unknown = null): Promise<void> {
    const answered = new Promise<void>((resolve) => (this.#answered = resolve))
    this.#joins++
    this.socket.send(JSON.stringify(['channel', { join: [[channel, position]], n: this.#joins }]))
    await answered
  }

  #take(count = 1): void {
    this.received += count
    this.onReceived()
  }

  #hear(data: Buffer, greeted: () => void): void {
    const text = data.toString('latin1', 0, 12)
    if (text.startsWith('["holdfast"')) {
      const hi = { v: 1, client: 'c', n: 1, window: [1_024, 1_048_576], maxPayload: 1_048_576 }
      this.socket.send(JSON.stringify(['hi', hi]))
    } else if (text.startsWith('["ok"')) {
      this.socket.send('["a",0]')
      greeted()
    } else if (text.startsWith('["channel"')) {
      const [, { joined, at }] = JSON.parse(String(data)) as [string, { joined?: string; at?: unknown }]
      if (joined === undefined) return
      this.at = at
      this.#answered()
    } else if (text.startsWith('["p"')) this.socket.send('["q",0]')
    else if (text.startsWith('[[')) this.#take((JSON.parse(String(data)) as unknown[]).length)
    else if (text.startsWith('[0')) this.#take()
  }
}
