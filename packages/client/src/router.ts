import { validate } from '@holdfast/protocol'
import type { SchemaContract } from '@holdfast/protocol'
import type { Handler } from './listeners.ts'
import { createListeners } from './listeners.ts'
import type { Listeners } from './listeners.ts'
import type { InvalidMessage, UnhandledMessage } from './lifecycle.ts'

/** Brings inbound events to the handlers of their name, checked by the contract if it has schemas. */
export interface Router extends Pick<Listeners, 'on' | 'once' | 'off' | 'clear'> {
  onAny(handler: (name: string, data: unknown) => unknown): () => void
  onRaw(handler: Handler<string | Uint8Array>): () => void
  event(name: string, data: unknown): void
  /** A frame that is not an event. */
  raw(data: string | Uint8Array): void
}

export interface RouterPorts {
  report(error: unknown): void
  invalid(message: InvalidMessage): void
  unhandled(message: UnhandledMessage): void
}

export function createRouter(contract: SchemaContract | undefined, ports: RouterPorts): Router {
  const listeners = createListeners(ports.report)
  // Symbols, so that no name that a server can send reaches these.
  const any = Symbol()
  const raw = Symbol()
  const schemas = contract && new Map(Object.entries(contract.toClient ?? {}))

  return {
    ...listeners,
    onAny: (handler) => listeners.on(any, handler),
    onRaw: (handler) => listeners.on(raw, handler),
    event(name, data) {
      if (schemas) {
        const schema = schemas.get(name)
        if (!schema || 'input' in schema) return ports.invalid({ reason: 'unknown-name', name, data })
        try {
          const result = validate(schema, data)
          if (result.issues) return ports.invalid({ reason: 'schema', name, data, issues: result.issues })
          data = result.value
        } catch (error) {
          return ports.invalid({ reason: 'schema', name, data, error })
        }
      }
      const isHandled = listeners.emit(name, data)
      if (!listeners.emit(any, name, data) && !isHandled) ports.unhandled({ name, data })
    },
    raw(data) {
      if (!listeners.emit(raw, data)) ports.unhandled({ name: undefined, data })
    },
  }
}
