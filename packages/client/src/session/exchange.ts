import { createHandlers, Endpoint } from '@holdfast/protocol'
import type { Sized, Frame, Line } from '@holdfast/protocol'
import { newAbort } from '../connection/ports.ts'
import type { WireEnd, WireHost } from '../wire.ts'
import { encode } from './encode.ts'

/** The endpoint of a client, and what waits to be sent for its requests besides events: answers, and what is called off. */
export interface Exchange {
  readonly request: NonNullable<WireEnd['request']>
  readonly handle: NonNullable<WireEnd['handle']>
  /** Hands on what came in. */
  deliver(frame: Frame): void
  /** Whether nothing is asked, being answered or to be written. */
  isSettled(): boolean
  /** Writes what is owed, as far as it goes. False if nothing was. */
  write(line: Line | undefined): boolean
  /** The session ended: there will be no answers, in neither direction. */
  lost(): void
  dispose(): void
}

/** `due` is called at the end of a turn in which something came to be owed. */
export function createExchange(
  { contract, clock, report, invalid, event, raw }: WireHost,
  violated: (code: number, why: string) => void,
  maxBytes: () => number,
  due: () => void,
): Exchange {
  /** What belongs to the session and waits to be written. */
  let owed: Sized[] = []
  let isDue = false

  const handlers = createHandlers(contract?.toClient, invalid)
  const endpoint = new Endpoint({
    clock,
    checks: contract?.toServer,
    event,
    raw,
    find: handlers.find,
    encode: (data, meta) => encode(null, data, meta),
    maxBytes,
    // At the end of the turn, after the events of the turn.
    send(message) {
      owed.push(message)
      if (isDue) return
      isDue = true
      void Promise.resolve().then(() => {
        isDue = false
        due()
      })
    },
    newAbort,
    report,
    violated,
  })

  return {
    deliver: (frame) => endpoint.deliver(frame),
    request: (name, send, how) => endpoint.request(name, send, how),
    handle: handlers.handle,
    isSettled: () => owed.length === 0 && endpoint.isSettled,
    write(line) {
      if (owed.length === 0) return false
      let count = 0
      for (const message of owed) {
        if (!line?.isWritable(message.bytes)) break
        count++
        line.write({ ...message, volatile: false, own: true, settle() {} })
      }
      owed.splice(0, count)
      line?.flushed?.()
      return true
    },
    lost() {
      owed = []
      endpoint.lost()
    },
    dispose() {
      endpoint.dispose()
      handlers.clear()
    },
  }
}
