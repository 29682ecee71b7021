import type { Body } from '@holdfast/protocol'

/** A message that is ready to be sent, to any number of clients. */
export interface Encoded {
  readonly body: Body
  readonly bytes: number
  /** What is known of it when it is sent to many. */
  readonly shared: SharedMessage | undefined
}

/** A message that waits for many sessions, and whose content is in memory once. */
export interface SharedMessage {
  /** How many they are. */
  holders: number
}
