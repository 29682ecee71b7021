import type { Clock } from '@holdfast/protocol'
import type { Position } from '../channels/broker.ts'
import type { Limits } from '../limits.ts'
import { joinBroadcasts } from './entry.ts'

/** How long a broadcast waits for the broker, in milliseconds. */
const patience = 60_000
const shortestPause = 100
const longestPause = 1_000
/** How much is one entry of the log. */
const maxBatch = 64
const maxBatchLength = 262_144

export interface BroadcastQueueHost {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'maxBufferedMessages' | 'maxBufferedBytes'>
  newId(): string
  /** Appends an entry to the log. An entry with the same id may be repeated. */
  append(id: string, text: string): Promise<Position>
  /** The broker has failed. */
  failed(error: unknown): void
  /** These broadcasts are in the log. */
  appended(ids: readonly string[], position: Position): void
  /** These broadcasts do not reach the other hubs. */
  dropped(ids: readonly string[]): void
}

interface Waiting {
  readonly id: string
  readonly text: string
  readonly until: number
}

/** The broadcasts of this hub on their way to the others: in order, one call of the broker at a time, repeated while it fails. */
export class BroadcastQueue {
  readonly #host: BroadcastQueueHost
  readonly #waiting: Waiting[] = []
  #length = 0
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(host: BroadcastQueueHost) {
    this.#host = host
  }

  add(id: string, text: string): void {
    const { clock, dropped, limits } = this.#host
    const isFull =
      this.#waiting.length >= limits.maxBufferedMessages ||
      this.#length + text.length > limits.maxBufferedBytes
    if (isFull || this.#isClosed) return dropped([id])
    this.#length += text.length
    this.#waiting.push({ id, text, until: clock.now() + patience })
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  /** Resolves when all have left, or were given up. */
  async settled(): Promise<void> {
    await this.#running
  }

  close(): void {
    this.#isClosed = true
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#batchSize())
      const position = await this.#append(batch)
      for (const { text } of this.#waiting.splice(0, batch.length)) this.#length -= text.length
      const ids = batch.map(({ id }) => id)
      if (position) this.#host.appended(ids, position)
      else this.#host.dropped(ids)
    }
  }

  #batchSize(): number {
    let length = 0
    const end = this.#waiting.findIndex(({ text }, index) => {
      length += text.length
      return index > 0 && (index === maxBatch || length > maxBatchLength)
    })
    return end < 0 ? this.#waiting.length : end
  }

  /** Undefined if the broker fails for too long. */
  async #append(batch: readonly Waiting[]): Promise<Position | undefined> {
    const { append, clock, failed, newId } = this.#host
    const [{ until }] = batch as readonly [Waiting]
    const id = newId()
    const text = joinBroadcasts(batch.map((each) => each.text))
    for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2))
      try {
        return await append(id, text)
      } catch (error) {
        failed(error)
        if (this.#isClosed || clock.now() >= until) return undefined
        await new Promise<void>((resolve) => clock.setTimer(resolve, pause, true))
      }
  }
}
