import { payloadText } from './payload.ts'

export type Direction = 'in' | 'out' | 'invalid'

/** A message as it goes by. */
export interface Message {
  /** In milliseconds since the Unix epoch. */
  readonly at: number
  readonly direction: Direction
  /** Undefined for what is not an event. */
  readonly name: string | undefined
  readonly data?: unknown
  /** What became of it, as far as it is known now; absent for what came in and was handled. */
  readonly outcome?: () => { readonly status: string; readonly reason?: string } | undefined
}

/** A message as it is kept: its payload is text, of bounded length. */
export interface Entry extends Omit<Message, 'data'> {
  readonly payload: string
}

export interface Filter {
  /** In any case, in the name or the payload. */
  readonly text: string
  readonly direction: Direction | 'all'
}

/** The last messages, and what has been added to them. */
export interface History {
  /** Oldest first. */
  readonly entries: readonly Entry[]
  add(message: Message): void
  /** Makes entries of what was added since the last time, and gives them. */
  take(): readonly Entry[]
  clear(): void
}

/**
 * Keeps the last messages, up to twice the capacity while many come.
 *
 * Adding one costs next to nothing: text is made of it when it is taken, if it has not been pushed out by then.
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

/** Cuts off the beginning of a list, not before it is twice as long as it may be. Gives how much that was. */
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
