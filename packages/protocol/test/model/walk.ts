import { searchLarge } from './search.ts'
import type { Model, Search } from './search.ts'

/**
 * Walks through large worlds, or those whose name holds the given text, and prints what comes of each, with its CPU time. Takes up to
 * 3 GB of memory.
 */
export function walk<World, State extends { readonly violation: string | undefined }>(
  worlds: Readonly<Record<string, World>>,
  createModel: (world: World) => Model<State>,
  [part = '', maxStates = '100000000']: readonly string[],
): void {
  for (const [name, world] of Object.entries(worlds)) {
    if (!name.includes(part)) continue
    const begun = process.cpuUsage()
    const progress = (states: number): void =>
      void process.stderr.write(`\r${name}: ${states / 1e6} million\r`)
    const found = searchLarge(createModel(world), Number(maxStates), progress)
    const { user, system } = process.cpuUsage(begun)
    const seconds = ((user + system) / 1e6).toFixed(0)
    console.log(`${name}: ${found.states.toLocaleString('en')} states, ${endOf(found)}, ${seconds} s`)
    for (const step of found.trace ?? []) console.log(`  ${step}`)
    if (found.violation) process.exitCode = 1
  }
}

function endOf({ violation, isExhausted }: Search): string {
  return violation ?? (isExhausted ? 'exhausted, no violation' : 'cut off, no violation so far')
}
