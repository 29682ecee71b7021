import type { Listeners } from '@holdfast/protocol'
import type { State } from './connection/states.ts'
import type { ClientState, Lifecycle } from './lifecycle.ts'
import type { ClientOutbox } from './store.ts'
import type { Waits } from './waits.ts'
import type { BoundWire } from './wire/wire.ts'

/** The key of `subscribe` listeners; a symbol, beside the kinds of `watch`. */
export const stateKey: unique symbol = /* @__PURE__ */ Symbol()

/** Passes on the changes of a connection: first to the parts of the client, then to the application. */
export function createChanges(
  snapshotOf: (state: State) => ClientState,
  outbox: ClientOutbox,
  bound: BoundWire,
  waits: Waits,
  watchers: Listeners,
  router: Pick<Listeners, 'clear'>,
): (next: State, previous: State) => void {
  let announced: ClientState | undefined
  const announce = <Kind extends keyof Lifecycle>(kind: Kind, value: Lifecycle[Kind]): boolean =>
    watchers.emit(kind, value)

  return (next, previous) => {
    const before = announced ?? snapshotOf(previous)
    const state = (announced = snapshotOf(next))

    if (next.name === 'closed') {
      if (next.fatal) outbox.refuse('closed')
      bound.closed(next.fatal)
    }
    waits.recheck()
    if (previous.name === 'open' && next.name !== 'open') announce('down', state.cause!)
    if (next.name === 'open' && previous.name !== 'open')
      announce('open', { ...state, ...next.facts.resumption })
    if (next.name === 'closed') announce('closed', next.cause)
    if (state !== before) watchers.emit(stateKey)
    // Does not use `disposed`: a listener of another end may have disposed the client, and its last `closed` comes
    // next.
    if (state.cause?.reason === 'dispose') {
      router.clear()
      watchers.clear()
    }
  }
}
