import { isHoldfastError, misuse } from '@holdfast/protocol'
import type { AuthenticateContext, Authentication } from './authenticate.ts'
import type { Policy } from './policy.ts'
import { newAbort } from './ports.ts'

/** Asks the application for the identity of a client. */
export interface Authenticator {
  /**
   * Calls back once, synchronously if the application answers synchronously. Never after the returned function was
   * called, which notifies the application that its answer is no longer needed.
   */
  ask(context: Omit<AuthenticateContext, 'signal'>, done: (answer: AuthenticateAnswer) => void): () => void
}

/** `refused` is the client's fault; `failed` is a failure of the server, and has been reported. */
export type AuthenticateAnswer =
  | { readonly status: 'known'; readonly authentication: Authentication }
  | { readonly status: 'refused'; readonly error?: unknown }
  | { readonly status: 'failed'; readonly error: unknown }

export function createAuthenticator({ authenticate, reportTrouble }: Policy): Authenticator {
  return {
    ask(context, done) {
      if (!authenticate) {
        done({ status: 'known', authentication: { identity: null } })
        return () => {}
      }
      const abort = newAbort()
      let isOver = false
      const settle = (answer: AuthenticateAnswer): void => {
        if (isOver) return
        isOver = true
        if (answer.status === 'failed') reportTrouble('authenticate', answer.error)
        done(answer)
      }
      const forget = (): void => {
        if (isOver) return
        isOver = true
        abort.abort()
      }

      let answer: AuthenticateAnswer
      try {
        const given: unknown = authenticate({ ...context, signal: abort.signal })
        if (isThenable(given)) {
          // A thenable may call back several times; a promise that follows it settles once.
          void new Promise((resolve) => resolve(given)).then(read).catch(failure).then(settle)
          return forget
        }
        answer = read(given)
      } catch (error) {
        answer = failure(error)
      }
      settle(answer)
      return forget
    },
  }
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/**
 * Reads each member once, because a getter may throw, or return another value the next time.
 *
 * @throws {HoldfastError} `misuse` for an invalid answer
 */
function read(given: unknown): AuthenticateAnswer {
  if (given === undefined || given === null) return { status: 'refused' }
  const { identity, data, expiresIn } = given as Authentication
  const isIdentity = identity === null || typeof identity === 'string'
  // The remaining time of a token that has expired.
  if (isIdentity && typeof expiresIn === 'number' && expiresIn <= 0) return { status: 'refused' }
  if (isIdentity && (expiresIn === undefined || (typeof expiresIn === 'number' && expiresIn > 0)))
    return { status: 'known', authentication: { identity, data, expiresIn } }
  throw misuse(
    'authenticate must return undefined, or { identity, data, expiresIn }: a string or null, any value, a number or undefined',
  )
}

function failure(error: unknown): AuthenticateAnswer {
  return { status: isRefusal(error) ? 'refused' : 'failed', error }
}

function isRefusal(error: unknown): boolean {
  try {
    return isHoldfastError(error) && error.code === 'remote' && error.reason === 'unauthorized'
  } catch {
    return false
  }
}
