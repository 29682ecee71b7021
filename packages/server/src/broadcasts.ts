import type { SendOptions } from '@holdfast/protocol'
import { BroadcastLog } from './broadcast-log.ts'
import type { Buffers } from './buffers.ts'
import type { DeferredEvents } from './deferred-events.ts'
import type { Encoded } from './encoded.ts'
import type { Outbound } from './outbound.ts'
import type { SessionRecord } from './session-record.ts'

interface BroadcastsParts {
  readonly outbound: Pick<Outbound, 'postToAll'>
  readonly buffers: Buffers
  readonly deferred: DeferredEvents
  /** Whether the messages of each session are traced. */
  readonly isTraced: boolean
  /** A hub that drains sends nothing new. */
  isOpen(): boolean
}

/**
 * Sends to many sessions. Those that are away read what they have missed from one log when they are back, so a broadcast
 * is not copied for each of them. It gets its number in the session then, as other messages do that could not be written before.
 */
export class Broadcasts {
  readonly #parts: BroadcastsParts
  readonly #log: BroadcastLog

  constructor(parts: BroadcastsParts) {
    this.#parts = parts
    this.#log = new BroadcastLog(parts.buffers)
  }

  /** `others` are the sessions that must not receive it. Some sessions may end because of it. */
  send(
    recipients: readonly SessionRecord[],
    others: readonly SessionRecord[],
    message: Encoded,
    how: SendOptions,
  ): void {
    const { outbound, buffers, deferred, isTraced } = this.#parts
    // Each of these may leave the queue of a session before it is written.
    const isPlain = !how.volatile && how.ttl === undefined && how.key === undefined && !how.signal
    if (!isPlain || isTraced || !this.#parts.isOpen()) return outbound.postToAll(recipients, message, how)
    const encoded = { ...message, shared: { holders: 0 } }
    deferred.during(() => {
      const present: SessionRecord[] = []
      for (const record of recipients)
        if (record.stage !== 'ended' && !record.messages.miss(this.#log, encoded)) present.push(record)
      const entry = this.#log.append(encoded)
      for (const record of others) record.messages.missed?.skip(entry)
      buffers.relieve()
      outbound.postToAll(present, encoded, how)
    })
  }
}
