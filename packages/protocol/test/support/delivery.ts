import { Settling } from '../../src/delivery.ts'
import type { Outcome } from '../../src/outcome.ts'

class Taken extends Settling {
  readonly take: () => boolean
  /** How often somebody waited for it. */
  waits = 0

  constructor(take: () => boolean) {
    super()
    this.take = take
  }

  cancel(): boolean {
    return this.take()
  }

  protected awaited(): void {
    this.waits++
  }

  settle(outcome: Outcome): void {
    this.finish(outcome)
  }
}

/** A delivery and the function that settles it; `take` takes the message back and says whether it could. */
export function createDelivery(take: () => boolean): { delivery: Taken; settle(outcome: Outcome): void } {
  const delivery = new Taken(take)
  return { delivery, settle: (outcome) => delivery.settle(outcome) }
}
