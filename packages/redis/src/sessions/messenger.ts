import type { Claim, SessionToken } from '@holdfast/server'
import type { Commands } from '../commands.ts'
import type { Keys } from '../keys.ts'
import { encodeAborted, encodeAsked, encodePosted } from './messages.ts'
import { tell } from './scripts.ts'

export interface MessengerHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly node: string
  /** This hub has no lease, so those of other hubs may be lost, too. */
  hasNoLease(): void
}

/** Sends messages to other hubs. */
export class Messenger {
  readonly #host: MessengerHost

  constructor(host: MessengerHost) {
    this.#host = host
  }

  /** Asks a hub for a session that it has under that token. Returns whether the hub is alive. */
  ask(hash: string, token: SessionToken, claim: Claim): Promise<boolean> {
    return this.#tell(token.node, encodeAsked(hash, token, claim))
  }

  /** Notifies the hub that has a session that something is in its mailbox. */
  posted(node: string, hash: string): void {
    this.#tell(node, encodePosted(hash)).catch(nothing)
  }

  /** Aborts the handlers of requests of a session: `handlers` has each request and its hub, as in the list of those that run. */
  abort(hash: string, handlers: readonly string[]): void {
    const requests = new Map<string, number[]>()
    for (let index = 0; index < handlers.length; index += 2) {
      const node = handlers[index + 1]!
      if (/^(\+|$)/.test(node)) continue
      const others = requests.get(node)
      if (others) others.push(Number(handlers[index]))
      else requests.set(node, [Number(handlers[index])])
    }
    for (const [node, some] of requests) this.#tell(node, encodeAborted(hash, some)).catch(nothing)
  }

  async #tell(node: string, message: string): Promise<boolean> {
    const { commands, keys, node: own, hasNoLease } = this.#host
    const answer = await commands.run(tell, [keys.nodes, keys.inbox(node)], [node, message, own])
    const [isAlive, isOwnAlive] = answer as [number, number]
    if (isOwnAlive !== 1) hasNoLease()
    return isAlive === 1
  }
}

/** Messages may be lost. */
function nothing(): void {}
