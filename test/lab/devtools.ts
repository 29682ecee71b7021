import type { Readable, Writable } from 'node:stream'

/** The DevTools protocol over the two pipes of `--remote-debugging-pipe`, which also reach into a network namespace. */
export interface DevTools {
  /** Resolves to what the command gives back. A session is a target that we are attached to. */
  send<T = unknown>(method: string, params?: object, session?: string): Promise<T>
  /** Calls the listener for that event of the session, until the returned function is called. */
  on(method: string, session: string, listener: (params: never) => void): () => void
  /** The next event of that name in the session. */
  next<T>(method: string, session: string): Promise<T>
  /** Rejects all that waits, and all that follows. */
  close(why: string): void
}

/** How long an event may take, in milliseconds. */
const patience = 60_000

interface Waiting {
  readonly method: string
  resolve(result: never): void
  reject(error: Error): void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: never
  readonly sessionId?: string
  readonly result?: never
  readonly error?: { readonly message: string }
}

export function createDevTools(into: Writable, from: Readable): DevTools {
  const waiting = new Map<number, Waiting>()
  const listeners = new Map<string, Set<(params: never) => void>>()
  let lastId = 0
  let closed: string | undefined
  let rest = ''

  const close = (why: string): void => {
    closed ??= why
    for (const { method, reject } of waiting.values()) reject(new Error(`${method}: ${why}`))
    waiting.clear()
  }
  const take = ({ id, method, params, sessionId = '', result, error }: Message): void => {
    if (method) for (const listener of listeners.get(`${sessionId} ${method}`) ?? []) listener(params!)
    const wait = waiting.get(id ?? 0)
    if (!wait) return
    waiting.delete(id!)
    if (error) wait.reject(new Error(`${wait.method}: ${error.message}`))
    else wait.resolve(result!)
  }

  into.on('error', (error) => close(error.message))
  from.on('error', (error) => close(error.message))
  from.on('close', () => close('the browser is gone'))
  from.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0')
    rest = messages.pop()!
    for (const message of messages) take(JSON.parse(message) as Message)
  })

  const on: DevTools['on'] = (method, session, listener) => {
    const key = `${session} ${method}`
    const known = listeners.get(key) ?? new Set()
    listeners.set(key, known.add(listener))
    return () => void known.delete(listener)
  }

  return {
    on,
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) return reject(new Error(`${method}: ${closed}`))
        waiting.set(++lastId, { method, resolve, reject })
        into.write(`${JSON.stringify({ id: lastId, method, params, sessionId })}\0`)
      }),
    next(method, session) {
      const { promise, resolve, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => reject(new Error(`no ${method} in ${patience / 1_000} s`)), patience)
      const off = on(method, session, resolve)
      const event = promise.finally(() => {
        clearTimeout(timer)
        off()
      })
      // The command that was to bring it on may fail first.
      event.catch(() => {})
      return event
    },
    close,
  }
}
