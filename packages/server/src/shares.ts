/** The owner of an item: an identity, or null; and an address, which is empty if it is not known. */
export interface Owner {
  readonly identity: string | null
  readonly address: string
}

/**
 * Items of many clients, counted by identity and by address, to find the owner of the most. Every operation takes
 * constant time.
 */
export interface Shares<T> {
  add(item: T, owner: Owner): Share<T>
  delete(share: Share<T>): void
  /** The owner of the most, and its first item. Owners without a known identity or address count as one address. */
  readonly greediest: Greediest<T> | undefined
}

export interface Greediest<T> {
  readonly oldest: T
  readonly kind: 'identity' | 'address'
  readonly name: string
  /** The number of its items. */
  readonly count: number
}

/** Where an item is counted. */
export interface Share<T> {
  readonly identity: Entry<T> | undefined
  readonly address: Entry<T> | undefined
}

/** How many identities may share one address: an address may have that many times as much as an identity. */
const identitiesPerAddress = 8

export function createShares<T>(): Shares<T> {
  const identities = new Accounts<T>()
  const addresses = new Accounts<T>()

  return {
    add(item, owner) {
      const { identity, address } = owner
      return {
        identity: identity === null ? undefined : identities.add(identity, item),
        address: countsByAddress(owner) ? addresses.add(address, item) : undefined,
      }
    },
    delete({ identity, address }) {
      if (identity) identities.delete(identity)
      if (address) addresses.delete(address)
    },
    get greediest(): Greediest<T> | undefined {
      const kind = identities.most * identitiesPerAddress >= addresses.most ? 'identity' : 'address'
      const account = kind === 'identity' ? identities.greediest : addresses.greediest
      if (!account) return undefined
      const { name, count, first } = account
      return { oldest: first!.item, kind, name, count }
    },
  }
}

/** Returns whether an item counts for the address: an item with an identity does so if the address is known. */
export function countsByAddress({ identity, address }: Owner): boolean {
  return identity === null || address !== ''
}

/** One item of one account. */
class Entry<T> {
  readonly item: T
  readonly account: Account<T>
  before: Entry<T> = this
  after: Entry<T> = this

  constructor(item: T, account: Account<T>) {
    this.item = item
    this.account = account
  }
}

/** The items of one identity or one address. */
class Account<T> {
  readonly name: string
  count = 0
  /** The entry that was added first. */
  first: Entry<T> | undefined = undefined
  before: Account<T> = this
  after: Account<T> = this

  constructor(name: string) {
    this.name = name
  }
}

class Accounts<T> {
  /** The largest number of items of an account. */
  most = 0
  readonly #accounts = new Map<string, Account<T>>()
  /** For each number, the account that has had it for the longest time. */
  readonly #byCount: (Account<T> | undefined)[] = []

  get greediest(): Account<T> | undefined {
    return this.#byCount[this.most]
  }

  add(name: string, item: T): Entry<T> {
    let account = this.#accounts.get(name)
    if (!account) this.#accounts.set(name, (account = new Account(name)))
    const entry = new Entry(item, account)
    account.first = append(account.first, entry)
    this.#count(account, account.count + 1)
    return entry
  }

  delete(entry: Entry<T>): void {
    const { account } = entry
    account.first = remove(account.first!, entry)
    this.#count(account, account.count - 1)
    if (account.count === 0) this.#accounts.delete(account.name)
  }

  #count(account: Account<T>, count: number): void {
    const byCount = this.#byCount
    if (account.count > 0) byCount[account.count] = remove(byCount[account.count]!, account)
    account.count = count
    if (count > 0) byCount[count] = append(byCount[count], account)
    if (count > this.most || !byCount[this.most]) this.most = count
  }
}

/** An element of a ring: a circular list, identified by its first element. */
interface Ringed<Node> {
  before: Node
  after: Node
}

/** Adds an element as the last one. Returns the first one. */
function append<Node extends Ringed<Node>>(first: Node | undefined, node: Node): Node {
  if (!first) return node
  node.before = first.before
  node.after = first
  first.before = node.before.after = node
  return first
}

/** Removes an element. Returns the first one. */
function remove<Node extends Ringed<Node>>(first: Node, node: Node): Node | undefined {
  const { before, after } = node
  before.after = after
  after.before = before
  node.before = node.after = node
  if (first !== node) return first
  return after === node ? undefined : after
}
