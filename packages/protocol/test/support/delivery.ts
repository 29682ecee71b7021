import { Settling } from '../../src/delivery.ts'
import type { Delivery } from '../../src/delivery.ts'
import type { Outcome } from '../../src/outcome.ts'

class Taken extends Settling {
  readonly take: () => boolean

  constructor(take: () => boolean) {
    super()
    this.take = take
  }

  cancel(): boolean {
    return this.take()
  }

  settle(outcome: Outcome): void {
    this.finish(outcome)
  }
}

/** A delivery and the function that settles it; `take` takes the message back and says whether it could. */
export function createDelivery(take: () => boolean): { delivery: Delivery; settle(outcome: Outcome): void } {
  const delivery = new Taken(take)
  return { delivery, settle: (outcome) => delivery.settle(outcome) }
}
