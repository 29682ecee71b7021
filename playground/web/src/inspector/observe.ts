import type { Client, Unsubscribe } from 'holdfast'
import type { Message } from './history.ts'

/** The parts of a client that an inspector needs, for any contract. */
export type Inspectable = Pick<Client, 'onAny' | 'state' | 'stats' | 'subscribe' | 'watch'>

type Listener = (message: Message) => void

// Beside the clients, so that an observed one has the same members as any other.
const taps = new WeakMap<Inspectable, (listener: Listener) => Unsubscribe>()

/**
 * Returns a client whose calls of `send`, `sendRaw` and `request`, and their outcomes, can be observed.
 *
 * Only calls on the returned client are observed. It changes nothing else, not even which messages count as
 * unhandled: frames that are not events are observed only while the application listens to them too.
 */
export function observe<C>(client: Client<C>): Client<C> {
  const inner = client as unknown as Client
  const listeners = new Set<Listener>()
  const tell = (message: Message): void => {
    for (const listener of listeners) listener(message)
  }
  let rawHandlers = 0
  let stopRaw: Unsubscribe | undefined

  const own: Pick<Client, 'send' | 'sendRaw' | 'request' | 'onRaw'> = {
    send(name, ...args) {
      const delivery = inner.send(name, ...args)
      tell({ at: Date.now(), direction: 'out', name, data: args[0], outcome: () => delivery.outcome })
      return delivery
    },

    sendRaw(data, options) {
      const delivery = inner.sendRaw(data, options)
      tell({ at: Date.now(), direction: 'out', name: undefined, data, outcome: () => delivery.outcome })
      return delivery
    },

    request(name, ...args) {
      let status: 'answered' | 'failed' | undefined
      const outcome = (): { readonly status: string } | undefined => status && { status }
      const answer = inner.request(name, ...args)
      tell({ at: Date.now(), direction: 'out', name, data: args[0], outcome })
      // Passes the promise on, so that an unhandled rejection is still reported.
      return answer.then(
        (value) => {
          status = 'answered'
          return value
        },
        (error: unknown) => {
          status = 'failed'
          throw error
        },
      )
    },

    onRaw(handler) {
      if (rawHandlers++ === 0)
        stopRaw = inner.onRaw((data) => tell({ at: Date.now(), direction: 'in', name: undefined, data }))
      const off = inner.onRaw(handler)
      let isOn = true
      return () => {
        off()
        if (isOn && --rawHandlers === 0) stopRaw?.()
        isOn = false
      }
    },
  }

  // The prototype keeps `state` a getter, which spreading would not.
  const observed = Object.assign(Object.create(client) as Client<C>, own)
  taps.set(observed, (listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  })
  return observed
}

/**
 * Calls the listener for every message that passes through a client, until the returned function is called.
 *
 * For a client that is not observed, outbound messages are known only by name and outcome, once they have one.
 */
export function listen(client: Inspectable, listener: Listener): Unsubscribe {
  const tap = taps.get(client)
  const stops = [
    client.onAny((name, data) => listener({ at: Date.now(), direction: 'in', name, data })),
    client.watch('invalid', ({ reason, name, data }) =>
      listener({ at: Date.now(), direction: 'invalid', name, data, outcome: () => ({ status: reason }) }),
    ),
    // Only for frames that are not events, because `onAny` listens to all events.
    client.watch('unhandled', ({ name, data }) =>
      listener({ at: Date.now(), direction: 'in', name, data, outcome: () => ({ status: 'unhandled' }) }),
    ),
    tap
      ? tap(listener)
      : client.watch('settled', ({ name, outcome }) =>
          listener({ at: Date.now(), direction: 'out', name, outcome: () => outcome }),
        ),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
