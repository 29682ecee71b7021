import { atTurnEnd, createHandlers, Endpoint } from '@holdfast/protocol'
import type { Line, Sized } from '@holdfast/protocol'
import { newAbort } from '../../platform/ports.ts'
import type { BoundWire, WireHost } from '../wire.ts'
import { encode } from './encode.ts'

/** The endpoint of a client, and what waits to be sent for its requests besides events: answers, and what is called off. */
export interface Exchange {
  readonly endpoint: Endpoint
  readonly handle: BoundWire['handle']
  /** Returns whether no request is pending, running or to be written; of those of this end, only if the session ends. */
  isSettled(isMoving: true | undefined): boolean
  /** Writes the pending frames, as far as possible. */
  write(line: Line | undefined): void
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
    isSettled: (isMoving) => owed.length === 0 && (isMoving ? endpoint.isIdle : endpoint.isSettled),
    write(line) {
      if (owed.length === 0) return
      while (owed[0] && line?.isWritable(owed[0].bytes))
        line.write({ ...owed.shift()!, volatile: false, sessionBound: true, settle() {} })
      line?.flushed()
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
