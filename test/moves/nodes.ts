import type { Broker } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'

/** A node of a server. */
export interface Node {
  /** `s0`, `s1` …: unique in a test. */
  readonly name: string
  readonly port: number
  readonly url: string
  /** Ends the node as a deploy does: it has time for its clients. */
  drain(): Promise<void>
  /** Sends nothing more. Resolves once all that it sent is settled. */
  quiet(): Promise<void>
  /** Ends the node at once, in a proper way. */
  close(): Promise<void>
  /** What its application has seen so far. */
  history(): readonly HistoryEvent[]
}

/** Nodes of one server. */
export interface Nodes<Kind extends Node = Node, Options = object> extends AsyncDisposable {
  start(options?: Options & { readonly port?: number }): Promise<Kind>
  /** Of all nodes that run. */
  quiet(): Promise<void>
  close(): Promise<void>
  /** What all nodes saw, one history each. */
  histories(): (readonly HistoryEvent[])[]
  /** The broker of the nodes, once more. */
  broker(): Broker
}

/** How long a node gives its clients when it drains, in milliseconds. */
export const drainTimeout = 20_000
