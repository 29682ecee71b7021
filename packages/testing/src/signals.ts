import type { Signal, Signals } from 'holdfast'

/** Platform signals that a test sends. */
export interface FakeSignals extends Signals {
  say(signal: Signal): void
}

export function createSignals(): FakeSignals {
  const listeners = new Set<(signal: Signal) => void>()
  let isOffline = false
  return {
    listen(notice) {
      // The same function may be registered twice.
      const listener = (signal: Signal): void => notice(signal)
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    isOffline: () => isOffline,
    say(signal) {
      if (signal !== 'wake') isOffline = signal === 'offline'
      for (const listener of [...listeners]) listener(signal)
    },
  }
}
