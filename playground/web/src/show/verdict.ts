import { find, setText } from '../dom.ts'
import type { Counts } from './ledger.ts'

/** The sentence below the phones: what to do, and what happened. */
export interface Verdict {
  pulled(): void
  pluggedIn(): void
  /** The losses of the plain WebSockets are known. */
  settled(): void
  /** The counts have changed. */
  update(): void
}

export function createVerdict(held: () => Counts, plain: () => Counts): Verdict {
  const line = find('verdict', HTMLElement)
  let phase: 'plugged' | 'pulled' | 'returning' = 'plugged'
  let before = { held: held(), plain: plain() }
  let waited = 0
  let isSettled = false

  const update = (): void => {
    if (phase !== 'returning' || !isSettled || held().underWay > 0) return
    phase = 'plugged'
    setText(line, `${describeHeld(waited, before.held, held())} ${describePlain(before.plain, plain())}`)
  }

  return {
    pulled() {
      phase = 'pulled'
      before = { held: held(), plain: plain() }
      setText(line, 'The plug is out. Whatever you type on either phone waits.')
    },
    pluggedIn() {
      phase = 'returning'
      isSettled = false
      waited = held().sent - before.held.sent
      setText(line, 'Plugged in again …')
    },
    settled() {
      isSettled = true
      update()
    },
    update,
  }
}

function describeHeld(waited: number, before: Counts, now: Counts): string {
  const faults = now.lost + now.twice + now.outOfOrder - before.lost - before.twice - before.outOfOrder
  if (waited === 0) return 'Nothing was written meanwhile.'
  const messages = waited === 1 ? '1 message' : `${waited} messages`
  if (faults > 0) return `Of ${messages}, ${faults} did not arrive once and in order.`
  return `${messages} waited, and arrived once and in order.`
}

function describePlain(before: Counts, now: Counts): string {
  const lost = now.lost - before.lost
  return `A plain WebSocket, cut at the same moment, lost ${lost === 0 ? 'none' : lost}.`
}
