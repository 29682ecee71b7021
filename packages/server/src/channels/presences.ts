import type { Clock } from '@holdfast/protocol'
import type { BrokerLink } from './broker-link.ts'
import type { Members } from './broker.ts'
import { MemberView } from './member-view.ts'
import { OwnMembers } from './own-members.ts'
import { Presence } from './presence.ts'
import type { PresenceHost, PresenceWatcher } from './presence.ts'

/** The members of the channels of a hub: its own members, and those of all hubs where its clients want to know them. */
export class Presences implements PresenceHost {
  readonly clock: Clock
  readonly own: OwnMembers
  readonly #link: BrokerLink
  readonly #presences = new Map<string, Presence>()

  constructor(clock: Clock, link: BrokerLink) {
    this.clock = clock
    this.own = new OwnMembers(clock, link)
    this.#link = link
    link.onMember = (channel, change) => this.#presences.get(channel)?.take(change)
    link.onReset(() => this.#reset())
  }

  /** The hub must be subscribed to the channel as long as a client watches it. */
  watch(channel: string, byIdentity: boolean, watcher: PresenceWatcher): void {
    let presence = this.#presences.get(channel)
    if (!presence) this.#presences.set(channel, (presence = new Presence(this, channel, byIdentity)))
    presence.add(watcher)
  }

  unwatch(channel: string, watcher: PresenceWatcher): void {
    const presence = this.#presences.get(channel)
    presence?.delete(watcher)
    if (presence?.size !== 0) return
    presence.close()
    this.#presences.delete(channel)
  }

  /** Reads the members of a channel, each member encoded. */
  async list(channel: string, byIdentity: boolean): Promise<string[]> {
    const view = new MemberView(byIdentity)
    view.load(await this.members(channel))
    view.changes()
    return [...view.sent]
  }

  members(channel: string): Promise<Members> {
    return this.#link.members(channel)
  }

  failed(error: unknown): void {
    this.#link.failed(error)
  }

  async close(): Promise<void> {
    for (const presence of this.#presences.values()) presence.close()
    this.#presences.clear()
    // The members of sessions that moved stay, so the broker has to know of them.
    await this.own.finish()
    this.own.clear()
  }

  #reset(): void {
    this.own.assert()
    for (const presence of this.#presences.values()) presence.reset()
  }
}
