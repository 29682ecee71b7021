import { isSameOrigin } from '../platform/url.ts'
import type { Discovery, RunnableDiagnosis } from './states.ts'

/** The content security policy of the page forbids the dial. */
const csp: Discovery = {
  cause: { reason: 'csp' },
  applyTo: (state) => ({ ...state, cause: { ...state.cause, ...csp.cause } }),
}

/** The diagnosis without questions: whether the policy of the page forbids the dial. */
export const pagePolicy: RunnableDiagnosis = {
  begin(_ports, found) {
    let dialed: string | undefined
    return (event, url) => {
      const isSame = isSameOrigin(dialed, url)
      if (event === 'dial') {
        // A finding about another server does not apply to this one.
        if (!isSame) found()
        dialed = url
      }
      // Other forbidden requests to this host, over HTTP for example, are not a reason.
      if (event === 'blocked' && isSame) found(csp)
    }
  },
}
