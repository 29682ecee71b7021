import { isHoldfastError } from './errors.ts'
import type { Meta } from './frame.ts'
import type { AbortSignalLike } from './ports.ts'

/** The second argument of a request handler. */
export interface RequestContext {
  /** Aborted when the peer no longer waits for the answer, or can no longer receive it. */
  readonly signal: AbortSignalLike
}

/** Answers a request with its result or its exception. */
export type Answerer = (input: unknown, context: RequestContext) => unknown

/** A handler of requests: takes the input, who asks where an end has several peers, and the {@link RequestContext}. */
export type RequestHandler = (...values: never[]) => unknown

export interface AnswersPorts {
  /** Returns the handler of a request, if there is one. */
  find(name: string, meta: Meta): Answerer | undefined
  newAbort(): { readonly signal: AbortSignalLike; abort(): void }
  /** Receives exceptions that are not sent to the peer. */
  report(error: unknown): void
}

/** The peer's requests whose handlers run. */
export interface Answers {
  readonly size: number
  request(id: number, name: string, input: unknown, meta?: Meta): void
  /** The peer no longer waits for the answer. */
  off(id: number): void
  /** Answers can no longer be sent. */
  lost(): void
}

/** The maximum of running handlers per peer. Each counts until it ends. */
const maxRunning = 1_000

/** `reply` sends an answer, and throws for data that cannot be encoded. */
export function createAnswers(ports: AnswersPorts, reply: (data: unknown, meta: Meta) => void): Answers {
  const running = new Map<number, { abort(): void }>()
  /** The number of running handlers, including those whose answer is no longer expected. */
  let runningCount = 0

  const refuse = (re: number, error: string, message: string, data?: unknown): void =>
    reply(data, { re, error, message })

  const fail = (re: number, error: unknown): void => {
    if (isHoldfastError(error) && error.code === 'remote')
      try {
        return refuse(re, error.reason ?? 'refused', error.message, error.data)
      } catch (unsendable) {
        ports.report(unsendable)
      }
    else ports.report(error)
    // The peer must not see other exceptions of a handler.
    refuse(re, 'internal', 'the handler failed')
  }

  const run = async (re: number, handler: Answerer, input: unknown): Promise<void> => {
    const abort = ports.newAbort()
    running.set(re, abort)
    runningCount++
    try {
      const data = await handler(input, { signal: abort.signal })
      if (running.get(re) === abort) reply(data, { re })
    } catch (error) {
      if (running.get(re) === abort) fail(re, error)
    } finally {
      runningCount--
      if (running.get(re) === abort) running.delete(re)
    }
  }

  return {
    get size() {
      return running.size
    },
    request(id, name, input, meta = {}) {
      const handler = ports.find(name, meta)
      if (!handler) refuse(id, 'unhandled', `nobody handles '${name}'`)
      else if (runningCount >= maxRunning) refuse(id, 'overloaded', 'too many requests at a time')
      else if (!running.has(id)) void run(id, handler, input)
    },
    off(id) {
      running.get(id)?.abort()
      running.delete(id)
    },
    lost() {
      for (const abort of running.values()) abort.abort()
      running.clear()
    },
  }
}
