import type { EventHandler, EventTargetLike, SocketEvent } from './types.ts'

/** The values of `onopen` and the others. */
export interface EventHandlers {
  get(type: string): EventHandler<never>
  /** Takes functions and objects, of which only functions are called; all else is null. */
  set(type: string, handler: unknown): void
}

/**
 * Creates the handlers of a target. A handler keeps its place among the listeners while others replace it, and loses it with
 * null.
 *
 * @see HTML, section 8.1.8.1, "event handler IDL attributes"
 */
export function createEventHandlers(target: EventTargetLike): EventHandlers {
  const handlers: Record<string, unknown> = {}
  const listener = (event: SocketEvent): void => {
    const handler = handlers[event.type]
    if (typeof handler === 'function') handler.call(target, event)
  }
  return {
    get: (type) => (handlers[type] ?? null) as EventHandler<never>,
    set(type, handler) {
      const isSet = Object(handler) === handler
      handlers[type] = isSet ? handler : null
      // Adding it again changes nothing.
      if (isSet) target.addEventListener(type, listener)
      else target.removeEventListener(type, listener)
    },
  }
}
