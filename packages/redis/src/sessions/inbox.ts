import type { Commands } from '../commands.ts'
import type { Keys } from '../keys.ts'
import { newId } from '../lease.ts'
import { PubSub } from '../pub-sub.ts'
import { decodeMessage } from './messages.ts'
import type { HubMessage } from './messages.ts'
import { tell } from './scripts.ts'

export interface InboxHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly timeout: number
  readonly probeInterval: number
  /** The name of this hub. */
  readonly hub: string
  heard(message: HubMessage): void
  /** Messages may be missing. */
  reset(): void
}

/** The messages of hubs for each other, which may be lost. */
export class Inbox {
  readonly #host: InboxHost
  readonly #pubSub: PubSub
  readonly #name: string
  #isListening = false
  #isClosed = false

  constructor(host: InboxHost) {
    const { commands, keys, timeout, probeInterval, hub } = host
    this.#host = host
    this.#name = keys.inbox(hub)
    const message = (_: string, text: string): void => this.#heard(text)
    const reset = (): void => host.reset()
    this.#pubSub = new PubSub({ commands, keys, timeout, node: newId(), message, reset }, probeInterval)
    this.listen()
  }

  /** Tries again to listen, if that has failed. */
  listen(): void {
    if (this.#isListening || this.#isClosed) return
    this.#isListening = true
    this.#pubSub.subscribe(this.#name).catch(() => (this.#isListening = false))
  }

  /** Sends a message to a hub, and returns whether that hub is alive. */
  async tell(hub: string, message: string): Promise<boolean> {
    const { commands, keys } = this.#host
    return (await commands.run(tell, [keys.nodes, keys.inbox(hub)], [hub, message])) === 1
  }

  /** Resolves when everything has arrived that other hubs have sent to this one before. */
  async heardAll(): Promise<void> {
    await this.#pubSub.isOf(this.#name, '')
  }

  close(): void {
    this.#isClosed = true
    this.#pubSub.close()
  }

  #heard(text: string): void {
    if (!this.#isClosed) this.#host.heard(decodeMessage(text))
  }
}
