import { randomBytes } from 'node:crypto'
import type { LogBounds, NewEntry, Position } from '@holdfast/server'
import type { Commands } from './commands.ts'
import { unavailable } from './errors.ts'
import type { Keys } from './keys.ts'
import { append } from './scripts.ts'
import { milliseconds } from './milliseconds.ts'

/** How many publications go to Redis at once, and how many UTF-16 units. One may always go alone. */
const maxBatch = 100
const maxBatchLength = 262_144
/** How many ids of publications a log remembers at least, to recognize repeated ones. */
const rememberedIds = 100

interface Waiting {
  readonly publication: NewEntry
  readonly bounds: LogBounds
  readonly resolve: (position: Position) => void
  readonly reject: (error: unknown) => void
}

/**
 * Appends the publications of a node, one batch of a channel at a time: so they have the order in which they were given, also when a
 * batch is executed later than it is answered.
 */
export class Publications {
  readonly #commands: Commands
  readonly #keys: Keys
  readonly #lifetime: number
  /** The channels with a batch under way. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(commands: Commands, keys: Keys, lifetime: number) {
    this.#commands = commands
    this.#keys = keys
    this.#lifetime = lifetime
  }

  append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position> {
    return new Promise((resolve, reject) => {
      const waiting = { publication, bounds, resolve, reject }
      const queue = this.#waiting.get(channel)
      if (queue) queue.push(waiting)
      else void this.#send(channel, [waiting])
    })
  }

  close(): void {
    for (const queue of this.#waiting.values())
      for (const { reject } of queue.splice(0)) reject(unavailable('the node is closed'))
  }

  async #send(channel: string, queue: Waiting[]): Promise<void> {
    this.#waiting.set(channel, queue)
    while (queue.length > 0) {
      const batch = queue.splice(0, batchSize(queue))
      try {
        const positions = await this.#append(channel, batch)
        for (const [index, { resolve }] of batch.entries()) resolve(positions[index]!)
      } catch (error) {
        // The others would wait as long, and fail as well.
        for (const { reject } of [...batch, ...queue.splice(0)]) reject(error)
      }
    }
    this.#waiting.delete(channel)
  }

  async #append(channel: string, batch: readonly Waiting[]): Promise<Position[]> {
    const { base, log, ids } = this.#keys.channel(channel)
    const { maxMessages, maxBytes, maxAge } = batch[0]!.bounds
    const lifetime = Math.max(this.#lifetime, maxAge)
    const numbers = [milliseconds(lifetime), `${maxMessages}`, `${maxBytes}`, milliseconds(maxAge)]
    const args = [randomBytes(9).toString('base64url'), ...numbers, `${rememberedIds}`]
    for (const { publication } of batch) {
      const { id, text } = publication
      args.push(id, `${id.length}`, text, `${text.length}`)
    }
    const [epoch, ...offsets] = (await this.#commands.run(append, [base, log, ids], args)) as string[]
    return batch.map(({ publication: { id } }, index) => ({
      epoch: epoch!,
      offset: Number(offsets[index]),
      id,
    }))
  }
}

/** How many go together: those with the same bounds, up to a size. */
function batchSize(queue: readonly Waiting[]): number {
  const [{ bounds }] = queue as readonly [Waiting]
  let length = 0
  const end = queue.findIndex(({ publication, bounds: own }, index) => {
    length += publication.text.length
    return index > 0 && (index === maxBatch || own !== bounds || length > maxBatchLength)
  })
  return end < 0 ? queue.length : end
}
