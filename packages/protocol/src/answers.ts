import { isHoldfastError } from './errors.ts'
import type { Meta } from './frame.ts'
import type { AbortSignalLike } from './ports.ts'

/** What a handler of requests is given beside the input. */
export interface RequestContext {
  /** Aborted when the peer no longer waits for the answer, or can no longer get it. */
  readonly signal: AbortSignalLike
}

/** Answers a request: with what it returns, or what it throws. */
export type Answerer = (input: unknown, context: RequestContext) => unknown

/** A handler of requests: takes the input, who asks where an end has several peers, and the {@link RequestContext}. */
export type RequestHandler = (...values: never[]) => unknown

export interface AnswersPorts {
  /** The handler of a request, if there is one. */
  find(name: string): Answerer | undefined
  newAbort(): { readonly signal: AbortSignalLike; abort(): void }
  /** Where an exception goes that the peer is not told of. */
  report(error: unknown): void
}

/** The peer's requests that are being answered. */
export interface Answers {
  readonly size: number
  request(id: number, name: string, input: unknown): void
  /** The peer no longer waits. */
  off(id: number): void
  /** No answer can be sent any more. */
  lost(): void
}

/** How many handlers may run for the requests of one peer. Each counts until it ends. */
const maxRunning = 1_000

/** `reply` sends an answer, and throws for data that cannot be encoded. */
export function createAnswers(ports: AnswersPorts, reply: (data: unknown, meta: Meta) => void): Answers {
  const running = new Map<number, { abort(): void }>()
  /** How many handlers run, those included whose answer nobody waits for any more. */
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
    // What else a handler throws is not for the peer to see.
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
    request(id, name, input) {
      const handler = ports.find(name)
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
