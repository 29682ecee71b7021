/** Whom something is kept for: an identity, or null; and an address, which is empty if it is not known. */
export interface Owner {
  readonly identity: string | null
  readonly address: string
}

/** Who had more than its share. */
export interface Greedy {
  readonly kind: 'identity' | 'address'
  readonly name: string
  /** How many items it has left. */
  readonly left: number
}

/** How many identities may stand behind one address: it may have so many times as much as an identity. */
const identitiesPerAddress = 8

/**
 * Gives up `count` of the items, which come in the order of their age, at the expense of those who have the most: down to
 * the share at which there is room, and the oldest first. Whoever has less than that loses nothing.
 *
 * Those of whom neither the identity nor the address is known have one share, as an address has.
 *
 * Looks at every item, so many should be given up at a time.
 */
export function evictFairly<T extends Owner>(
  items: readonly T[],
  count: number,
  evict: (item: T, greedy: Greedy) => void,
): void {
  const identities = new Map<string, number>()
  const addresses = new Map<string, number>()
  const add = (counts: Map<string, number>, name: string, more: number): void =>
    void counts.set(name, (counts.get(name) ?? 0) + more)
  for (const item of items) {
    if (item.identity !== null) add(identities, item.identity, 1)
    if (countsByAddress(item)) add(addresses, item.address, 1)
  }

  const share = shareFor(count, [...identities.values()], [...addresses.values()])
  let left = count
  for (const item of items) {
    if (left === 0) return
    const { identity, address } = item
    const byIdentity = identity === null ? 0 : identities.get(identity)!
    const byAddress = countsByAddress(item) ? addresses.get(address)! : 0
    const isGreedy = byIdentity > share
    if (!isGreedy && byAddress <= share * identitiesPerAddress) continue
    left--
    if (identity !== null) add(identities, identity, -1)
    if (countsByAddress(item)) add(addresses, address, -1)
    if (isGreedy) evict(item, { kind: 'identity', name: identity!, left: byIdentity - 1 })
    else evict(item, { kind: 'address', name: address, left: byAddress - 1 })
  }
}

/** Whether something counts for the address: of somebody with a name, it does so when it is known. */
export function countsByAddress({ identity, address }: Owner): boolean {
  return identity === null || address !== ''
}

/** The largest share of an identity at which at least `count` items are above a share. */
function shareFor(count: number, identities: readonly number[], addresses: readonly number[]): number {
  const above = (counts: readonly number[], share: number): number =>
    counts.reduce((sum, have) => sum + Math.max(0, have - share), 0)
  let share = 0
  let tooLarge = Infinity
  while (tooLarge - share > 1) {
    const next = tooLarge === Infinity ? Math.max(1, share * 2) : Math.floor((share + tooLarge) / 2)
    const isEnough =
      above(identities, next) >= count || above(addresses, next * identitiesPerAddress) >= count
    if (isEnough) share = next
    else tooLarge = next
  }
  return share
}
