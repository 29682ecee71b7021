import { isHoldfastError } from '../../src/index.ts'
import type { HoldfastError } from '../../src/index.ts'

/** Resolves to the code with which a promise rejects, or to 'resolved'. */
export const codeOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isHoldfastError(error) ? error.code : error),
  )

/** Returns the error that a function throws, which must be one of ours. */
export function thrown(run: () => unknown): HoldfastError {
  try {
    run()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('did not throw')
}
