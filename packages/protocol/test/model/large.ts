// Walks through the large worlds of the model, or those whose name holds the given text. Takes up to 2 GB of memory.
import { searchLarge } from './search.ts'
import { largeWorlds } from './worlds.ts'

const [part = '', maxStates = '100000000'] = process.argv.slice(2)

for (const [name, world] of Object.entries(largeWorlds)) {
  if (!name.includes(part)) continue
  const begun = performance.now()
  const progress = (states: number): void => void process.stderr.write(`\r${name}: ${states / 1e6} million`)
  const { states, isExhausted, violation, trace = [] } = searchLarge(world, Number(maxStates), progress)
  const seconds = ((performance.now() - begun) / 1_000).toFixed(0)
  const end = violation ?? (isExhausted ? 'exhausted, no violation' : 'cut off, no violation so far')
  process.stderr.write('\r')
  console.log(`${name}: ${states.toLocaleString('en')} states, ${end}, ${seconds} s`)
  for (const step of trace) console.log(`  ${step}`)
  if (violation) process.exitCode = 1
}
