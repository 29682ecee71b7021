import type { WireHost } from '../wire.ts'
import { renewalPause } from './times.ts'

/** Returns the tokens that the server of a client asks for: a fresh one, or the same again if it asks without pause. */
export function createRenewal({ clock, token, renew }: WireHost): () => Promise<string | undefined> {
  let renewedAt = -Infinity
  let renewal: Promise<unknown> | undefined
  return async () => {
    if (clock.now() - renewedAt >= renewalPause) {
      renewedAt = clock.now()
      renewal = renew()
    }
    // One that failed has given none.
    await renewal
    return token()
  }
}
