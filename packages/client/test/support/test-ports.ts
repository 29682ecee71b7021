import { createVirtualClock } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import type { Signal } from '../../src/platform/page.ts'
import type { Ports } from '../../src/platform/ports.ts'

export interface TestPorts {
  readonly ports: Ports & { readonly clock: VirtualClock }
  /** What listeners threw. */
  readonly reported: unknown[]
  /** The page tells something to whatever listens. */
  signal(name: Signal, url?: string): void
  isListening(): boolean
}

/** Ports without chance, on a virtual clock. */
export function createTestPorts(clock: VirtualClock = createVirtualClock()): TestPorts {
  const reported: unknown[] = []
  let notice: ((signal: Signal, url?: string) => void) | undefined
  return {
    ports: {
      clock,
      random: () => 0.5,
      signals: {
        listen(listener) {
          notice = listener
          return () => (notice = undefined)
        },
        isOffline: () => false,
      },
      report: (error) => reported.push(error),
    },
    reported,
    signal: (name, url) => notice?.(name, url),
    isListening: () => notice !== undefined,
  }
}
