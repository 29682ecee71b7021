// Nodes of one server, of which each may be replaced while clients use it.
import type { Broker } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'

/** Several nodes, in slots: a node that is drained leaves its slot to the next one. */
export interface Fleet extends AsyncDisposable {
  /** What it is, for people. */
  readonly about: string
  /** The number of slots. */
  readonly size: number
  /** Where the next dial goes. Every dial may lead to another node, whatever the client. */
  url(): string
  /** Drains the node of a slot, and starts another one in its place. Resolves when the new one accepts connections. */
  replace(slot: number): Promise<void>
  /** Nodes send nothing more. Resolves once all that they sent is settled. */
  quiet(): Promise<void>
  /** Ends all nodes in a proper way. */
  close(): Promise<void>
  /** What all nodes saw, one history each. */
  histories(): (readonly HistoryEvent[])[]
  /** The broker of the nodes, once more. */
  broker(): Broker
}

/** How long a node gives its clients, in milliseconds. */
export const drainTimeout = 20_000
