import { misuse } from '@holdfast/protocol'
import type { AuthenticateContext, Authentication, Policy } from './options.ts'
import { newAbort } from './ports.ts'

/** Asks the application who a client is. */
export interface Authenticator {
  /**
   * Calls back once, at once if the application answers at once; with nothing when it refuses. Never after the returned
   * function was called, which tells the application that its answer is of no use any more.
   */
  ask(
    context: Omit<AuthenticateContext, 'signal'>,
    done: (authentication: Authentication | undefined, error?: unknown) => void,
  ): () => void
}

export function createAuthenticator({ authenticate, ports }: Policy): Authenticator {
  /** The answer, if it is one. */
  const check = (authentication: Authentication | undefined): Authentication | undefined => {
    if (!authentication) return undefined
    const { identity, expiresIn = Infinity } = authentication
    if ((identity === null || typeof identity === 'string') && expiresIn > 0) return authentication
    ports.report(
      misuse('authenticate must give an identity, which is a string or null, and an expiresIn above 0'),
    )
    return undefined
  }

  return {
    ask(context, done) {
      if (!authenticate) {
        done({ identity: null })
        return () => {}
      }
      const abort = newAbort()
      let isOver = false
      const settle = (authentication: Authentication | undefined, error?: unknown): void => {
        if (isOver) return
        isOver = true
        done(authentication, error)
      }
      try {
        const answer = authenticate({ ...context, signal: abort.signal })
        if (answer && 'then' in answer)
          answer.then(
            (authentication) => settle(check(authentication)),
            (error: unknown) => settle(undefined, error),
          )
        else settle(check(answer))
      } catch (error) {
        settle(undefined, error)
      }
      return () => {
        if (isOver) return
        isOver = true
        abort.abort()
      }
    },
  }
}
