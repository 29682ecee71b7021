import { misuse } from '@holdfast/protocol'
import type { Answerer, Checks, RequestContext } from '@holdfast/protocol'
import type { InvalidMessage, UnhandledMessage } from './hub.ts'
import { createListeners } from './listeners.ts'
import type { Listeners, Unsubscribe } from './listeners.ts'
import type { Peer } from './peer.ts'

/** Answers a request of a peer. */
export type RequestHandler = (input: never, peer: Peer, context: RequestContext) => unknown

interface Registered {
  readonly handler: RequestHandler
  /** Puts it between the schemas of its request, if the contract has any. */
  readonly between: ReturnType<Checks['request']> | undefined
}

/** Brings what comes in to listeners and handlers, checked by the contract if it has schemas. */
export interface Router {
  readonly on: Listeners['on']
  onAny(listener: (name: string, data: unknown, peer: Peer) => unknown): Unsubscribe
  onRaw(listener: (data: string | Uint8Array, peer: Peer) => unknown): Unsubscribe
  handle(name: string, handler: RequestHandler): Unsubscribe
  event(name: string, data: unknown, peer: Peer): void
  raw(data: string | Uint8Array, peer: Peer): void
  /** What answers a request of that peer. */
  find(name: string, peer: Peer): Answerer | undefined
}

export interface RouterPorts {
  report(error: unknown): void
  invalid(message: InvalidMessage): void
  unhandled(message: UnhandledMessage): void
}

export function createRouter(checks: Checks | undefined, ports: RouterPorts): Router {
  const { report, invalid, unhandled } = ports
  const listeners = createListeners(report)
  const handlers = new Map<string, Registered>()
  // Symbols, so that no name that a client can send reaches these.
  const any = Symbol()
  const raw = Symbol()

  return {
    on: listeners.on,
    onAny: (listener) => listeners.on(any, listener),
    onRaw: (listener) => listeners.on(raw, listener),
    handle(name, handler) {
      if (typeof handler !== 'function') throw misuse('a handler must be a function')
      if (handlers.has(name)) throw misuse(`'${name}' has a handler`)
      handlers.set(name, { handler, between: checks?.request(name) })
      let isOn = true
      return () => {
        if (isOn) handlers.delete(name)
        isOn = false
      }
    },
    event(name, data, peer) {
      if (checks) {
        const checked = checks.event(name, data, (message) => invalid({ peer, ...message }))
        if (!checked) return
        data = checked.value
      }
      if (!listeners.has(name) && !listeners.has(any)) return unhandled({ peer, name, data })
      listeners.emit(name, data, peer)
      listeners.emit(any, name, data, peer)
    },
    raw(data, peer) {
      if (listeners.has(raw)) listeners.emit(raw, data, peer)
      else unhandled({ peer, name: undefined, data })
    },
    find(name, peer) {
      const registered = handlers.get(name)
      if (!registered) return undefined
      const { handler, between } = registered
      const answerer: Answerer = (input, context) => handler(input as never, peer, context)
      return between ? between(answerer, (message) => invalid({ peer, ...message })) : answerer
    },
  }
}
