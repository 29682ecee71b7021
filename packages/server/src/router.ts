import { checkedAnswerer, misuse, validate } from '@holdfast/protocol'
import type { Answerer, RequestContext, RequestSchema, SchemaContract } from '@holdfast/protocol'
import type { ClientReports } from './client-reports.ts'
import type { InvalidMessage, UnhandledMessage } from './hub.ts'
import { createListeners } from './listeners.ts'
import type { Listeners, Unsubscribe } from './listeners.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Policy } from './policy.ts'
import type { Peer } from './peer.ts'
import { createUnhandledLog } from './unhandled.ts'

/** Answers a request of a peer. */
export type RequestHandler = (input: never, peer: Peer, context: RequestContext) => unknown

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

export function createRouter(
  contract: SchemaContract | undefined,
  { ports: { warn } }: Policy,
  { report }: ClientReports,
  { announce, counters }: Lifecycle,
): Router {
  const logUnhandled = createUnhandledLog(warn)
  const invalid = (message: InvalidMessage): void => {
    counters.invalid++
    announce('invalid', message)
  }
  const unhandled = (message: UnhandledMessage): void => {
    counters.unhandled++
    announce('unhandled', message)
    logUnhandled(message.name)
  }
  const listeners = createListeners(report)
  const handlers = new Map<string, RequestHandler>()
  const schemas = contract && new Map(Object.entries(contract.toServer ?? {}))
  const requestSchema = (name: string): RequestSchema | undefined => {
    const schema = schemas?.get(name)
    return schema && 'input' in schema ? schema : undefined
  }
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
      if (schemas && !requestSchema(name)) throw misuse(`'${name}' is no request in the contract`)
      handlers.set(name, handler)
      let isOn = true
      return () => {
        if (isOn) handlers.delete(name)
        isOn = false
      }
    },
    event(name, data, peer) {
      if (schemas) {
        const schema = schemas.get(name)
        if (!schema || 'input' in schema) return invalid({ peer, reason: 'unknown-name', name, data })
        try {
          const result = validate(schema, data)
          if (result.issues) return invalid({ peer, reason: 'schema', name, data, issues: result.issues })
          data = result.value
        } catch (error) {
          return invalid({ peer, reason: 'schema', name, data, error })
        }
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
      const handler = handlers.get(name)
      const schema = requestSchema(name)
      if (!handler) return undefined
      const answerer: Answerer = (input, context) => handler(input as never, peer, context)
      if (!schema) return answerer
      return checkedAnswerer(schema, name, answerer, (message) => invalid({ peer, ...message }))
    },
  }
}
