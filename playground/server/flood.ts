import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Line } from './line.ts'
import { textFrame } from './raw-frames.ts'
import type { Visitor } from './session-chat.ts'

/** The destination of a flood of messages. */
export interface Sink {
  readonly isClosed: boolean
  /** Takes messages with the numbers after `from` up to `to`. Resolves when there is room for more. */
  write(from: number, to: number, of: number): Promise<void>
}

/** The number of messages per write. */
const batch = 200

/** Writes messages: the given number a second, or as fast as the sink accepts them. Ends with the sink. */
export async function flood(sink: Sink, count: number, rate?: number): Promise<void> {
  const startedAt = performance.now()
  let number = 0
  while (number < count && !sink.isClosed) {
    const elapsed = performance.now() - startedAt
    const due = Math.min(count, rate === undefined ? number + batch : Math.floor((rate * elapsed) / 1_000))
    if (due > number) await sink.write(number, due, count)
    number = Math.max(number, due)
    if (rate !== undefined) await sleep(10, undefined, { ref: false })
  }
}

/** Injects frames into a plain JSON connection. */
export function lineSink(line: Line): Sink {
  const frame = (number: number, of: number): Buffer =>
    textFrame(JSON.stringify({ type: 'flood', number, of }))
  return {
    get isClosed() {
      return line.stream.destroyed
    },
    write: (from, to, of) =>
      line.inject(
        Buffer.concat(Array.from({ length: to - from }, (_, index) => frame(from + index + 1, of))),
      ),
  }
}

/** Sends events of a session. Events beyond its window wait in the hub. */
export function sessionSink(peer: Visitor): Sink {
  let isClosed = false
  peer.onClose(() => (isClosed = true))
  return {
    get isClosed() {
      return isClosed
    },
    async write(from, to, of) {
      for (let number = from + 1; number <= to; number++) peer.send('flood', { number, of })
      await turn()
    },
  }
}
