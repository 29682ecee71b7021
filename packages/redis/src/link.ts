import type { Openable } from './client-like.ts'
import { explain, isUnusable, unavailable } from './errors.ts'
import { within } from './within.ts'

const shortestDelay = 50
const longestDelay = 2_000

export interface LinkHost<Connection> {
  /** Makes a connection that is not open yet. */
  dial(): Promise<Connection>
  /** Prepares a new connection. If it rejects, the connection is given up. */
  opened(connection: Connection): Promise<void>
  /** The connection can be used. */
  ready(): void
  /** How long a connection may take to open, in milliseconds, and again to be prepared. */
  readonly timeout: number
  /** The connection copes with errors by itself, as that to a cluster. */
  readonly isSelfHealing: boolean
}

interface Waiting<Connection> {
  readonly resolve: (connection: Connection) => void
  readonly reject: (error: Error) => void
}

/** A connection to Redis that is made again whenever it is lost. Each time it is a new one, and the host knows. */
export class Link<Connection extends Openable> {
  readonly #host: LinkHost<Connection>
  readonly #waiting = new Set<Waiting<Connection>>()
  #connection: Connection | undefined
  #isReady = false
  #isClosed = false
  #failures = 0
  #cause: unknown = new Error('not connected yet')
  #timer: NodeJS.Timeout | undefined

  constructor(host: LinkHost<Connection>) {
    this.#host = host
    void this.#open()
  }

  /** The open connection, if there is one. */
  get current(): Connection | undefined {
    return this.#isReady ? this.#connection : undefined
  }

  /** The open connection. Waits for it so long. */
  async ready(timeout: number): Promise<Connection> {
    if (this.#isReady) return this.#connection!
    if (this.#isClosed) throw unavailable('the node is closed')
    if (isUnusable(this.#cause)) throw explain(this.#cause)
    let waiting: Waiting<Connection> | undefined
    const opened = new Promise<Connection>((resolve, reject) => {
      waiting = { resolve, reject }
      this.#waiting.add(waiting)
    })
    try {
      return await within(timeout, opened)
    } catch {
      throw explain(this.#cause)
    } finally {
      this.#waiting.delete(waiting!)
    }
  }

  /** Gives a connection up, and makes another one. */
  renew(connection: Connection, cause: unknown): void {
    if (this.#connection !== connection) return
    this.#drop()
    this.#retry(cause)
  }

  close(): void {
    this.#isClosed = true
    this.#cause = 'the node is closed'
    clearTimeout(this.#timer)
    this.#drop()
    this.#reject()
  }

  async #open(): Promise<void> {
    let connection: Connection | undefined
    try {
      connection = await within(this.#host.timeout, this.#host.dial())
      if (this.#isClosed) return destroy(connection)
      this.#connection = connection
      await this.#prepare(connection)
    } catch (error) {
      if (connection) this.renew(connection, error)
      else this.#retry(error)
      return
    }
    if (this.#connection !== connection) return
    this.#isReady = true
    this.#failures = 0
    this.#cause = undefined
    for (const { resolve } of this.#waiting) resolve(connection)
    this.#waiting.clear()
    this.#host.ready()
  }

  async #prepare(connection: Connection): Promise<void> {
    // Without a listener, an error of the connection would end the process.
    connection.on('error', (error) => {
      if (!this.#host.isSelfHealing) this.renew(connection, error)
    })
    await within(this.#host.timeout, connection.connect())
    await within(this.#host.timeout, this.#host.opened(connection))
  }

  #retry(cause: unknown): void {
    if (this.#isClosed) return
    this.#cause = explain(cause)
    if (isUnusable(this.#cause)) this.#reject()
    const longest = Math.min(longestDelay, shortestDelay * 2 ** Math.min(this.#failures++, 10))
    this.#timer = setTimeout(() => void this.#open(), longest * (0.5 + Math.random() / 2))
  }

  #reject(): void {
    for (const { reject } of this.#waiting) reject(explain(this.#cause))
    this.#waiting.clear()
  }

  #drop(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#isReady = false
    if (connection) destroy(connection)
  }
}

function destroy(connection: Openable): void {
  try {
    connection.destroy()
  } catch {
    // It was closed already.
  }
}
