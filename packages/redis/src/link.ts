import type { RedisConnection } from './client-like.ts'
import { unavailable } from './errors.ts'
import { within } from './within.ts'

const shortestDelay = 50
const longestDelay = 2_000

export interface LinkHost {
  /** Makes a connection that is not open yet. */
  dial(): Promise<RedisConnection>
  /** Prepares a new connection. If it rejects, the connection is given up. */
  opened(connection: RedisConnection): Promise<void>
  /** The connection is lost. Another one is made. */
  lost(): void
  /** How long a connection may take to open, in milliseconds. */
  readonly timeout: number
}

interface Waiting {
  readonly resolve: (connection: RedisConnection) => void
  readonly reject: (error: Error) => void
}

/** A connection to Redis that is made again whenever it is lost. Each time it is a new one, and the host knows. */
export class Link {
  readonly #host: LinkHost
  readonly #waiting = new Set<Waiting>()
  #connection: RedisConnection | undefined
  #isReady = false
  #isClosed = false
  #failures = 0
  #cause: unknown = new Error('not connected yet')
  #timer: NodeJS.Timeout | undefined

  constructor(host: LinkHost) {
    this.#host = host
    void this.#open()
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** The open connection. Waits for it so long. */
  async ready(timeout: number): Promise<RedisConnection> {
    if (this.#isReady) return this.#connection!
    if (this.#isClosed) throw unavailable('the node is closed')
    let waiting: Waiting | undefined
    const opened = new Promise<RedisConnection>((resolve, reject) => {
      waiting = { resolve, reject }
      this.#waiting.add(waiting)
    })
    try {
      return await within(timeout, opened)
    } catch {
      throw unavailable(this.#cause)
    } finally {
      this.#waiting.delete(waiting!)
    }
  }

  /** Gives the connection up, and makes another one. */
  renew(connection: RedisConnection, cause: unknown): void {
    if (this.#connection === connection) this.#lose(cause)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#drop()
    for (const { reject } of this.#waiting) reject(unavailable('the node is closed'))
  }

  async #open(): Promise<void> {
    let connection: RedisConnection | undefined
    try {
      connection = await within(this.#host.timeout, this.#host.dial())
      if (this.#isClosed) return destroy(connection)
      this.#connection = connection
      const mine = connection
      // Without a listener, an error of the connection would end the process.
      connection.on('error', (error) => this.renew(mine, error))
      await within(this.#host.timeout, connection.connect())
      await within(this.#host.timeout, this.#host.opened(connection))
    } catch (error) {
      if (!connection) return this.#retry(error)
      return this.renew(connection, error)
    }
    if (this.#connection !== connection) return
    this.#isReady = true
    this.#failures = 0
    for (const { resolve } of this.#waiting) resolve(connection)
    this.#waiting.clear()
  }

  #lose(cause: unknown): void {
    const wasReady = this.#isReady
    this.#drop()
    if (this.#isClosed) return
    this.#retry(cause)
    if (wasReady) this.#host.lost()
  }

  #retry(cause: unknown): void {
    if (this.#isClosed) return
    this.#cause = cause
    const longest = Math.min(longestDelay, shortestDelay * 2 ** Math.min(this.#failures++, 10))
    this.#timer = setTimeout(() => void this.#open(), longest * (0.5 + Math.random() / 2))
  }

  #drop(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#isReady = false
    if (connection) destroy(connection)
  }
}

function destroy(connection: RedisConnection): void {
  try {
    connection.destroy()
  } catch {
    // It was closed already.
  }
}
