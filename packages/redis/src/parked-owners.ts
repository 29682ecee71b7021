import type { Commands } from './commands.ts'
import { unavailable } from './errors.ts'
import type { Keys } from './keys.ts'
import { newId } from './lease.ts'
import { milliseconds } from './milliseconds.ts'
import { enterParked } from './scripts.ts'

/** For how long members get the same owner, in milliseconds. They may leave later by so much. */
const sharedTime = 1_000

interface ParkedOwner {
  readonly id: string
  readonly ttl: number
  readonly madeAt: number
  /** The channels that are noted under the id. */
  readonly noted: Set<string>
}

/**
 * The owners of members that no node has. Each is the id of a node that never was, with a lease that no node renews: when it ends,
 * the node that removes the members of dead nodes removes those of the owner.
 */
export class ParkedOwners {
  readonly #commands: Commands
  readonly #keys: Keys
  readonly #lifetime: number
  #last: ParkedOwner | undefined

  constructor(commands: Commands, keys: Keys, lifetime: number) {
    this.#commands = commands
    this.#keys = keys
    this.#lifetime = lifetime
  }

  /** Returns an owner for a member that leaves after so many milliseconds, after it is noted that it has some in the channel. */
  async enter(channel: string, ttl: number): Promise<string> {
    const owner = this.#use(ttl)
    if (owner.noted.has(channel)) return owner.id
    const lease = ttl + sharedTime
    const times = [milliseconds(lease), milliseconds(lease + this.#lifetime)] as const
    const keys = [this.#keys.nodes, this.#keys.channelsOf(owner.id)]
    const args = [owner.id, times[0], channel, times[1]]
    if ((await this.#commands.run(enterParked, keys, args)) !== 1) {
      if (this.#last === owner) this.#last = undefined
      throw unavailable('the call was late')
    }
    owner.noted.add(channel)
    return owner.id
  }

  #use(ttl: number): ParkedOwner {
    const now = performance.now()
    const isOver = !this.#last || now - this.#last.madeAt > sharedTime || this.#last.ttl !== ttl
    if (isOver) this.#last = { id: newId(), ttl, madeAt: now, noted: new Set() }
    return this.#last!
  }
}
