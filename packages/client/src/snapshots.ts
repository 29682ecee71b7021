import type { Clock } from '@holdfast/protocol'
import type { State } from './connection/states.ts'
import type { ClientState } from './lifecycle.ts'

/** Describes the states of a connection for the application: the same object as before unless something in it has changed. */
export function createSnapshots(clock: Clock): (state: State) => ClientState {
  let described: State | undefined
  let last: ClientState | undefined

  return (state) => {
    if (described === state) return last!
    described = state
    const next = describe(state, clock)
    const isSame =
      last && (Object.keys(next) as (keyof ClientState)[]).every((key) => next[key] === last![key])
    return isSame ? last! : (last = next)
  }
}

function describe(state: State, clock: Clock): ClientState {
  const { name } = state
  const isConnecting = name === 'preparing' || name === 'opening' || name === 'greeting'
  return {
    status: isConnecting ? 'connecting' : name,
    attempt: state.tally.attempts,
    retryAt: name === 'waiting' ? Math.round(clock.wall() + state.deadline - clock.now()) : undefined,
    cause: state.cause,
    protocol: (name === 'open' && state.protocol) || undefined,
  }
}
