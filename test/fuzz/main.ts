// `npm run fuzz -- --inputs 1000000 [--seed 7]`, or `--seconds 60`: both decoders, and the upgrade path of the hub.
import { parseArgs } from 'node:util'
import { fuzzDecoders } from '../../packages/protocol/test/fuzz/fuzz.ts'
import { fuzzUpgradesOverTcp } from './upgrade-tcp.ts'
import { fuzzUpgrades } from './upgrade.ts'

/** Which part of the inputs, or of the time, is for the decoders. The rest is for upgrades in memory. */
const decoderShare = { inputs: 0.9, seconds: 0.5 }
/** Which part of the upgrades goes over TCP as well, and how many at most: they wait for real timers. */
const tcpShare = 0.01
const mostOverTcp = 500
/** By how much the heap may grow in nine tenths of the upgrades, in bytes: less than 100 a connection of a full run. */
const mostGrowth = 8 * 1_048_576

const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Date.now() % 2 ** 32)
const [unit, amount] =
  values.inputs === undefined
    ? (['seconds', Number(values.seconds)] as const)
    : (['inputs', Number(values.inputs)] as const)
if (!(amount > 0 && Number.isFinite(amount) && Number.isSafeInteger(seed)))
  throw new Error('--inputs, --seconds and --seed are numbers')
console.log(`seed ${seed}, ${amount} ${unit}`)
const begun = performance.now()

const share = decoderShare[unit]
const forDecoders = unit === 'inputs' ? Math.round(amount * share) : amount * share
const spanOf = (part: number): { inputs: number } | { seconds: number } =>
  unit === 'inputs' ? { inputs: part } : { seconds: part }

await tell('both decoders', async () => fuzzDecoders(spanOf(forDecoders), seed))
const upgrades = await tell('upgrades in memory', () => fuzzUpgrades(spanOf(amount - forDecoders), seed))
await tell('upgrades over TCP', async () => {
  const inputs = Math.min(mostOverTcp, Math.ceil(upgrades.inputs * tcpShare))
  return { inputs, outcomes: await fuzzUpgradesOverTcp(inputs, seed) }
})

console.log(`\nall of it: ${((performance.now() - begun) / 1_000).toFixed(1)} s`)

const { growth } = upgrades
if (growth !== undefined) {
  console.log(`heap: ${(growth / 1_024).toFixed(0)} KiB more than after a tenth of the upgrades`)
  if (growth > mostGrowth) throw new Error(`the heap has grown by ${growth} bytes`)
}

async function tell<
  Result extends { readonly inputs: number; readonly outcomes: Readonly<Record<string, number>> },
>(what: string, run: () => Promise<Result>): Promise<Result> {
  const start = performance.now()
  const result = await run()
  const seconds = (performance.now() - start) / 1_000
  const { inputs, outcomes } = result
  const perSecond = Math.round(inputs / seconds).toLocaleString('en')
  console.log(
    `\n${what}: ${inputs.toLocaleString('en')} inputs in ${seconds.toFixed(1)} s, ${perSecond} a second`,
  )
  for (const [outcome, count] of Object.entries(outcomes).toSorted(([, a], [, b]) => b - a))
    console.log(`${count.toLocaleString('en').padStart(12)}  ${outcome}`)
  return result
}
