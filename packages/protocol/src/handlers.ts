import { misuse } from './errors.ts'
import type { Unsubscribe } from './listeners.ts'
import type { AbortSignalLike } from './ports.ts'
import type { Checks, InvalidData, RequestHandler } from './schema.ts'

/** The second argument of a request handler. */
export interface RequestContext {
  /** Aborted when the peer no longer waits for the answer, or can no longer receive it. */
  readonly signal: AbortSignalLike
}

/** Answers a request with its result or its exception. */
export type Answerer = (input: unknown, context: RequestContext) => unknown

/** The handlers of requests, by name, between the schemas of the contract if it has any. */
export interface Handlers {
  /**
   * Adds the handler of a name, until the returned function is called.
   *
   * @throws {HoldfastError} `misuse` when the name has a handler, or is not a request in the contract
   */
  handle(name: string, handler: RequestHandler): Unsubscribe
  find(name: string): ((...values: unknown[]) => unknown) | undefined
  clear(): void
}

/** `invalid` is given the input that does not fit, and then what the handler is given after its input. */
export function createHandlers(
  checks: Checks | undefined,
  invalid: (message: InvalidData, ...rest: never[]) => void,
): Handlers {
  const handlers = new Map<string, RequestHandler>()

  return {
    handle(name, handler) {
      if (typeof handler !== 'function') throw misuse('a handler must be a function')
      if (handlers.has(name)) throw misuse(`'${name}' has a handler: remove it`)
      handlers.set(name, checks ? checks.request(name, handler, invalid) : handler)
      let isOn = true
      return () => {
        if (isOn) handlers.delete(name)
        isOn = false
      }
    },
    find: (name) => handlers.get(name) as ReturnType<Handlers['find']>,
    clear: () => handlers.clear(),
  }
}
