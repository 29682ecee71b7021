import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idle, step } from './phase.ts'
import type { Phase, PhaseInput } from './phase.ts'

/** The names of the phases that the inputs lead to, each with its commands. */
function run(...types: Exclude<PhaseInput['type'], 'failed'>[]): string[] {
  let phase: Phase = idle
  return types.map((type) => {
    const [next, ...commands] = step(phase, { type })
    phase = next
    return [next.name, ...commands].join(' ')
  })
}

describe('the phase of a page with a store', () => {
  it('asks for the lock once, and is active with it', () => {
    expect(run('begin', 'begin', 'locked', 'begin')).toEqual([
      'starting start',
      'starting',
      'active',
      'active',
    ])
  })

  it('looks for what other pages have left when somebody looks at the page, and not before it has its lock', () => {
    expect(run('begin', 'visible', 'locked', 'visible')).toEqual([
      'starting start',
      'starting',
      'active',
      'active look',
    ])
  })

  it('releases the lock when the page is hidden after pagehide, and asks for it again on the return', () => {
    expect(run('begin', 'locked', 'pagehide', 'hidden', 'pageshow', 'locked').slice(2)).toEqual([
      'leaving hurry',
      'away leave',
      'returning return',
      'active resume look',
    ])
  })

  it('keeps the lock of a page that is only hidden, and of one that is shown again at once', () => {
    expect(run('begin', 'locked', 'hidden', 'visible', 'pagehide', 'pageshow').slice(2)).toEqual([
      'active',
      'active look',
      'leaving hurry',
      'active',
    ])
  })

  it('releases the lock again if the page was left while it waited for it', () => {
    const inputs = ['begin', 'locked', 'pagehide', 'hidden', 'pageshow', 'pagehide', 'hidden'] as const
    expect(run(...inputs, 'locked').slice(5)).toEqual(['returningLate hurry', 'returningLate', 'away leave'])
    expect(run(...inputs, 'pageshow', 'locked').slice(7)).toEqual(['returning', 'active resume look'])
  })

  it('writes in a hurry what a page has that is left before it has its lock', () => {
    expect(run('begin', 'pagehide', 'locked', 'hidden').slice(1)).toEqual([
      'startingLate hurry',
      'leaving',
      'away leave',
    ])
    expect(run('begin', 'pagehide', 'pageshow', 'locked').slice(2)).toEqual(['starting', 'active'])
  })

  it('ends with dispose(), and releases a lock that comes later', () => {
    expect(run('dispose')).toEqual(['disposed end'])
    expect(run('begin', 'dispose', 'dispose', 'locked').slice(1)).toEqual([
      'disposed end',
      'disposed',
      'disposed end',
    ])
  })

  it('keeps the first cause of a failure until dispose(), whatever comes', () => {
    const arbitrary = fc.constantFrom(
      ...(['begin', 'locked', 'pagehide', 'pageshow', 'hidden', 'visible', 'failed'] as const),
    )
    fc.assert(
      fc.property(fc.array(arbitrary), (types) => {
        let [phase, ...commands] = step(idle, { type: 'failed', cause: 'first' })
        for (const type of types) {
          ;[phase, ...commands] = step(phase, type === 'failed' ? { type, cause: 'later' } : { type })
          expect([phase, ...commands]).toEqual([{ name: 'failed', cause: 'first' }])
        }
        expect(step(phase, { type: 'dispose' })).toEqual([{ name: 'disposed' }, 'end'])
      }),
    )
    expect(step({ name: 'disposed' }, { type: 'failed', cause: 'late' })).toEqual([{ name: 'disposed' }])
  })
})
