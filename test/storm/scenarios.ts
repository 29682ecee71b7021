import { runClients } from './clients.ts'
import type { Setting } from './clients.ts'
import { runPolicy } from './model.ts'
import { peers } from './policies.ts'
import { median } from './random.ts'
import type { Storm } from './server.ts'
import type { Totals } from './tally.ts'

/** One row of the table. */
export interface Scenario {
  readonly name: string
  /** What happens to refused clients, in the words of the table. */
  readonly turnedAway: string
  readonly isOurs: boolean
  run(storm: Storm): Promise<Totals> | Totals
}

const planned: Omit<Setting, 'server'> = { name: '', wire: 'session', fate: 'hint', death: 'drain' }

/**
 * All rows. Hints come from a whole hub; with `isLight` from its admission alone, behind a server that does nothing else,
 * for storms in which a hub and its clients would take too much memory.
 */
export function scenarios(isLight: boolean): Scenario[] {
  const server = isLight ? 'door' : 'hub'
  const own = (name: string, turnedAway: string, setting: Omit<Setting, 'name'>): Scenario => ({
    name,
    turnedAway,
    isOurs: true,
    run: (storm) => runClients(storm, { ...setting, name }),
  })
  return [
    ...(isLight ? [] : [own('Holdfast, hints, planned', 'hint', { ...planned, server })]),
    own('Holdfast, hints', 'hint', { ...planned, server, death: 'cut' }),
    own('Holdfast', 'refused', { wire: 'plain', server: 'door', fate: 'refuse', death: 'cut' }),
    own('Holdfast', '1013', { wire: 'plain', server: 'door', fate: 'close', death: 'cut' }),
    own('Holdfast, crash loop', 'refused', {
      wire: 'plain',
      server: 'door',
      fate: 'refuse',
      death: 'cut',
      crashes: { count: 10, uptime: 2_000, outage: 2_000 },
    }),
    ...peers.flatMap((peer): Scenario[] => {
      const row = (turnedAway: string, fate: 'refuse' | 'close'): Scenario => ({
        name: peer.name,
        turnedAway,
        isOurs: false,
        run: (storm) => runPolicy(storm, peer, fate),
      })
      // Where a connection that opened is no success, both are the same.
      return [row('refused', 'refuse'), ...(peer.forgets ? [row('1013', 'close')] : [])]
    }),
  ]
}

/** The middle of each number over several storms that differ in their seeds; the buckets are those of the first. */
export function medianOf(all: readonly Totals[]): Totals {
  const middle = (value: (totals: Totals) => number): number => median(all.map(value))
  return {
    buckets: all[0]!.buckets,
    attempts: middle((totals) => totals.attempts),
    peak: middle((totals) => totals.peak),
    peakAfter: middle((totals) => totals.peakAfter),
    mostAdmitted: middle((totals) => totals.mostAdmitted),
    never: middle((totals) => totals.never),
    half: middle((totals) => totals.half),
    most: middle((totals) => totals.most),
    all: middle((totals) => totals.all),
  }
}
