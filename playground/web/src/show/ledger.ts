/** A message on its way in one direction. */
export interface Entry {
  readonly text: string
  state: 'under way' | 'arrived' | 'lost' | 'withdrawn'
}

/** The outcomes of the messages, in numbers. */
export interface Counts {
  readonly sent: number
  readonly arrived: number
  readonly underWay: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
}

/**
 * Compares what one side sent with what the other side received.
 *
 * A message counts as lost once a later one has arrived, because connections keep the order, or once the caller knows.
 */
export interface Ledger {
  readonly counts: Counts
  readonly entries: readonly Entry[]
  sent(text: string): Entry
  arrived(text: string): Entry | undefined
  /** The sender knows that it was not delivered, so it is neither sent nor lost. */
  withdraw(entry: Entry): void
  lose(entry: Entry): void
  /** The first messages, that many, do not arrive any more if they have not. */
  settle(count: number): void
}

export function createLedger(): Ledger {
  const entries: Entry[] = []
  let latest = -1
  let twice = 0
  let outOfOrder = 0
  const count = (state: Entry['state']): number => entries.filter((entry) => entry.state === state).length
  const loseUnderWay = (before: number): void => {
    for (const entry of entries.slice(0, before)) if (entry.state === 'under way') entry.state = 'lost'
  }

  return {
    entries,
    get counts() {
      const withdrawn = count('withdrawn')
      return {
        sent: entries.length - withdrawn,
        arrived: count('arrived'),
        underWay: count('under way'),
        lost: count('lost'),
        twice,
        outOfOrder,
      }
    },
    sent(text) {
      const entry: Entry = { text, state: 'under way' }
      entries.push(entry)
      return entry
    },
    arrived(text) {
      const isOpen = ({ state, text: of }: Entry): boolean => state !== 'arrived' && of === text
      let index = entries.findIndex((entry, at) => at > latest && isOpen(entry))
      if (index < 0) index = entries.findIndex(isOpen)
      const entry = entries[index]
      if (!entry) {
        twice++
        return undefined
      }
      entry.state = 'arrived'
      if (index < latest) outOfOrder++
      latest = Math.max(latest, index)
      loseUnderWay(latest)
      return entry
    },
    withdraw(entry) {
      if (entry.state !== 'arrived') entry.state = 'withdrawn'
    },
    lose(entry) {
      entry.state = 'lost'
    },
    settle: loseUnderWay,
  }
}

export function addCounts(first: Counts, second: Counts): Counts {
  const sum = (name: keyof Counts): number => first[name] + second[name]
  return {
    sent: sum('sent'),
    arrived: sum('arrived'),
    underWay: sum('underWay'),
    lost: sum('lost'),
    twice: sum('twice'),
    outOfOrder: sum('outOfOrder'),
  }
}
