import type { Clock } from '@holdfast/protocol'
import type { Ledger } from './ledger.ts'
import { writtenUnder } from './records.ts'
import type { Server } from './records.ts'

/** Notes in the database which server messages may be written to, and holds the messages back until that is on disk. */
export interface Marks {
  readonly isHolding: boolean
  /** Holds messages back until the next mark. */
  hold(): void
  /** Notes that everything that is open, and everything that follows, may be written to this server. */
  mark(server: Server): void
  release(): void
}

/** How long messages wait until the database knows that they will be written, in milliseconds. */
const markTimeout = 1_000

/** `flush` is called when messages are not held back any more. */
export function createMarks(
  { journal, producers, note, noteOwner }: Ledger,
  clock: Clock,
  flush: () => void,
): Marks {
  /** Another object for each mark that messages wait for. */
  let current: object | undefined
  let timer: unknown

  const release = (): void => {
    current = undefined
    clock.clearTimer(timer)
  }

  return {
    get isHolding() {
      return current !== undefined
    },
    hold() {
      current = {}
    },
    mark({ identity, epoch }) {
      let isNews = false
      for (const producer of producers.values()) {
        for (const entry of producer.open.values())
          isNews ||= entry.isWritten && writtenUnder(entry, producer) !== epoch
        if (producer.isOwn) producer.identity = identity
        producer.written =
          producer.epoch === epoch ? Math.max(producer.written, producer.last) : producer.last
        producer.epoch = epoch
        note(producer)
      }
      noteOwner(identity)
      release()
      if (!isNews) return
      const awaited = (current = {})
      const open = (): void => {
        if (current !== awaited) return
        release()
        flush()
      }
      timer = clock.setTimer(open, markTimeout)
      journal.written().then(open, open)
    },
    release,
  }
}
