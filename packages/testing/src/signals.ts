import type { Signal, Signals } from 'holdfast'

/** What a page would notice, said by a test. */
export interface FakeSignals extends Signals {
  say(signal: Signal): void
}

export function createSignals(): FakeSignals {
  const listeners = new Set<(signal: Signal) => void>()
  let isOffline = false
  return {
    listen(notice) {
      // One function may listen twice.
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
