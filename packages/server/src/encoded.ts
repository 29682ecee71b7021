import type { Body } from '@holdfast/protocol'
import type { TracedMessage } from './tracer.ts'

/** An encoded message for any number of clients. */
export interface Encoded {
  readonly body: Body
  readonly bytes: number
  /** The shared record of a message to many sessions. */
  readonly shared: SharedMessage | undefined
  /** What it is made of, if messages are traced. */
  readonly source?: MessageSource
}

export type MessageSource = Pick<TracedMessage, 'kind' | 'name' | 'data'>

/** A message that waits for many sessions, whose content is in memory once. */
export interface SharedMessage {
  /** The number of these sessions. */
  holders: number
}
