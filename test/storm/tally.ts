/** What a storm looked like from the server. Moments are in milliseconds since the server died. */
export interface Tally {
  /** A dial reached the server, or the place where it was. */
  attempted(at: number): void
  /** The server let one in. */
  admitted(at: number): void
  /** A client is back, as it sees it. */
  back(client: number, at: number): void
  /** It is not any more. */
  gone(client: number): void
  readonly backCount: number
  readonly totals: () => Totals
}

export interface Totals {
  /** Attempts in each 100 ms since the server died. */
  readonly buckets: readonly number[]
  readonly attempts: number
  /** The most attempts in one of the buckets. */
  readonly peak: number
  /** The most attempts in one of the buckets since the server was back. */
  readonly peakAfter: number
  /** The most that were let in within any second. */
  readonly mostAdmitted: number
  /** How many did not come back. */
  readonly never: number
  /** When half of the clients, 99 % and all of them were back; Infinity if they never were. */
  readonly half: number
  readonly most: number
  readonly all: number
}

export const bucketSpan = 100

export function createTally(clients: number, returnsAt: number): Tally {
  const buckets: number[] = []
  const admissions: number[] = []
  const returns = new Float64Array(clients).fill(Infinity)
  let backCount = 0
  let attempts = 0

  return {
    attempted(at) {
      attempts++
      const index = Math.floor(at / bucketSpan)
      while (buckets.length <= index) buckets.push(0)
      buckets[index]!++
    },
    admitted: (at) => void admissions.push(at),
    back(client, at) {
      backCount++
      returns[client] = at
    },
    gone(client) {
      if (returns[client]! < Infinity) backCount--
      returns[client] = Infinity
    },
    get backCount() {
      return backCount
    },
    totals() {
      const sorted = returns.toSorted()
      const reached = (part: number): number => sorted[Math.ceil(part * clients) - 1]!
      const most = (from: number): number =>
        buckets.slice(Math.floor(from / bucketSpan)).reduce((a, b) => Math.max(a, b), 0)
      return {
        buckets,
        attempts,
        peak: most(0),
        peakAfter: most(returnsAt),
        mostAdmitted: mostWithin(admissions, 1_000),
        never: clients - backCount,
        half: reached(0.5),
        most: reached(0.99),
        all: reached(1),
      }
    },
  }
}

/** The most of some moments, given in order, that lie within a span of that length. */
function mostWithin(moments: readonly number[], span: number): number {
  let most = 0
  let first = 0
  for (const [index, at] of moments.entries()) {
    while (moments[first]! <= at - span) first++
    most = Math.max(most, index - first + 1)
  }
  return most
}
