import type { MemberView } from './member-view.ts'
import { encodeMembers } from './presence.ts'
import type { PresenceWatcher } from './presence.ts'
import type { SlowSubscriber } from './slow-subscribers.ts'

/** The client that watches, on its connection. */
export interface WatchingClient {
  readonly maxPayload: number
  readonly hasRoom: boolean
  /** Sends an encoded control. */
  send(control: string): void
  lags(subscriber: SlowSubscriber): void
}

/** How much of a list goes into one message, in UTF-16 units. */
const maxListLength = 16_384
/** How long the changes may be, in UTF-16 units: a client bounds the keys and elements of a message. */
const maxChangesLength = 131_072
/** The most bytes of a UTF-16 unit, and what a message needs beside the members. */
const bytesPerUnit = 3
const overhead = 1_024

/** A client that receives the members of a channel. While its socket is too full, changes are skipped, and then all members sent. */
export class Watching implements PresenceWatcher, SlowSubscriber {
  readonly #client: WatchingClient
  readonly #channel: string
  #skipped: MemberView | undefined

  constructor(client: WatchingClient, channel: string) {
    this.#client = client
    this.#channel = channel
  }

  all(view: MemberView): void {
    const client = this.#client
    if (!client.hasRoom) {
      this.#skipped = view
      return client.lags(this)
    }
    this.#skipped = undefined
    const maxLength = Math.min(maxListLength, (client.maxPayload - overhead) / bytesPerUnit)
    for (const text of encodeMembers(this.#channel, view, maxLength)) client.send(text)
  }

  changed(text: string, view: MemberView): void {
    const client = this.#client
    if (this.#skipped) return
    const maxLength = Math.min(maxChangesLength, client.maxPayload / bytesPerUnit)
    if (!client.hasRoom || text.length > maxLength) this.all(view)
    else client.send(text)
  }

  catchUp(): boolean {
    const view = this.#skipped
    if (view && this.#client.hasRoom) this.all(view)
    return !this.#skipped
  }
}
