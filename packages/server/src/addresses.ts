import { isIPv4, isIPv6 } from 'node:net'

/** Counts items by address or by identity, up to a limit. */
export interface Tally {
  readonly size: number
  count(name: string): number
  /** Returns whether the limit is reached. */
  isFull(name: string): boolean
  add(name: string): void
  delete(name: string): void
}

/** An empty name is not counted. */
export function createTally(max: number): Tally {
  const counts = new Map<string, number>()
  const count = (name: string): number => counts.get(name) ?? 0
  return {
    get size() {
      return counts.size
    },
    count,
    isFull: (name) => count(name) >= max,
    add(name) {
      if (name !== '') counts.set(name, count(name) + 1)
    },
    delete(name) {
      const left = count(name) - 1
      if (left > 0) counts.set(name, left)
      else counts.delete(name)
    },
  }
}

/**
 * Returns the key under which an address is counted: IPv6 by its first 64 bits, because a client with one such
 * address has all of them.
 *
 * @see RFC 6177, section 2
 */
export function countedAs(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]!.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const first = groups(head)
  const last = tail === undefined ? [] : groups(tail)
  const zeros = Array.from<string>({ length: Math.max(0, 8 - first.length - last.length) }).fill('0')
  return [...first, ...(tail === undefined ? [] : zeros), ...last]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

/** The last network is that of carriers and clouds, whose load balancers have such addresses: RFC 6598. */
const localNetworks =
  /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./

/** Returns whether an address belongs to a machine in the same network, which is most likely a proxy. */
export function isLocal(address: string): boolean {
  const counted = countedAs(address)
  if (isIPv4(counted)) return localNetworks.test(counted)
  return address === '::1' || /^(fe[89ab]|f[cd])/i.test(address)
}
