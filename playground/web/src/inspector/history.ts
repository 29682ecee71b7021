import { payloadText } from './payload.ts'

export type Direction = 'in' | 'out' | 'invalid'

/** A message that passes through the client. */
export interface Message {
  /** In milliseconds since the Unix epoch. */
  readonly at: number
  readonly direction: Direction
  /** Undefined for messages that are not events. */
  readonly name: string | undefined
  readonly data?: unknown
  /** The outcome so far; absent for inbound messages that were handled. */
  readonly outcome?: () => { readonly status: string; readonly reason?: string } | undefined
}

/** A stored message: its payload is text, of bounded length. */
export interface Entry extends Omit<Message, 'data'> {
  readonly payload: string
}

export interface Filter {
  /** In any case, in the name or the payload. */
  readonly text: string
  readonly direction: Direction | 'all'
}

/** The last messages, and the ones added since the last call. */
export interface History {
  /** Oldest first. */
  readonly entries: readonly Entry[]
  add(message: Message): void
  /** Converts the messages added since the last call to entries, and returns them. */
  take(): readonly Entry[]
  clear(): void
}

/**
 * Keeps the last messages, up to twice the capacity during bursts.
 *
 * Adding a message is cheap: it becomes text only when it is taken, unless it was dropped by then.
 */
export function createHistory(capacity: number): History {
  const entries: Entry[] = []
  const added: Message[] = []

  return {
    entries,
    add(message) {
      added.push(message)
      trim(added, capacity)
    },
    take() {
      const taken = added
        .slice(-capacity)
        .map(({ data, ...rest }) => ({ ...rest, payload: payloadText(data) }))
      added.length = 0
      entries.push(...taken)
      trim(entries, capacity)
      return taken
    },
    clear() {
      entries.length = added.length = 0
    },
  }
}

/** Removes the beginning of a list, once it is twice as long as allowed. Returns the number of removed elements. */
export function trim(list: unknown[], capacity: number): number {
  if (list.length < 2 * capacity) return 0
  return list.splice(0, list.length - capacity).length
}

export function matcher({ text, direction }: Filter): (entry: Entry) => boolean {
  const wanted = text.toLowerCase()
  return (entry) =>
    (direction === 'all' || entry.direction === direction) &&
    `${entry.name ?? ''} ${entry.payload}`.toLowerCase().includes(wanted)
}
