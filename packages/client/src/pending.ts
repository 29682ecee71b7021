import type { Delivery, QueuedMessage, Unsubscribe } from '@holdfast/protocol'
import { storeOf } from './client-store.ts'
import type { StoreClient, StoreSource } from './client-store.ts'
import type { ClientParts } from './parts.ts'

/** A message without an outcome. Immutable: a message that is written becomes a new object. */
export interface PendingMessage {
  /** Distinguishes the message from the other messages of the client, for a key in a list. */
  readonly id: number
  /** The name of the event or request; undefined for raw messages. */
  readonly name: string | undefined
  /**
   * `queued` while the message waits for the connection and can be cancelled; `written` while it waits for the
   * acknowledgement of the server. On the plain wire, a written message has its outcome at once.
   */
  readonly status: 'queued' | 'written'
  readonly bytes: number
  /** What `send()` returned. */
  readonly delivery: Delivery
}

/** The messages of a client that have no outcome yet, as a store. */
export interface Pending {
  /** The messages in the order in which they are delivered. Immutable: every change creates a new list. */
  readonly state: readonly PendingMessage[]
  /** Calls the listener after changes of `state`, once for all changes of a turn. */
  subscribe(listener: () => unknown): Unsubscribe
}

type Sent = QueuedMessage<string | undefined>

const stores = /* @__PURE__ */ new WeakMap<ClientParts, Pending>()

/**
 * Returns the messages of a client that have no outcome yet: those that wait in the queue, and those that the server has
 * not acknowledged. Requests are included until the server has received them.
 *
 * The list is up to date whenever it is read, and includes messages that were sent before the first call. Every call
 * with one client returns the same store.
 *
 * @throws {HoldfastError} `misuse` for what is not a client
 * @example
 * import { pending } from 'holdfast'
 *
 * const unsent = pending(client)
 * unsent.subscribe(() => console.log(`${unsent.state.length} messages are not delivered yet`))
 */
export function pending(client: StoreClient): Pending {
  return storeOf(stores, client, sourceOf)
}

function sourceOf({ bound, outbox, waits }: ClientParts): StoreSource<Pending['state']> {
  const known = new WeakMap<Sent, PendingMessage>()
  let list: Pending['state'] = []
  let lastId = 0

  const describe = (message: Sent, status: PendingMessage['status']): PendingMessage => {
    const before = known.get(message)
    if (before?.status === status) return before
    const { name, bytes } = message
    const next = { id: before?.id ?? ++lastId, name, status, bytes, delivery: message }
    known.set(message, next)
    return next
  }

  return {
    read() {
      const written: readonly (object | undefined)[] = bound.written?.() ?? []
      const next = [
        ...written.filter(isSent).map((message) => describe(message, 'written')),
        ...outbox.waiting().map((message) => describe(message, 'queued')),
      ]
      const isSame = next.length === list.length && next.every((message, index) => message === list[index])
      return isSame ? list : (list = next)
    },
    watch(changed) {
      let isOn = true
      let isDue = false
      const check = (): void => {
        isDue = false
        if (isOn) changed()
      }
      // A wait without an end, because conditions are checked again whenever a message moves.
      void waits.until(() => {
        if (isOn && !isDue) {
          isDue = true
          void Promise.resolve().then(check)
        }
        return isOn ? 'later' : true
      }, {})
      return () => (isOn = false)
    },
  }
}

/** An answer to the server is written as well, without a delivery. */
function isSent(message: object | undefined): message is Sent {
  return message !== undefined && 'cancel' in message
}
