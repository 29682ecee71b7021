import type { HistoryEvent } from '../audit/history.ts'
import type { Wish } from './message.ts'

type WithoutAt<T> = T extends unknown ? Omit<T, 'at' | 'by'> : never

/** An event as the one sees it who tells it. */
export type Told = WithoutAt<HistoryEvent>

/** Takes down what one application sees. */
export type Tell = (event: Told) => void

/** What all applications of a world share. */
export interface Shared {
  /** A number that no message had before. */
  nextId(): number
  /** What is drawn by chance has a name that is the same in every run. */
  nameEpoch(epoch: string): string
  tell(by: string, event: Told): void
  /** Something happened that no application may ever see. */
  fault(rule: string, text: string): void
  /** What is left of a wish: once all trouble is over, none is granted that would bring more. */
  grantable(wish: Wish): Wish
  /** All machines are too busy to do anything else for so long. */
  stall(ms: number): void
}
