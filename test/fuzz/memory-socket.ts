import { Duplex } from 'node:stream'
import type { Clock } from '@holdfast/protocol'

/** The server's end of a connection in memory, as far as `node:http` and `ws` use those of `node:net`. */
export class MemorySocket extends Duplex {
  readonly remoteAddress = '203.0.113.7'
  readonly remotePort: number
  readonly #clock: Clock
  readonly #answer: Buffer[] = []
  #idleTimeout = 0
  #idleTimer: unknown

  constructor(clock: Clock, remotePort = 0) {
    super({ allowHalfOpen: true })
    this.#clock = clock
    this.remotePort = remotePort
    this.once('close', () => this.setTimeout(0))
  }

  /** All that the server has written. */
  get answer(): Buffer {
    return Buffer.concat(this.#answer)
  }

  /** The client writes that. */
  feed(piece: Uint8Array): void {
    if (this.destroyed || this.readableEnded) return
    this.#stir()
    // Who reads it may write into it, to take the mask off.
    this.push(Buffer.from(piece))
  }

  /** The client says that it writes no more. */
  hangUp(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null)
  }

  /** The connection breaks. */
  reset(): void {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  }

  setTimeout(timeout: number, listener?: () => void): this {
    this.#idleTimeout = timeout
    if (listener) this.once('timeout', listener)
    this.#stir()
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#stir()
    this.#answer.push(chunk)
    // A network takes some writes at once, and others so late that the client has gone by then.
    if (this.remotePort % 2 === 0) done()
    else setImmediate(() => setImmediate(done))
  }

  #stir(): void {
    this.#clock.clearTimer(this.#idleTimer)
    this.#idleTimer =
      this.#idleTimeout > 0 && !this.destroyed
        ? this.#clock.setTimer(() => this.emit('timeout'), this.#idleTimeout)
        : undefined
  }
}
