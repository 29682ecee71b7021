import { pickDelay } from './backoff.ts'
import type { Discovery, Finding } from './states.ts'

/** A finding as the machine takes it. */
export function discoveryOf({ cause, delay, refresh = false }: Finding): Discovery {
  return {
    cause,
    applyTo(state, { now, random }) {
      const tally = { ...state.tally, refresh: state.tally.refresh || refresh }
      const next = { ...state, tally, cause: { ...state.cause, ...cause } }
      // A function of the application computed the delay, and no delay may be NaN or infinite.
      if (!(delay && delay[0] >= 0 && delay[0] <= delay[1] && delay[1] < Infinity)) return next
      return {
        ...next,
        tally: { ...tally, retryAfter: delay },
        deadline: Math.max(state.deadline, now + pickDelay(delay, random)),
        notBefore: Math.max(state.notBefore, now + delay[0]),
      }
    },
  }
}
