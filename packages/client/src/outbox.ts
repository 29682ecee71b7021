import type { Connection, Payload } from './connection/connection.ts'
import type { AbortSignalLike, Clock } from './connection/ports.ts'
import { createDelivery } from './delivery.ts'
import type { Delivery, Outcome, UndeliveredReason } from './delivery.ts'

/** Bounds of the queue of messages that wait for the connection. */
export interface OutboxOptions {
  /** @default 10_000 */
  readonly maxMessages?: number
  /**
   * The most that may wait, in bytes of UTF-8.
   *
   * @default 8_388_608
   */
  readonly maxBytes?: number
  /**
   * What happens to a message for which there is no room: `reject` refuses it, `drop-oldest` makes room by giving up
   * the messages that have waited longest. Either way the loser settles as `undelivered`, `overflow`.
   *
   * @default 'reject'
   */
  readonly overflow?: 'reject' | 'drop-oldest'
  /**
   * How much the socket may have buffered before the queue stops handing it more, in bytes.
   *
   * @default 1_048_576
   */
  readonly highWaterBytes?: number
}

/** How one message is to be treated. */
export interface SendOptions {
  /** How long the message may wait to be written, in milliseconds. */
  readonly ttl?: number
  /** Replaces a waiting message of the same key, and goes to the end of the queue: for cursors and prices. */
  readonly key?: string
  /** Send it only if it can go now. */
  readonly volatile?: boolean
  /** Takes the message back when it is aborted, if it was not written yet. */
  readonly signal?: AbortSignalLike
}

/** What the outbox needs of the connection. */
export type Link = Pick<Connection, 'isWritable' | 'bufferedAmount' | 'write'>

/** A bounded queue in front of the socket. Knows payloads and their sizes, and nothing of what is in them. */
export interface Outbox {
  readonly size: number
  readonly bytes: number
  /** Queues a message, writes all that can be written, and tells what becomes of this one. */
  push(payload: Payload, bytes: number, name: string | undefined, options: SendOptions): Delivery
  /** Writes what can be written, in slices that leave the page responsive. */
  flush(): void
  /** Settles all that waits as undelivered. */
  discard(reason: UndeliveredReason): void
  /** Settles all that waits and all that comes as undelivered, until `accept()`. */
  refuse(reason: UndeliveredReason): void
  accept(): void
}

interface Message {
  readonly payload: Payload
  readonly bytes: number
  readonly key: string | undefined
  readonly expiresAt: number
  refused: boolean
  settle(outcome: Outcome): void
}

const sent: Outcome = { status: 'sent' }
const sliceLength = 8
const pollInterval = 20
const longestTimer = 2_147_483_647

export function createOutbox(
  options: OutboxOptions,
  maxFrameBytes: number,
  link: Link,
  clock: Clock,
  settled: (name: string | undefined, outcome: Outcome, bytes: number) => void,
): Outbox {
  const {
    maxMessages = 10_000,
    maxBytes = 8_388_608,
    overflow = 'reject',
    highWaterBytes = 1_048_576,
  } = options
  // A set keeps the order of insertion and forgets any of its members in constant time.
  const queue = new Set<Message>()
  const keyed = new Map<string, Message>()
  let queuedBytes = 0
  let refusal: UndeliveredReason | undefined
  const outcomes: Parameters<typeof settled>[] = []
  let flushing = false
  let announcing = false
  let timer: unknown
  let scheduled = false

  const drop = (message: Message, reason: UndeliveredReason): void =>
    message.settle({ status: 'undelivered', reason })

  const remove = (message: Message): void => {
    if (!queue.delete(message)) return
    queuedBytes -= message.bytes
    if (message.key !== undefined && keyed.get(message.key) === message) keyed.delete(message.key)
  }

  const later = (delay: number): void => {
    scheduled = true
    timer = clock.setTimer(flush, delay)
  }

  const flush = (): void => {
    if (flushing) return
    flushing = true
    if (scheduled) clock.clearTimer(timer)
    scheduled = false
    const startedAt = clock.now()
    try {
      for (const message of queue) {
        if (!link.isWritable()) return
        if (link.bufferedAmount >= highWaterBytes) return later(pollInterval)
        const now = clock.now()
        if (now - startedAt > sliceLength) return later(0)
        if (message.expiresAt < now) drop(message, 'expired')
        else if (!write(message)) return
      }
    } finally {
      flushing = false
      announce()
    }
  }

  // Nobody hears of an outcome in the middle of a flush: what a listener sends then could not go at once.
  const announce = (): void => {
    if (flushing || announcing) return
    announcing = true
    for (let next = outcomes.shift(); next; next = outcomes.shift()) settled(...next)
    announcing = false
  }

  // A message leaves the queue only once the socket has taken it. One that the socket throws at is tried again on the
  // next connection; if that throws too, the fault is the message's.
  const write = (message: Message): boolean => {
    const taken = link.write(message.payload)
    if (taken) message.settle(sent)
    else if (message.refused) drop(message, 'rejected')
    message.refused = true
    return taken
  }

  const makeRoom = (message: Message): void => {
    const old = message.key === undefined ? undefined : keyed.get(message.key)
    const isFull = (): boolean =>
      queue.size - (old && queue.has(old) ? 1 : 0) > maxMessages ||
      queuedBytes - (old && queue.has(old) ? old.bytes : 0) > maxBytes
    if (isFull() && overflow === 'reject') return drop(message, 'overflow')
    if (old) drop(old, 'replaced')
    for (const oldest of queue) {
      if (!isFull()) break
      drop(oldest, 'overflow')
    }
    if (message.key !== undefined) keyed.set(message.key, message)
  }

  const discard = (reason: UndeliveredReason): void => {
    clock.clearTimer(timer)
    scheduled = false
    for (const message of [...queue]) drop(message, reason)
  }

  return {
    get size() {
      return queue.size
    },
    get bytes() {
      return queuedBytes
    },

    push(payload, bytes, name, { ttl = Infinity, key, volatile = false, signal }) {
      const cancel = (): void => drop(message, 'cancelled')
      const { delivery, settle } = createDelivery(() => {
        const waiting = queue.has(message)
        if (waiting) cancel()
        return waiting
      })
      let expiry: unknown
      const message: Message = {
        payload,
        bytes,
        key,
        expiresAt: clock.now() + ttl,
        refused: false,
        settle(outcome) {
          if (delivery.outcome) return
          remove(message)
          if (expiry !== undefined) clock.clearTimer(expiry)
          signal?.removeEventListener('abort', cancel)
          settle(outcome)
          outcomes.push([name, outcome, bytes])
          announce()
        },
      }

      if (refusal) drop(message, refusal)
      else if (signal?.aborted) cancel()
      else if (bytes > maxFrameBytes) drop(message, 'too-large')
      else {
        queue.add(message)
        queuedBytes += bytes
        if (!scheduled) flush()
        if (!delivery.outcome) {
          if (volatile) drop(message, 'volatile')
          else if (bytes > maxBytes) drop(message, 'too-large')
          else makeRoom(message)
        }
        if (!delivery.outcome) {
          if (ttl <= longestTimer) expiry = clock.setTimer(() => drop(message, 'expired'), ttl)
          signal?.addEventListener('abort', cancel)
        }
      }
      return delivery
    },

    flush,
    discard,
    refuse(reason) {
      refusal = reason
      discard(reason)
    },
    accept() {
      refusal = undefined
    },
  }
}
