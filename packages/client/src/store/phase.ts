/** What the store of a page holds, and what it waits for. */
export type Phase =
  | {
      readonly name:
        | 'idle'
        /** Waits for the lock of the page's own producer. */
        | 'starting'
        /** The page is being left meanwhile. */
        | 'startingLate'
        /** Has the lock. */
        | 'active'
        /** The page is being left, and may end with any turn. */
        | 'leaving'
        /** The page is kept, without lock and database. */
        | 'away'
        /** The page is back, and waits for the lock again. */
        | 'returning'
        /** The page is being left again meanwhile. */
        | 'returningLate'
        | 'disposed'
    }
  /** Messages are only in memory from here on. */
  | { readonly name: 'failed'; readonly cause: unknown }

export type PhaseInput =
  | {
      readonly type:
        /** Something was sent, or a server has accepted the client. */
        | 'begin'
        /** The lock was granted, and on a return the database is open again. */
        | 'locked'
        | 'pagehide'
        | 'pageshow'
        | 'hidden'
        | 'visible'
        | 'dispose'
    }
  | { readonly type: 'failed'; readonly cause: unknown }

/**
 * - `start`: lock the own producer for the first time.
 * - `return`: lock it again.
 * - `hurry`: write everything now.
 * - `leave`: release the database and all locks.
 * - `resume`: write to the server what waited for the lock.
 * - `look`: look for what other pages have left.
 * - `end`: release everything permanently.
 */
export type PhaseCommand = 'start' | 'return' | 'hurry' | 'leave' | 'resume' | 'look' | 'end'

type Name = Phase['name']
type Transition = readonly [next: Exclude<Name, 'failed'>, ...commands: PhaseCommand[]]

export const idle: Phase = { name: 'idle' }

const transitions: { readonly [From in Name]?: { readonly [Type in PhaseInput['type']]?: Transition } } = {
  idle: { begin: ['starting', 'start'] },
  starting: { locked: ['active'], pagehide: ['startingLate', 'hurry'] },
  startingLate: { locked: ['leaving'], pageshow: ['starting'] },
  active: { pagehide: ['leaving', 'hurry'], visible: ['active', 'look'] },
  leaving: { hidden: ['away', 'leave'], pageshow: ['active'] },
  away: { pageshow: ['returning', 'return'] },
  returning: { locked: ['active', 'resume', 'look'], pagehide: ['returningLate', 'hurry'] },
  returningLate: { locked: ['away', 'leave'], pageshow: ['returning'] },
  // A lock that is granted late is released as well.
  disposed: { locked: ['disposed', 'end'] },
}

/** The whole life of a page as its store sees it. Pure. */
export function step(phase: Phase, input: PhaseInput): [next: Phase, ...commands: PhaseCommand[]] {
  const { name } = phase
  if (name !== 'disposed') {
    if (input.type === 'dispose') return [{ name: 'disposed' }, 'end']
    if (input.type === 'failed' && name !== 'failed') return [{ name: 'failed', cause: input.cause }]
  }
  const transition = transitions[name]?.[input.type]
  if (!transition) return [phase]
  const [next, ...commands] = transition
  return [{ name: next }, ...commands]
}
