import type { Step } from './database.ts'

/** What is to be written, and may not be worth it any more when its turn comes. */
export interface Writable {
  readonly isStrict: boolean
  /** Whether it is or was in a transaction. */
  isWritten: boolean
  isGone: boolean
}

/** One step, which is evaluated when its turn comes. */
export interface Task extends Step {
  readonly item?: Writable
}
