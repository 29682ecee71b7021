import { createVirtualClock } from '@holdfast/testing'
import type { Delivery } from '../../src/delivery.ts'
import type { Link } from '../../src/link.ts'
import { createOutbox } from '../../src/outbox.ts'
import type { OutboxOptions, SendOptions } from '../../src/send-options.ts'
import type { Outcome } from '../../src/outcome.ts'

export const sent: Outcome = { status: 'sent' }
export const lost = (reason: string): Outcome => ({ status: 'undelivered', reason }) as Outcome

/** An outbox in front of a link that does what `link` says; what it writes and reports is recorded. */
export function setUpOutbox(options: OutboxOptions = {}, batchBytes?: number) {
  const clock = createVirtualClock()
  const link = {
    writable: false,
    buffered: 0,
    written: [] as string[],
    failures: 0,
    throws: 0,
    slow: false,
    onWrite: (_text: string) => {},
    onSettled: (_name: string | undefined) => {},
    /** How many messages had been written at the end of each batch. */
    batches: [] as number[],
    maxPayloadBytes: 1_000,
  }
  const settled: [string | undefined, string][] = []
  const connection: Link<string> = {
    ...(batchBytes && { batchBytes }),
    flushed: () => link.batches.push(link.written.length),
    isWritable: () => link.writable,
    bufferedAmount: () => link.buffered,
    write(message) {
      if (link.throws > 0) {
        link.throws--
        link.failures++
        link.writable = link.slow
        return false
      }
      link.onWrite(message.body)
      link.written.push(message.body)
      message.settle(sent)
      return true
    },
  }
  const outbox = createOutbox(
    options,
    () => link.maxPayloadBytes,
    connection,
    clock,
    (name, outcome) => {
      settled.push([name, 'reason' in outcome ? outcome.reason : outcome.status])
      link.onSettled(name)
    },
  )
  const push = (text: string, how: SendOptions = {}): Delivery => outbox.push(text, text.length, text, how)
  return { clock, link, outbox, push, settled }
}
