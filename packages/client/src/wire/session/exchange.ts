import { atTurnEnd, createHandlers, Endpoint } from '@holdfast/protocol'
import type { Line, Sized } from '@holdfast/protocol'
import { newAbort } from '../../platform/ports.ts'
import type { BoundWire, WireHost } from '../wire.ts'
import { encode } from './encode.ts'

/** The endpoint of a client, and what waits to be sent for its requests besides events: answers, and what is called off. */
export interface Exchange {
  readonly endpoint: Endpoint
  readonly handle: BoundWire['handle']
  /** Returns whether no request is pending, running or to be written. */
  isSettled(): boolean
  /** Writes the pending frames, as far as possible. False if there were none. */
  write(line: Line | undefined): boolean
  /** The session ended: there will be no answers, in either direction. */
  lost(): void
  dispose(): void
}

/** `due` is called at the end of a turn in which frames became pending. */
export function createExchange(
  host: WireHost,
  violated: (code: number, why: string) => void,
  maxBytes: () => number,
  due: () => void,
): Exchange {
  /** The frames of the session that wait to be written. */
  let owed: Sized[] = []
  let isDue = false

  const handlers = createHandlers(host.incoming, host.invalid)
  const endpoint = new Endpoint({
    ...host,
    ...handlers,
    encode,
    maxBytes,
    // At the end of the turn, after the events of the turn.
    send(message) {
      owed.push(message)
      if (isDue) return
      isDue = true
      atTurnEnd(() => {
        isDue = false
        due()
      })
    },
    newAbort,
    violated,
  })

  return {
    endpoint,
    handle: handlers.handle,
    isSettled: () => owed.length === 0 && endpoint.isSettled,
    write(line) {
      if (owed.length === 0) return false
      let count = 0
      for (const message of owed) {
        if (!line?.isWritable(message.bytes)) break
        count++
        line.write({ ...message, volatile: false, sessionBound: true, settle() {} })
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
