import type { Control, Frame } from './frame.ts'
import type { Window } from './session.ts'

/** The items of one message that were not delivered yet. */
interface Arrival {
  readonly items: readonly (Frame | Control)[]
  /** The size that counts until the last item is delivered. */
  readonly bytes: number
  /** The number of volatile ones that were dropped right after it, because too many waited. */
  dropped: number
  done: number
}

const nothing = { bytes: 0, dropped: 0 }

/** The frames and controls that came in on one connection and wait to be delivered, in order. */
export class Arrivals {
  /** The number of waiting frames and controls. */
  count = 0
  /** The size of the messages that they came in. */
  bytes = 0
  #messages: Arrival[] = []

  /** Adds the items of a message of that size. Drops volatile ones of them if too many wait. */
  add(items: readonly (Frame | Control)[], bytes: number, limits: Window): void {
    // A volatile message may be lost, so a flood of them must not fill the memory.
    const isFull = this.count >= limits[0] || this.bytes >= limits[1]
    const taken = isFull ? items.filter(([seq]) => seq !== 0) : items
    const dropped = items.length - taken.length
    if (taken.length === 0) return void (this.#messages.at(-1)!.dropped += dropped)
    // Traffic outside the window must not count towards it: neither a message that is in flight alone, nor volatile
    // messages.
    const counted = Math.min(dropped > 0 ? JSON.stringify(taken).length : bytes, limits[1])
    this.#messages.push({ items: taken, bytes: counted, dropped, done: 0 })
    this.count += taken.length
    this.bytes += counted
  }

  /** The item that is delivered next. */
  get next(): Frame | Control | undefined {
    const message = this.#messages[0]
    return message?.items[message.done]
  }

  /** Removes the next item. With the last item of a message, returns the facts about that message. */
  shift(): Pick<Arrival, 'bytes' | 'dropped'> {
    const message = this.#messages[0]!
    this.count--
    if (++message.done < message.items.length) return nothing
    this.#messages.shift()
    this.bytes -= message.bytes
    return message
  }

  clear(): void {
    this.#messages = []
    this.count = this.bytes = 0
  }
}
