import { isIPv4, isIPv6 } from 'node:net'

/** How many of something there are by address, as far as addresses are limited. */
export interface AddressTally {
  readonly size: number
  /** Whether there are as many as there may be. */
  isFull(address: string): boolean
  add(address: string): void
  delete(address: string): void
}

/** An empty address is not counted. */
export function createAddressTally(max: number): AddressTally {
  const counts = new Map<string, number>()
  return {
    get size() {
      return counts.size
    },
    isFull: (address) => (counts.get(address) ?? 0) >= max,
    add(address) {
      if (address !== '') counts.set(address, (counts.get(address) ?? 0) + 1)
    },
    delete(address) {
      const count = counts.get(address)
      if (count === undefined) return
      if (count > 1) counts.set(address, count - 1)
      else counts.delete(address)
    },
  }
}

/**
 * What an address is counted as: IPv6 by its first 64 bits, because whoever has one such address has them all.
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

/** The last one is that of providers and clouds, whose load balancers have such addresses: RFC 6598. */
const localNetworks =
  /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./

/** Whether an address is that of a machine in the same network, which is most likely a proxy. */
export function isLocal(address: string): boolean {
  const counted = countedAs(address)
  if (isIPv4(counted)) return localNetworks.test(counted)
  return address === '::1' || /^(fe[89ab]|f[cd])/i.test(address)
}
