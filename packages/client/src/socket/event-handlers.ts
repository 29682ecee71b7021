import type { EventTargetLike, SocketEvent } from './types.ts'

interface Registration {
  handler: unknown
  readonly listener: (event: SocketEvent) => void
}

/**
 * The values of `onopen` and the others. A handler keeps its place among the listeners while others replace it, and loses it
 * with null.
 *
 * @see HTML, section 8.1.8.1, "event handler IDL attributes"
 */
export class EventHandlers {
  readonly #target: EventTargetLike
  readonly #registrations = new Map<string, Registration>()

  constructor(target: EventTargetLike) {
    this.#target = target
  }

  get(type: string): unknown {
    return this.#registrations.get(type)?.handler ?? null
  }

  /** Takes functions and objects, of which only functions are called; all else is null. */
  set(type: string, handler: unknown): void {
    const known = this.#registrations.get(type)
    const isSet = typeof handler === 'function' || (typeof handler === 'object' && handler !== null)
    if (known && isSet) known.handler = handler
    else if (known) {
      this.#registrations.delete(type)
      this.#target.removeEventListener(type, known.listener)
    } else if (isSet) this.#add(type, handler)
  }

  #add(type: string, handler: unknown): void {
    const registration: Registration = {
      handler,
      listener: (event) => {
        if (typeof registration.handler === 'function') registration.handler.call(this.#target, event)
      },
    }
    this.#registrations.set(type, registration)
    this.#target.addEventListener(type, registration.listener)
  }
}
