import { setTimeout as sleep } from 'node:timers/promises'
import { aroundAll, aroundEach, expect } from 'vitest'

/** How long what has been closed may take to be gone, in milliseconds. */
const patience = 20_000

/**
 * Fails every test of the file that leaves a server, a socket or a timer behind.
 *
 * Looks after everything that the test owned was disposed of. Only timers that were set through the global are ours:
 * the test runner has kept the original to itself. Of tests that run beside one another, only what all of them leave
 * behind can be detected: that is for `all`.
 */
export function expectNothingLeft(of: 'each' | 'all' = 'each'): void {
  const around = of === 'each' ? aroundEach : aroundAll
  around(async (runTest) => {
    const socketsBefore = sockets()
    const timers = watchTimers()
    const left = (): string[] => [...missing(sockets(), socketsBefore), ...timers.running()]
    try {
      await runTest()
      const until = performance.now() + patience
      while (left().length > 0 && performance.now() < until) await sleep(5)
      expect(left(), 'what the test left behind').toEqual([])
    } finally {
      timers.restore()
    }
  })
}

/** The servers and sockets that keep the process alive. */
function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP'))
}

function missing(now: readonly string[], before: readonly string[]): string[] {
  const rest = [...before]
  return now.filter((kind) => {
    const known = rest.indexOf(kind)
    if (known >= 0) rest.splice(known, 1)
    return known < 0
  })
}

function watchTimers(): { running(): string[]; restore(): void } {
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const running = new Map<unknown, string>()
  const watched = <Values extends unknown[]>(
    callback: (...values: Values) => void,
    delay?: number,
    ...values: Values
  ): NodeJS.Timeout => {
    const timer = set(() => {
      running.delete(timer)
      callback(...values)
    }, delay)
    running.set(timer, `a timer of ${delay} ms`)
    return timer
  }
  globalThis.setTimeout = Object.assign(watched, set)
  globalThis.clearTimeout = (timer) => {
    running.delete(timer)
    clear(timer)
  }
  return {
    running: () => [...running.values()],
    restore: () => void Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }),
  }
}
