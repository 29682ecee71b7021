// `npm run crash -- --times 200 --seed 7`: crashes the renderer of pages that send with the store on, at random moments,
// and looks whether the server has every message whose commit was reported, once and in order.
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { crash } from './crash-run.ts'

const { values } = parseArgs({ options: { times: { type: 'string' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const times = Number(values.times ?? 200)
if (!Number.isSafeInteger(seed) || !(times > 0)) throw new Error('--seed and --times are whole numbers')
console.log(`crashing ${times} pages, --seed ${seed}`)
const begun = performance.now()
const report = await crash({ times, seed, say: (text) => console.log(text) })
const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
const { committed, handed, faults } = report
console.log(`${committed} messages were reported as committed, ${handed} were delivered, in ${seconds} s`)
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
