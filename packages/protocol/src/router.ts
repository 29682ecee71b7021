import type { Listener, Listeners, Unsubscribe } from './listeners.ts'
import type { Checks, InvalidData } from './schema.ts'

/** An inbound message without a listener. */
export interface UnhandledMessage {
  /** The name of the event; undefined for text or bytes that are not an event. */
  readonly name: string | undefined
  /** The data of the event, or the text or bytes. */
  readonly data: unknown
}

/**
 * Delivers inbound messages to listeners, validated if the contract has schemas. On an end with several peers, listeners receive
 * the sender, `From`, after the data.
 */
export interface Router<From extends readonly unknown[] = []> extends Pick<
  Listeners,
  'on' | 'once' | 'off' | 'clear'
> {
  /** Adds a listener of all events, which is called after those of the name. */
  onAny(listener: Listener): Unsubscribe
  onRaw(listener: Listener): Unsubscribe
  event(name: string, data: unknown, ...from: From): void
  /** Text or bytes that are not an event. */
  raw(data: string | Uint8Array, ...from: From): void
}

export interface RouterPorts<From extends readonly unknown[]> {
  readonly listeners: Listeners
  /** Validates inbound data, if the contract has schemas. */
  readonly incoming: Checks | undefined
  invalid(message: InvalidData, ...from: From): void
  unhandled(message: UnhandledMessage, ...from: From): void
}

export function createRouter<From extends readonly unknown[] = []>({
  listeners,
  incoming,
  invalid,
  unhandled,
}: RouterPorts<From>): Router<From> {
  // Symbols, so that no name that a peer can send reaches these.
  const any = Symbol()
  const raw = Symbol()
  const { on, emit } = listeners

  return {
    ...listeners,
    onAny: (listener) => on(any, listener),
    onRaw: (listener) => on(raw, listener),
    event(name, data, ...from) {
      if (incoming) {
        const checked = incoming.event(name, data, invalid, ...from)
        if (!checked) return
        data = checked.value
      }
      const isHandled = emit(name, data, ...from)
      if (!emit(any, name, data, ...from) && !isHandled) unhandled({ name, data }, ...from)
    },
    raw(data, ...from) {
      if (!emit(raw, data, ...from)) unhandled({ name: undefined, data }, ...from)
    },
  }
}
