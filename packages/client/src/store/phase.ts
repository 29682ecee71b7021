/**
 * What the page holds: nothing yet, the lock of its own producer (`active`, and `leaving` after `pagehide`), or nothing any
 * more. A page that comes back waits for its lock again.
 */
export type Phase =
  | { readonly name: 'idle' | 'active' | 'leaving' | 'away' | 'disposed' }
  /** Waits for the lock, for the first time or again. The page may be left meanwhile. */
  | { readonly name: 'starting' | 'returning'; readonly isLeaving: boolean }
  /** Messages are only in memory from here on. */
  | { readonly name: 'failed'; readonly cause: unknown }

export type PhaseInput =
  | { readonly type: 'begin' | 'locked' | 'visible' | 'hidden' | 'dispose' }
  | { readonly type: 'pagehide'; readonly isHidden: boolean }
  | { readonly type: 'pageshow'; readonly persisted: boolean }
  | { readonly type: 'failed'; readonly cause: unknown }

/**
 * - `start`: lock the producer for the first time.
 * - `return`: lock it again.
 * - `hurry`: write everything now, because the page may end with this turn.
 * - `leave`: release the database and all locks.
 * - `resume`: write what waited for the lock.
 * - `look`: look for what other pages have left.
 * - `end`: release everything for good.
 */
export type PhaseCommand = 'start' | 'return' | 'hurry' | 'leave' | 'resume' | 'look' | 'end'

export const idle: Phase = { name: 'idle' }
const active: Phase = { name: 'active' }
const leaving: Phase = { name: 'leaving' }
const away: Phase = { name: 'away' }

/** The whole life of a page as its store sees it. Pure. */
export function step(phase: Phase, input: PhaseInput): [next: Phase, ...commands: PhaseCommand[]] {
  if (phase.name === 'disposed') return input.type === 'locked' ? [phase, 'end'] : [phase]
  if (input.type === 'dispose') return [{ name: 'disposed' }, 'end']
  if (phase.name === 'failed') return [phase]
  if (input.type === 'failed') return [{ name: 'failed', cause: input.cause }]
  switch (phase.name) {
    case 'idle':
      return input.type === 'begin' ? [{ name: 'starting', isLeaving: false }, 'start'] : [phase]
    case 'starting':
    case 'returning':
      return whileLocking(phase, input)
    case 'active':
      if (input.type === 'visible') return [phase, 'look']
      return input.type === 'pagehide' ? onPagehide(input.isHidden) : [phase]
    case 'leaving':
      if (input.type === 'hidden') return [away, 'leave']
      if (input.type === 'pageshow') return [active]
      return input.type === 'pagehide' ? onPagehide(input.isHidden) : [phase]
    case 'away': {
      const isBack = input.type === 'pageshow' && input.persisted
      return isBack ? [{ name: 'returning', isLeaving: false }, 'return'] : [phase]
    }
  }
}

function onPagehide(isHidden: boolean): [Phase, ...PhaseCommand[]] {
  // In a hidden page, no event follows.
  return isHidden ? [away, 'hurry', 'leave'] : [leaving, 'hurry']
}

function whileLocking(
  phase: Extract<Phase, { isLeaving: boolean }>,
  { type }: PhaseInput,
): [Phase, ...PhaseCommand[]] {
  const { name, isLeaving } = phase
  if (type === 'pagehide') return [{ name, isLeaving: true }, 'hurry']
  if (type === 'pageshow') return [{ name, isLeaving: false }]
  if (type !== 'locked') return [phase]
  if (name === 'starting') return [isLeaving ? leaving : active]
  return isLeaving ? [away, 'leave'] : [active, 'resume', 'look']
}
