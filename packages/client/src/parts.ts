import type { Schemas, SendOptions, Sent } from '@holdfast/protocol'
import type { Ports } from './platform/ports.ts'
import type { ClientOutbox } from './store.ts'
import type { Waits } from './waits.ts'
import type { BoundWire, Encoded } from './wire/wire.ts'

/** The key of the {@link ClientParts}. Registered, because a program may have two copies of the package. */
export const partsKey: unique symbol = /* @__PURE__ */ Symbol.for('holdfast.parts')

/** The parts of a client on which features build that are imported. */
export interface ClientParts {
  readonly bound: BoundWire
  readonly contract: Schemas | undefined
  readonly ports: Ports
  readonly outbox: ClientOutbox
  readonly waits: Waits
  /** Queues an encoded message. */
  post(payload: Encoded, name: string | undefined, how?: SendOptions): Sent
}

/** Requests are not persisted: after a reload, no caller would receive the answer. */
export const memoryOnly: SendOptions = { durability: 'memory' }
