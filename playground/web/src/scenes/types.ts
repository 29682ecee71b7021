import type { Client, Outcome } from 'holdfast'
import type { Point, Quote, Scenes } from '../../../scenes-contract.ts'

export type ScenesClient = Client<Scenes>

/** A source of prices, which receives the outcome of each. */
export interface Market {
  next(): Quote[]
  settled(outcome: Outcome): void
}

/** Shows the cursors of others. */
export interface CursorArea {
  show(cursor: Point & { readonly id: string }): void
  remove(cursor: { readonly id: string }): void
  clear(): void
}
