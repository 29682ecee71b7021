import { memory } from '../../src/index.ts'
import type {
  Broker,
  BrokerListener,
  BrokerNode,
  SessionStoreListener,
  SessionStoreNode,
} from '../../src/index.ts'

/** The part of a hub, in the order in which the hubs have opened the broker. */
interface HeldNode {
  readonly appends: (() => void)[]
  readonly deliveries: (() => void)[]
  isHeld: { append: boolean; deliver: boolean }
}

export type Held = 'append' | 'deliver'

/** A broker in memory whose calls and deliveries wait while a test holds them back. */
export class HeldBroker implements Broker {
  /** How many of the next appends fail. */
  failures = 0
  readonly #broker = memory()
  readonly #nodes: HeldNode[] = []

  open(listener: BrokerListener): BrokerNode {
    const held: HeldNode = { appends: [], deliveries: [], isHeld: { append: false, deliver: false } }
    this.#nodes.push(held)
    const node = this.#broker.open({
      ...listener,
      published: (...publication) => {
        const deliver = (): void => listener.published(...publication)
        if (held.isHeld.deliver) held.deliveries.push(deliver)
        else deliver()
      },
    })
    const append: BrokerNode['append'] = async (...entry) => {
      if (this.failures > 0) {
        this.failures--
        throw new Error('the broker fails')
      }
      if (held.isHeld.append) await new Promise<void>((resolve) => held.appends.push(resolve))
      return await node.append(...entry)
    }
    return new Proxy(node, {
      get(_, name: keyof BrokerNode) {
        return name === 'append' ? append : node[name].bind(node)
      },
    })
  }

  openSessions(listener: SessionStoreListener): SessionStoreNode {
    return this.#broker.openSessions!(listener)
  }

  hold(hub: number, what: Held): void {
    const node = this.#nodes[hub]
    if (node) node.isHeld[what] = true
  }

  release(hub: number, what: Held): void {
    const node = this.#nodes[hub]
    if (!node) return
    node.isHeld[what] = false
    for (const go of (what === 'append' ? node.appends : node.deliveries).splice(0)) go()
  }
}
