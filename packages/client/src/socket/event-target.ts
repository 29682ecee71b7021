import { systemPorts } from '../platform/ports.ts'
import type {
  EventListenerLike,
  EventTargetLike,
  ListenerOptions,
  SocketEvent,
  SocketEventTarget,
} from './types.ts'

type EventConstructor = new (type: string, facts?: object) => SocketEvent

const platform = globalThis as unknown as {
  readonly EventTarget?: new () => SocketEventTarget
  readonly Event?: EventConstructor
  readonly MessageEvent?: EventConstructor
  readonly CloseEvent?: EventConstructor
}

interface Registration {
  readonly type: string
  readonly listener: EventListenerLike
  readonly isCapture: boolean
  readonly isOnce: boolean
}

/**
 * An `EventTarget` for platforms that have none, such as React Native.
 *
 * @see DOM, section 2.7
 */
export class PlainEventTarget implements EventTargetLike {
  #registrations: Registration[] = []

  addEventListener(
    type: string,
    listener: EventListenerLike<never> | null,
    options?: boolean | ListenerOptions,
  ): void {
    const { capture, once: isOnce = false, signal } = flatten(options)
    if (!listener || signal?.aborted || this.#find(type, listener, capture)) return
    this.#registrations.push({ type, listener, isCapture: Boolean(capture), isOnce })
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener, capture))
  }

  removeEventListener(
    type: string,
    listener: EventListenerLike<never> | null,
    options?: boolean | ListenerOptions,
  ): void {
    const found = this.#find(type, listener, flatten(options).capture)
    this.#registrations = this.#registrations.filter((registration) => registration !== found)
  }

  dispatchEvent(event: SocketEvent): boolean {
    for (const registration of [...this.#registrations]) {
      const { type, listener, isCapture, isOnce } = registration
      // An earlier listener may have removed it.
      if (type !== event.type || !this.#registrations.includes(registration)) continue
      if (isOnce) this.removeEventListener(type, listener, isCapture)
      try {
        if (typeof listener === 'function') listener.call(this, event)
        else listener.handleEvent(event)
      } catch (error) {
        systemPorts.report(error)
      }
    }
    return true
  }

  #find(
    type: string,
    listener: EventListenerLike<never> | null,
    capture: boolean | undefined,
  ): Registration | undefined {
    return this.#registrations.find(
      (other) => other.type === type && other.listener === listener && other.isCapture === Boolean(capture),
    )
  }
}

function flatten(options: boolean | ListenerOptions | undefined): ListenerOptions {
  return typeof options === 'object' ? (options ?? {}) : { capture: options }
}

/** The platform's own, where there is one. */
export const EventTargetBase: new () => SocketEventTarget =
  platform.EventTarget && platform.Event ? platform.EventTarget : PlainEventTarget

/** Creates an event of the platform, with these facts; where it has none, an object like it. */
export function createEvent(target: EventTargetLike, type: string, facts: object = {}): SocketEvent {
  const { Event, MessageEvent = Event, CloseEvent = Event } = platform
  if (!Event || EventTargetBase === PlainEventTarget) return { ...facts, type, target }
  const Class = type === 'message' ? MessageEvent! : type === 'close' ? CloseEvent! : Event
  const event = new Class(type, facts)
  // The other classes accept them in their constructor. Defining them again takes half of the time of the event.
  if (Class === Event)
    for (const [name, value] of Object.entries(facts)) Object.defineProperty(event, name, { value })
  return event
}
