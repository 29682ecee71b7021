// Nodes in slots, which are replaced while clients use them.
import { upTo } from '../session/pair.ts'
import type { Node, Nodes } from './nodes.ts'

/** Several nodes, in slots: a node that is drained leaves its slot to the next one. */
export interface Fleet extends AsyncDisposable {
  /** What it is, for people. */
  readonly about: string
  readonly nodes: Nodes
  /** The number of slots. */
  readonly size: number
  /** Where the next dial goes. Every dial may lead to another node, whatever the client. */
  url(): string
  /** Drains the node of a slot, and starts another one in its place. Resolves when the new one accepts connections. */
  replace(slot: number): Promise<void>
}

/** Nodes that clients dial in turn. */
export async function startFleet(about: string, nodes: Nodes, size: number): Promise<Fleet> {
  const slots: (Node | undefined)[] = []
  let dials = 0
  for (const slot of upTo(size)) slots[slot] = await nodes.start()
  return {
    about,
    nodes,
    size,
    url() {
      const present = slots.filter((node) => node !== undefined)
      return present[dials++ % present.length]!.url
    },
    async replace(slot) {
      const node = slots[slot]
      slots[slot] = undefined
      await node?.drain()
      slots[slot] = await nodes.start()
    },
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  }
}
