import { systemPorts } from '../platform/ports.ts'
import type {
  EventListenerLike,
  EventTargetLike,
  ListenerOptions,
  SocketEvent,
  SocketEventTarget,
} from './types.ts'

interface EventConstructor {
  new (type: string, facts?: object): SocketEvent
  readonly prototype: SocketEvent
}

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

const hasEvents = EventTargetBase !== PlainEventTarget

interface MessageFacts {
  data: unknown
  origin: string
}

let Message: (new (type: string) => SocketEvent & MessageFacts) | undefined

/**
 * Returns a class of events that are instances of `MessageEvent`, whose own constructor takes six times as long in Node as
 * creating and dispatching one of these.
 */
function messageClass(): NonNullable<typeof Message> {
  const { Event, MessageEvent } = platform
  class Class extends Event! {
    data: unknown
    origin = ''
    lastEventId = ''
    source = null
    ports: readonly unknown[] = []
  }
  if (MessageEvent) Object.setPrototypeOf(Class.prototype, MessageEvent.prototype)
  return Class
}

/** Creates a `message` event of the platform; where it has none, an object like it. */
export function createMessage(target: EventTargetLike, data: unknown, origin: string): SocketEvent {
  const type = 'message'
  if (!hasEvents) return { type, target, data, origin } as SocketEvent
  const event = new (Message ??= messageClass())(type)
  event.data = data
  event.origin = origin
  return event
}

/** Creates another event of the platform, with these facts; where it has none, an object like it. */
export function createEvent(target: EventTargetLike, type: string, facts: object = {}): SocketEvent {
  const { Event, CloseEvent = Event } = platform
  if (!hasEvents) return { ...facts, type, target }
  const event = new (type === 'close' ? CloseEvent! : Event!)(type, facts)
  for (const [name, value] of Object.entries(facts))
    if (!(name in event)) Object.defineProperty(event, name, { value })
  return event
}
