import type { Delivery } from './delivery.ts'
import { Message } from './message.ts'
import type { Owner, Sent } from './message.ts'
import type { Link } from './link.ts'
import type { Outcome, UndeliveredReason } from './outcome.ts'
import { longestTimer } from './ports.ts'
import type { AbortSignalLike, Clock } from './ports.ts'
import { pollInterval, sliceLength } from './limits.ts'
import type { OutboxOptions, SendOptions } from './send-options.ts'
import { atTurnEnd } from './turn.ts'

/** A message that waits in an outbox. */
export interface QueuedMessage<Name> extends Delivery {
  readonly name: Name
  readonly bytes: number
}

/** A bounded queue in front of a link. Knows the sizes of messages, not their content or names. */
export interface Outbox<Body, Name = string | undefined> {
  readonly size: number
  readonly bytes: number
  /** Whether a message of that size would leave half of the bounds free, or find the queue empty. */
  hasRoom(bytes: number): boolean
  /** Returns the queued messages, in order. */
  waiting(): readonly QueuedMessage<Name>[]
  /** Queues a message, writes everything that can be written, and returns the delivery of this message. */
  push(body: Body, bytes: number, name: Name, options: SendOptions): Sent
  /** Writes everything that can be written, in slices that leave the page responsive. */
  flush(): void
  /** Writes all messages that can be written, without slices: the session is about to end. */
  flushAll(): void
  /** Settles all queued messages as undelivered. */
  discard(reason: UndeliveredReason): void
  /** Settles all queued and new messages as undelivered, until `accept()`. */
  refuse(reason: UndeliveredReason): void
  accept(): void
}

/** `settled` is called for every outcome, one after the other, and never in the middle of a flush. */
export function createOutbox<Body, Name = string | undefined>(
  options: OutboxOptions,
  maxPayloadBytes: () => number,
  link: Link<Body>,
  clock: Clock,
  settled: (name: Name, outcome: Outcome, bytes: number, message: Delivery) => void,
): Outbox<Body, Name> {
  const {
    maxMessages = 10_000,
    maxBytes = 8_388_608,
    overflow = 'reject',
    highWaterBytes = 1_048_576,
  } = options
  // A ring of messages, which begins and ends here. A set would remove any of them as well, but remembers the places of
  // those that have left: with many of them, each look at the first message takes long.
  const ends = {} as Message<Body, Name>
  ends.before = ends.after = ends
  let size = 0
  const keyed = new Map<string, Message<Body, Name>>()
  /** The volatile messages that wait for the end of the turn. */
  let volatileMessages: Message<Body, Name>[] = []
  let queuedBytes = 0
  let refusal: UndeliveredReason | undefined
  /** The messages whose outcome was not reported yet. */
  const outcomes: Message<Body, Name>[] = []
  /** The number of reported ones, in case a listener throws. */
  let announced = 0
  let flushing = false
  let announcing = false
  let timer: unknown
  let isBatched = false

  const remove = (message: Message<Body, Name>): void => {
    if (!isWaiting(message)) return
    message.before.after = message.after
    message.after.before = message.before
    message.before = message.after = message
    size--
    queuedBytes -= message.bytes
    if (message.key !== undefined && keyed.get(message.key) === message) keyed.delete(message.key)
    message.leave?.()
  }

  const owner: Owner<Body, Name> = {
    onSettled(message) {
      remove(message)
      outcomes.push(message)
      announce()
    },
    takeBack(message) {
      const isBack = isWaiting(message)
      if (isBack) drop(message, 'cancelled')
      return isBack
    },
    onAwaited(message) {
      if (!isWaiting(message) && !message.outcome) ask(message)
    },
  }

  const ask = ({ isAwaited, volatile: isVolatile }: Message<Body, Name>): void => {
    if (isAwaited && !isVolatile) link.ask?.()
  }

  const later = (delay: number): void => {
    timer = clock.setTimer(flush, delay)
  }

  const stopTimer = (): void => {
    clock.clearTimer(timer)
    timer = undefined
  }

  const flush = (): void => flushFor(sliceLength)

  const flushFor = (length: number): void => {
    if (flushing) return
    flushing = true
    stopTimer()
    try {
      writeFor(length)
    } finally {
      const late = volatileMessages
      if (late.length > 0) {
        volatileMessages = []
        for (const message of late) if (isWaiting(message)) drop(message, 'volatile')
      }
      link.flushed?.()
      flushing = false
      announce()
    }
  }

  const writeFor = (length: number): void => {
    // Reading the clock costs as much as writing a small message into a batch, and a single message needs no clock.
    const startedAt = size > 1 ? clock.now() : Infinity
    const maxPayload = maxPayloadBytes()
    let count = 0
    // Each message is written or dropped, or no more can be written now.
    for (let message = ends.after; message !== ends; message = ends.after) {
      const { bytes, expiresAt } = message
      if (!link.isWritable(bytes)) return
      if (link.bufferedAmount() >= highWaterBytes) return later(pollInterval)
      const isTimed = count > 0 && (!link.batchBytes || count % 16 === 0)
      if (isTimed && clock.now() - startedAt > length) return later(0)
      count++
      if (expiresAt < Infinity && expiresAt < clock.now()) drop(message, 'expired')
      else if (bytes > maxPayload) drop(message, 'too-large')
      else if (!write(message)) return
    }
  }

  // A message leaves the queue only once the link has accepted it. If the socket throws for it, it is tried again on
  // the next connection; if that throws too, the message is at fault.
  const write = (message: Message<Body, Name>): boolean => {
    const taken = link.write(message)
    if (taken) {
      remove(message)
      ask(message)
    } else if (message.refused) drop(message, 'rejected')
    message.refused = true
    return taken
  }

  // Outcomes are not reported in the middle of a flush: messages that a listener sends could not be written at once.
  const announce = (): void => {
    if (flushing || announcing) return
    announcing = true
    try {
      while (announced < outcomes.length) {
        const message = outcomes[announced++]!
        settled(message.name, message.outcome!, message.bytes, message)
      }
      // Removes elements one by one, so that the array keeps its memory.
      for (; announced > 0; announced--) outcomes.pop()
    } finally {
      announcing = false
    }
  }

  const endTurn = (): void => {
    isBatched = false
    if (timer === undefined) flush()
  }

  const isFull = (old: Message<Body, Name> | undefined): boolean => {
    const waits = old && isWaiting(old)
    return size - (waits ? 1 : 0) > maxMessages || queuedBytes - (waits ? old.bytes : 0) > maxBytes
  }

  const makeRoom = (message: Message<Body, Name>): void => {
    const old = message.key === undefined ? undefined : keyed.get(message.key)
    if (overflow === 'reject' && isFull(old)) return drop(message, 'overflow')
    if (old) drop(old, 'replaced')
    for (let oldest = ends.after; oldest !== ends && isFull(old); oldest = ends.after)
      drop(oldest, 'overflow')
    if (message.key !== undefined) keyed.set(message.key, message)
  }

  const waiting = (): Message<Body, Name>[] => {
    const messages: Message<Body, Name>[] = []
    for (let message = ends.after; message !== ends; message = message.after) messages.push(message)
    return messages
  }

  const discard = (reason: UndeliveredReason): void => {
    stopTimer()
    for (const message of waiting()) drop(message, reason)
  }

  /** Returns whether the message will be tried at the end of the turn; if not, it was tried already. */
  const enqueue = (message: Message<Body, Name>): boolean => {
    message.before = ends.before
    message.after = ends
    ends.before = message.before.after = message
    size++
    queuedBytes += message.bytes
    if (timer !== undefined) return false
    const { batchBytes } = link
    if (!batchBytes || queuedBytes >= batchBytes || isFull(undefined) || !link.isWritable(0)) {
      flush()
      return false
    }
    if (message.volatile) volatileMessages.push(message)
    if (!isBatched) {
      isBatched = true
      atTurnEnd(endTurn)
    }
    return true
  }

  return {
    get size() {
      return size
    },
    get bytes() {
      return queuedBytes
    },

    waiting,
    hasRoom: (more) => size === 0 || (size < maxMessages / 2 && queuedBytes + more <= maxBytes / 2),
    push(body, bytes, name, { ttl = Infinity, key, volatile = false, signal }) {
      const expiresAt = ttl === Infinity ? ttl : clock.now() + ttl
      const message = new Message(owner, body, bytes, name, volatile, key, expiresAt)
      if (refusal) drop(message, refusal)
      else if (signal?.aborted) drop(message, 'cancelled')
      else if (bytes > maxPayloadBytes()) drop(message, 'too-large')
      else {
        const isTried = !enqueue(message)
        if (isWaiting(message)) {
          if (volatile && isTried) drop(message, 'volatile')
          else if (bytes > maxBytes) drop(message, 'too-large')
          else if (!volatile) makeRoom(message)
        }
        if ((signal || ttl <= longestTimer) && isWaiting(message)) {
          watch(message, ttl, signal, clock)
        }
      }
      return message
    },

    flush,
    flushAll: () => flushFor(Infinity),
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

function isWaiting(message: Pick<Message<unknown, unknown>, 'after'>): boolean {
  return message.after !== message
}

function drop(message: Pick<Message<unknown, unknown>, 'settle'>, reason: UndeliveredReason): void {
  message.settle({ status: 'undelivered', reason })
}

/** Withdraws a queued message when its time is over, or its signal is aborted. */
function watch<Body, Name>(
  message: Message<Body, Name>,
  ttl: number,
  signal: AbortSignalLike | undefined,
  clock: Clock,
): void {
  const cancel = (): void => drop(message, 'cancelled')
  const expiry = ttl <= longestTimer && clock.setTimer(() => drop(message, 'expired'), ttl)
  signal?.addEventListener('abort', cancel)
  message.leave = () => {
    clock.clearTimer(expiry)
    signal?.removeEventListener('abort', cancel)
  }
}
