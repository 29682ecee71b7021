import type { Member, Members } from '@holdfast/server'
import type { Commands } from './commands.ts'
import type { Keys } from './keys.ts'
import type { Lease } from './lease.ts'
import { milliseconds } from './milliseconds.ts'
import { ParkedOwners } from './parked-owners.ts'
import { parkMember, readMembers, removeMember, removeOwner, setMember } from './scripts.ts'

/** The length of the owner before the value of a member. */
const ownerLength = 22

/** The members that this node has set, and the owner of each, which is an id that the node had at that time. */
export class OwnMembers {
  readonly #commands: Commands
  readonly #keys: Keys
  readonly #lease: Lease
  readonly #lifetime: number
  readonly #parkedOwners: ParkedOwners
  readonly #channels = new Map<string, Map<string, string>>()

  constructor(commands: Commands, keys: Keys, lease: Lease, lifetime: number) {
    this.#commands = commands
    this.#keys = keys
    this.#lease = lease
    this.#lifetime = lifetime
    this.#parkedOwners = new ParkedOwners(commands, keys, lifetime)
  }

  get channels(): Iterable<string> {
    return this.#channels.keys()
  }

  async set(channel: string, { key, identity, data }: Member): Promise<void> {
    let known = this.#channels.get(channel)
    if (!known) this.#channels.set(channel, (known = new Map()))
    // Noted before there is an owner, so that the channel is not given up meanwhile.
    known.set(key, known.get(key) ?? '')
    const owner = await this.#lease.enter(channel)
    known.set(key, owner)
    const { base, members } = this.#keys.channel(channel)
    const value = JSON.stringify(data === undefined ? [identity] : [identity, data])
    await this.#commands.run(setMember, [base, members], [key, owner, value, milliseconds(this.#lifetime)])
  }

  async remove(channel: string, key: string): Promise<void> {
    await this.#giveUp(channel, key, async (owner) => {
      const { base, members } = this.#keys.channel(channel)
      await this.#commands.run(removeMember, [base, members], [key, owner])
    })
  }

  /** Gives a member up, which leaves after `ttl` milliseconds unless a node sets it. */
  async park(channel: string, key: string, ttl: number): Promise<void> {
    await this.#giveUp(channel, key, async (owner) => {
      const parked = await this.#parkedOwners.enter(channel, ttl)
      const { base, members } = this.#keys.channel(channel)
      const lifetime = milliseconds(ttl + this.#lifetime)
      await this.#commands.run(parkMember, [base, members], [key, owner, parked, lifetime])
    })
  }

  async #giveUp(channel: string, key: string, run: (owner: string) => Promise<void>): Promise<void> {
    const known = this.#channels.get(channel)
    const owner = known?.get(key)
    if (!known || owner === undefined) return
    await run(owner)
    if (known.get(key) === owner) known.delete(key)
    if (known.size > 0 || this.#channels.get(channel) !== known) return
    this.#channels.delete(channel)
    this.#lease.leave(channel)
  }

  /** Removes all of them. */
  async clear(): Promise<void> {
    const removals: Promise<unknown>[] = []
    for (const [channel, known] of this.#channels) {
      const { base, members } = this.#keys.channel(channel)
      for (const owner of new Set(known.values()))
        removals.push(this.#commands.run(removeOwner, [base, members], [owner]))
    }
    this.#channels.clear()
    await Promise.all(removals)
  }
}

/** All members of a channel, the run of Redis from which they are, and who has set them. */
export interface RunMembers {
  readonly run: string
  readonly members: Members
  readonly owners: ReadonlySet<string>
}

export async function listMembers(
  commands: Commands,
  keys: Keys,
  channel: string,
  lifetime: number,
): Promise<RunMembers> {
  const { base, members } = keys.channel(channel)
  const answer = await commands.run(readMembers, [base, members], [milliseconds(lifetime)])
  const [run, fields] = answer as [string, string[]]
  const all: Member[] = []
  const owners = new Set<string>()
  let version = 0
  for (let index = 0; index < fields.length; index += 2) {
    const [field, value] = fields.slice(index, index + 2) as [string, string]
    if (field === 'v') version = Number(value)
    else {
      owners.add(value.slice(0, ownerLength))
      all.push(memberOf(field.slice(1), value.slice(ownerLength)))
    }
  }
  return { run, members: { version, members: all }, owners }
}

export function memberOf(key: string, value: string): Member {
  const [identity, data] = JSON.parse(value) as [string | null, string?]
  return { key, identity, data }
}
