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
    rounds: { type: 'string' },
  },
})

const chosen = choose(situations, values.only)
const clients = choose(subjects, values.client)
const results: Results = new Map()
const startedAt = performance.now()

for (const situation of chosen) {
  if (situation.name === 'link-down' && !hasNamespaces()) {
    console.error('link-down: left out, because it needs network namespaces, iproute2 and the right to use them')
    continue
  }
  const from = performance.now()
  const column = new Map<string, Result>()
  for (const [name, result] of await Promise.all(clients.map((client) => runAll(situation, client))))
    column.set(name, result)
  results.set(situation.name, column)
  console.error(`${situation.name}: ${((performance.now() - from) / 1_000).toFixed(0)} s`)
}
await using browser = await startBrowser()
const report = { version: browser.version, results, situations: chosen, subjects: clients }
writeGuide(report, !values.only && !values.client)
console.error(`\n${((performance.now() - startedAt) / 60_000).toFixed(1)} min`)

/** All rounds of a client. Clients run side by side, each in a browser of its own. */
async function runAll(situation: Situation, client: SubjectEntry): Promise<[string, Result]> {
  const rounds: Figures[] = []
  for (let round = Number(values.rounds ?? situation.rounds); round > 0; round--) {
    try {
      const figures = await situation.run(client)
      rounds.push(figures)
      console.error(`  ${situation.name}, ${client.name}: ${JSON.stringify(figures)}`)
    } catch (error) {
      throw new Error(`${situation.name}, ${client.name}`, { cause: error })
    }
  }
  return [client.name, merge(rounds)]
}

function choose<T extends { readonly name: string }>(all: readonly T[], names: string | undefined): readonly T[] {
  if (names === undefined) return all
  return names.split(',').map((name) => {
    const one = all.find((candidate) => candidate.name === name)
    if (!one) throw new Error(`${name} is none of ${all.map((each) => each.name).join(', ')}`)
    return one
  })
}
