import { setTimeout as sleep } from 'node:timers/promises'
import { aroundEach, expect } from 'vitest'

/** How long what has been closed may take to be gone, in milliseconds. */
const patience = 2_000

/**
 * Fails every test of the file that leaves a server, a socket or a timer behind, or throws where nobody catches it.
 *
 * Looks after everything that the test owned was disposed of.
 */
export function expectNothingLeft(): void {
  aroundEach(async (runTest) => {
    const before = active()
    await runTest()
    const until = performance.now() + patience
    while (left(before).length > 0 && performance.now() < until) await sleep(5)
    expect(left(before), 'what the test left behind').toEqual([])
  })
}

/** What there is more of than before. */
function left(before: readonly string[]): string[] {
  const rest = [...before]
  return active().filter((kind) => {
    const known = rest.indexOf(kind)
    if (known >= 0) rest.splice(known, 1)
    return known < 0
  })
}

/** What keeps the process alive, by kind. */
function active(): string[] {
  const ours = /^(TCP|Timeout|Immediate)/
  return process.getActiveResourcesInfo().filter((kind) => ours.test(kind))
}
