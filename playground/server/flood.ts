import { setTimeout as sleep } from 'node:timers/promises'
import type { Line } from './line.ts'
import { textFrame } from './raw-frames.ts'

/** How many messages are written in one go. */
const batch = 200

/** Sends messages of its own over a line: a number a second, or as fast as the peer takes them. Ends with the line. */
export async function flood(line: Line, count: number, rate?: number): Promise<void> {
  const startedAt = performance.now()
  let number = 0
  while (number < count && !line.stream.destroyed) {
    const elapsed = performance.now() - startedAt
    const due = rate === undefined ? number + batch : Math.floor((rate * elapsed) / 1_000)
    const frames: Buffer[] = []
    while (number < Math.min(count, due)) frames.push(message(++number, count))
    if (frames.length > 0) await line.inject(Buffer.concat(frames))
    if (rate !== undefined) await sleep(10, undefined, { ref: false })
  }
}

function message(number: number, of: number): Buffer {
  return textFrame(JSON.stringify({ type: 'flood', number, of }))
}
