/** How long a packet takes from a client to the server or back, in milliseconds: a number for each client. */
export function latencies(clients: number, random: () => number): Float64Array {
  return Float64Array.from({ length: clients }, () => 10 + 90 * random())
}

/** The middle one of several numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
