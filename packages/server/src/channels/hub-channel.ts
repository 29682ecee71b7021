import { misuse, utf8Length } from '@holdfast/protocol'
import type { Peer } from '../peer.ts'
import type { Position } from './broker.ts'
import type { ChannelParts } from './channel-parts.ts'
import type { Channel, ChannelMember, ChannelPage, HistoryOptions, PublishOptions } from './channel.ts'
import { readRange } from './history.ts'
import type { Identities } from './identities.ts'
import { keepTrying } from './keep-trying.ts'
import type { KindPolicy } from './kinds.ts'
import type { PeerJoinOptions } from './peer-join-options.ts'
import { encodePresence } from './presence-data.ts'
import { decodePublication, encodePublication } from './publication.ts'

/** What a channel needs of all channels of the hub. */
export interface HubChannelPorts {
  newId(): string
  identities(): Identities
  kick(peer: Peer): void
}

export class HubChannel implements Channel {
  readonly name: string
  readonly kick: (peer: Peer) => void
  readonly #parts: ChannelParts
  readonly #kind: KindPolicy
  readonly #ports: HubChannelPorts

  constructor(parts: ChannelParts, name: string, kind: KindPolicy, ports: HubChannelPorts) {
    this.name = name
    this.kick = ports.kick
    this.#parts = parts
    this.#kind = kind
    this.#ports = ports
  }

  get size(): number {
    return this.#parts.feeds.find(this.name)?.size ?? 0
  }

  async publish(
    event: string,
    data?: unknown,
    { id = this.#ports.newId(), wait = 0 }: PublishOptions = {},
  ): Promise<Position> {
    checkId(id)
    const { checksOf, clock, feeds, limits } = this.#parts
    const text = encodePublication(checksOf(this.#kind.kind), event, data)
    if (utf8Length(text) > limits.maxPublicationBytes)
      throw misuse('the publication is too large: publish less, or raise maxPublicationBytes')
    return keepTrying(clock, wait, () => feeds.append(this.name, { id, text }, this.#kind.bounds))
  }

  async join(identity: string, { presence }: PeerJoinOptions = {}): Promise<void> {
    checkIdentity(identity)
    if (this.#kind.presence) encodePresence(presence, this.#parts)
    await this.#ports.identities().join(identity, this.name, presence, this.#ports.newId())
  }

  async leave(identity: string): Promise<void> {
    checkIdentity(identity)
    await this.#ports.identities().leave(identity, this.name, this.#ports.newId())
  }

  async presence(): Promise<readonly ChannelMember[]> {
    const members = await this.#parts.presences.list(this.name, this.#kind.presence?.by === 'identity')
    return members.map((member) => {
      const [key, identity, data] = JSON.parse(member) as [string, string | null, unknown]
      return { key, identity, data }
    })
  }

  async history({ limit = 100, before }: HistoryOptions = {}): Promise<ChannelPage> {
    const range = readRange(limit, before)
    if (!range) throw misuse('limit and before are integers above 0')
    const { epoch, entries, more } = await this.#parts.feeds.history(this.name, range, Infinity)
    const publications = entries.map(({ offset, id, text }) => ({ offset, id, ...decodePublication(text) }))
    return { epoch, publications, more }
  }
}

/** Whether a value can be the id of a publication: with a lone surrogate, a store that keeps ids in UTF-8 would not find it again. */
export function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= 64 && utf8Length(id) > 0
}

/** @throws {HoldfastError} `misuse` */
export function checkId(id: unknown): void {
  if (!isId(id)) throw misuse('the id of a publication must have 1 to 64 characters')
}

/** @throws {HoldfastError} `misuse` */
export function checkIdentity(identity: unknown): void {
  if (typeof identity !== 'string') throw misuse('the identity must be a string')
}
