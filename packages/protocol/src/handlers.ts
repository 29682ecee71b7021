import type { Answerer } from './answers.ts'
import { misuse } from './errors.ts'
import type { Unsubscribe } from './listeners.ts'
import type { Checks, InvalidData } from './schema.ts'

/** A handler of requests; between the input and the context, it is given `From`: who asks, where an end has several peers. */
export type RequestHandler = (...values: never[]) => unknown

/** The handlers of requests, by name, between the schemas of the contract if it has any. */
export interface Handlers<From extends readonly unknown[] = []> {
  /**
   * Adds the handler of a name, until the returned function is called.
   *
   * @throws {HoldfastError} `misuse` when the name has a handler, or is no request in the contract
   */
  handle(name: string, handler: RequestHandler): Unsubscribe
  /** What answers a request, if anything does. */
  find(name: string, ...from: From): Answerer | undefined
  clear(): void
}

export function createHandlers<From extends readonly unknown[] = []>(
  checks: Checks | undefined,
  invalid: (message: InvalidData, ...from: From) => void,
): Handlers<From> {
  const finders = new Map<string, (from: From) => Answerer>()

  return {
    handle(name, handler) {
      if (typeof handler !== 'function') throw misuse('a handler must be a function')
      if (finders.has(name)) throw misuse(`'${name}' has a handler`)
      const between = checks?.request(name)
      const finder = (from: From): Answerer => {
        const answerer: Answerer = (input, context) => handler(...([input, ...from, context] as never[]))
        return between ? between(answerer, (message) => invalid(message, ...from)) : answerer
      }
      finders.set(name, finder)
      return () => {
        if (finders.get(name) === finder) finders.delete(name)
      }
    },
    find: (name, ...from) => finders.get(name)?.(from),
    clear: () => finders.clear(),
  }
}
