import type { Breach, World } from './world.ts'

const base: World = { changes: 3, isShared: false, chances: {} }

/** Small enough for every test run. */
export const worlds: Readonly<Record<string, World>> = {
  'members that come, change and leave': { ...base, chances: { joins: 1 } },
  'sessions that are resumed': { ...base, changes: 2, chances: { resumes: 1, losses: 1 } },
  'sessions that move': { ...base, changes: 2, chances: { moves: 1 } },
  'a node that dies': { ...base, changes: 2, chances: { deaths: 1, breaks: 1 } },
  'a node that is late': { ...base, changes: 2, chances: { pauses: 1 } },
  'pub/sub that breaks, and loses a change': { ...base, changes: 2, chances: { breaks: 1, drops: 1 } },
  'one user on two nodes': { ...base, isShared: true, chances: { deaths: 1 } },
}

/** By breach, the world in which it shows, and how. */
export const breaches: Readonly<Record<Breach, readonly [symptom: string, world: World]>> = {
  'leave-with-connection': ['FLICKER', { ...base, changes: 1, chances: { resumes: 1 } }],
  'remove-anybody': ['FLICKER', { ...base, changes: 1, chances: { moves: 1 } }],
  'no-lease': ['STUCK', { ...base, changes: 1, chances: { deaths: 1 } }],
  'no-reassertion': ['STUCK', { ...base, changes: 1, chances: { pauses: 1 } }],
  'read-then-subscribe': ['STUCK', { ...base, changes: 1 }],
  'no-resync': ['STUCK', { ...base, changes: 1, chances: { breaks: 1 } }],
  'ignore-holes': ['STUCK', { ...base, chances: { drops: 1 } }],
  'first-leaves': ['STUCK', { ...base, isShared: true }],
  'apply-anything': ['STUCK', { ...base, chances: { losses: 1 } }],
  'keep-parts': ['FLICKER', { ...base, changes: 2, chances: { joins: 2 } }],
  'members-first': ['STUCK', { ...base, changes: 1 }],
}
