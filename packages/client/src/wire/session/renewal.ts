import type { WireHost } from '../wire.ts'
import { renewalPause } from './times.ts'

/** Passes a token that the server asks for: a fresh one, or the same again if it asks without pause. */
export type Renewal = (give: (token: string) => void) => Promise<void>

/** Returns the renewal of a client. */
export function createRenewal({ clock, token, renew, report }: WireHost): Renewal {
  let renewedAt = -Infinity
  let renewal: Promise<unknown> | undefined
  return async (give) => {
    try {
      if (clock.now() - renewedAt >= renewalPause) {
        renewedAt = clock.now()
        renewal = renew()
      }
      // There is no new token if the call failed.
      await renewal
      const renewed = token()
      if (renewed !== undefined) give(renewed)
    } catch (error) {
      // The server will close the connection, and then the token is asked for again.
      report(error)
    }
  }
}
