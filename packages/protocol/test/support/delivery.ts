import { Message } from '../../src/message.ts'
import type { Outcome } from '../../src/outcome.ts'

/** A delivery, and how often its outcome was awaited. */
class Taken extends Message<string, string> {
  waits = 0

  constructor(take: () => boolean) {
    const owner = {
      onSettled: () => {},
      takeBack: take,
      onAwaited: () => void this.waits++,
    }
    super(owner, '', 0, '', false, undefined, Infinity)
  }
}

/** A delivery and the function that settles it; `take` takes the message back and says whether it could. */
export function createDelivery(take: () => boolean): { delivery: Taken; settle(outcome: Outcome): void } {
  const delivery = new Taken(take)
  return { delivery, settle: (outcome) => delivery.settle(outcome) }
}
