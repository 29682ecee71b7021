import type { Commands } from '../commands.ts'
import type { Keys } from '../keys.ts'
import { newId } from '../lease.ts'
import { PubSub } from '../pub-sub.ts'
import type { Losses } from './losses.ts'
import { decodeMessage, encodeAborted } from './messages.ts'
import type { HubMessage } from './messages.ts'
import { tell } from './scripts.ts'

export interface InboxHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly timeout: number
  readonly probeInterval: number
  /** The name of this hub. */
  readonly hub: string
  readonly losses: Losses
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
    const { commands, hub: own, keys, losses } = this.#host
    const answer = await commands.run(tell, [keys.nodes, keys.inbox(hub)], [hub, message, own])
    const [isAlive, isOwnAlive] = answer as [number, number]
    if (isOwnAlive !== 1) losses.note()
    return isAlive === 1
  }

  /** Asks other hubs to abort handlers whose answers the client no longer waits for. `handlers` has each request and its hub. */
  abort(hash: string, handlers: readonly string[]): void {
    const requests = new Map<string, number[]>()
    for (let index = 0; index < handlers.length; index += 2) {
      const hub = handlers[index + 1]!
      if (/^(\+|$)/.test(hub)) continue
      const others = requests.get(hub)
      if (others) others.push(Number(handlers[index]))
      else requests.set(hub, [Number(handlers[index])])
    }
    for (const [hub, some] of requests) this.tell(hub, encodeAborted(hash, some)).catch(() => {})
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
    const message = this.#isClosed ? undefined : decodeMessage(text)
    if (message) this.#host.heard(message)
  }
}
