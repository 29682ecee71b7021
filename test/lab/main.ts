// Pages in situations of real life, with our clients and with others, in a real Chromium.
//
//   npm run lab                                     the whole matrix, about a quarter of an hour; writes the guide
//   npm run lab -- --only freeze --client session   one of them
import { parseArgs } from 'node:util'
import { startBrowser } from './browser.ts'
import { hasNamespaces } from './link.ts'
import type { Figures } from './measure.ts'
import { situations } from './situations/all.ts'
import type { Situation } from './situations/situation.ts'
import { subjects } from './subjects.ts'
import type { SubjectEntry } from './subjects.ts'
import { merge, writeGuide } from './table.ts'
import type { Result, Results } from './table.ts'

const { values } = parseArgs({
  options: {
    /** Names of situations, with commas. */
    only: { type: 'string' },
    /** Names of clients, with commas. */
    client: { type: 'string' },
    /** At most so many of each. */
    rounds: { type: 'string' },
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const chosen = choose(situations, values.only).map((situation) => ({
  ...situation,
  rounds: Math.min(situation.rounds, Number(values.rounds ?? situation.rounds)),
}))
const clients = choose(subjects, values.client)
const results: Results = new Map()
const startedAt = performance.now()

const possible = chosen.filter(({ name }) => {
  const isPossible = name !== 'link-down' || hasNamespaces()
  if (!isPossible) console.error(`${name}: left out, because it needs network namespaces and iproute2`)
  return isPossible
})
// Idle pages do not disturb the others.
const idle = possible.filter(({ isIdle }) => isIdle).map(runSituation)
for (const situation of possible.filter(({ isIdle }) => !isIdle)) await runSituation(situation)
await Promise.all(idle)
await using browser = await startBrowser()
const report = { version: browser.version, results, situations: possible, subjects: clients }
writeGuide(report, !values.only && !values.client)
console.error(`\n${((performance.now() - startedAt) / 60_000).toFixed(1)} min`)

async function runSituation(situation: Situation): Promise<void> {
  const from = performance.now()
  const settled = await Promise.allSettled(clients.map((client) => runAll(situation, client)))
  const failed = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (failed.length > 0) throw new AggregateError(failed, situation.name)
  results.set(situation.name, new Map(settled.flatMap((one) => ('value' in one ? [one.value] : []))))
  console.error(`${situation.name}: ${((performance.now() - from) / 1_000).toFixed(0)} s`)
}

/** All rounds of a client. Clients run side by side, each in a browser of its own. */
async function runAll(situation: Situation, client: SubjectEntry): Promise<[string, Result]> {
  const rounds: Figures[] = []
  for (let round = 0; round < situation.rounds; round++) {
    try {
      const figures = await situation.run(client, round)
      rounds.push(figures)
      console.error(`  ${situation.name}, ${client.name}: ${JSON.stringify(figures)}`)
    } catch (error) {
      throw new Error(`${situation.name}, ${client.name}`, { cause: error })
    }
  }
  return [client.name, merge(rounds)]
}

function choose<T extends { readonly name: string }>(
  all: readonly T[],
  names: string | undefined,
): readonly T[] {
  if (names === undefined) return all
  return names.split(',').map((name) => {
    const one = all.find((candidate) => candidate.name === name)
    if (!one) throw new Error(`${name} is none of ${all.map((each) => each.name).join(', ')}`)
    return one
  })
}
