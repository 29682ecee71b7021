// How often each property is tried: a few times in `npm test`, and often in `npm run soak`, which sets RUNS.
import fc from 'fast-check'

export const isSoak: boolean = process.env['RUNS'] !== undefined

fc.configureGlobal({ numRuns: Number(process.env['RUNS'] ?? 200) })
