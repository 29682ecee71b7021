import type { Checks } from '@holdfast/protocol'
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

export function createRouter(checks: Checks | undefined, ports: RouterPorts): Router {
  const listeners = createListeners(ports.report)
  // Symbols, so that no name that a server can send reaches these.
  const any = Symbol()
  const raw = Symbol()

  return {
    ...listeners,
    onAny: (handler) => listeners.on(any, handler),
    onRaw: (handler) => listeners.on(raw, handler),
    event(name, data) {
      if (checks) {
        const checked = checks.event(name, data, ports.invalid)
        if (!checked) return
        data = checked.value
      }
      const isHandled = listeners.emit(name, data)
      if (!listeners.emit(any, name, data) && !isHandled) ports.unhandled({ name, data })
    },
    raw(data) {
      if (!listeners.emit(raw, data)) ports.unhandled({ name: undefined, data })
    },
  }
}
