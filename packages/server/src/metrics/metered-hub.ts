import type { Unsubscribe } from '@holdfast/protocol'
import type { HubStats } from '../hub-stats.ts'

/** The part of a hub that is measured. */
export interface MeteredHub {
  stats(): HubStats
  watch(kind: 'rtt', listener: (value: { readonly rtt: number }) => unknown): Unsubscribe
}
