// The storm after a server with many clients has died: our clients, and the policies of others.
//
//   npm run storm                                        10,000 clients; a few minutes
//   npm run storm -- --clients 100000                    takes many minutes, and memory: see the guide
//   npm run storm -- --seeds 1 --json a.json --svg a.svg
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { stretchOurs, stretchPeer, tuneOurs } from './equal-peak.ts'
import { runPolicy } from './model.ts'
import { plotStorm } from './plot.ts'
import { defaultTuning, ours, peers, stretched } from './policies.ts'
import { medianOf, scenarios } from './scenarios.ts'
import { defaultStorm } from './server.ts'
import type { Storm } from './server.ts'
import { markdown, seconds, share, stormTable } from './tables.ts'
import type { Row } from './tables.ts'
import type { Totals } from './tally.ts'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    seeds: { type: 'string', default: '3' },
    /** Only the rows whose names contain this, such as 'Holdfast (refused)'. */
    only: { type: 'string', default: '' },
    /** Without the comparison at equal peaks. */
    brief: { type: 'boolean', default: false },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
})
const storm: Storm = { ...defaultStorm, clients: Number(values.clients) }
const isLight = storm.clients > 20_000
const seeds = Array.from({ length: isLight ? 1 : Number(values.seeds) }, (_, index) => index + 1)
const startedAt = performance.now()

const rows: Row[] = []
for (const scenario of scenarios(isLight)) {
  const label = `${scenario.name} (${scenario.turnedAway})`
  if (!label.includes(values.only)) continue
  const all: Totals[] = []
  const from = performance.now()
  for (const seed of seeds) all.push(await scenario.run({ ...storm, seed }))
  rows.push({ scenario, totals: medianOf(all) })
  const took = ((performance.now() - from) / 1_000).toFixed(1)
  console.error(`${label}: ${took} s, ${memory()}`)
}
console.log(`\n${storm.clients.toLocaleString('en')} clients, median of ${seeds.length}; times in seconds\n`)
console.log(stormTable(rows, storm))

if (values.json) {
  const figures = rows.map(({ scenario: { name, turnedAway }, totals }) => ({ name, turnedAway, ...totals }))
  writeFileSync(values.json, JSON.stringify({ storm, seeds, rows: figures }))
}
if (values.svg) writeFileSync(values.svg, plotStorm(plotted(), storm))

if (!isLight && !values.only && !values.brief) {
  console.log('\nAt equal peaks: ours with the windows that reach the peaks of the other, before and after\n')
  console.log(
    markdown(
      ['peer', 'its peaks', '99 %', 'all', 'our windows', '99 %', 'all', 'by one factor, all'],
      tuned(),
    ),
  )
  console.log('\nAt our peaks: the others with all delays stretched by one factor\n')
  console.log(markdown(['peer', 'factor', 'peaks', '99 %', 'all', 'not back'], atOurs()))
}
console.error(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s, ${memory()}`)

function tuned(): string[][] {
  const lines: string[][] = []
  for (const peer of peers) {
    const its = runPolicy(storm, peer, 'refuse')
    const tuning = tuneOurs(storm, its)
    const mine = runPolicy(storm, ours(tuning), 'refuse')
    const factor = stretchOurs(storm, its)
    const simple = runPolicy(storm, stretched(ours(), factor), 'refuse')
    const [first, cap] = [tuning.first, tuning.maxDelay].map((ms) => (ms / 1_000).toFixed(2))
    lines.push([
      peer.name,
      peaks(its),
      seconds(its.most),
      seconds(its.all),
      `${first} to ${cap} s`,
      seconds(mine.most),
      seconds(mine.all),
      `${factor.toFixed(2)}: ${seconds(simple.all)}`,
    ])
  }
  return lines
}

function atOurs(): string[][] {
  const mine = runPolicy(storm, ours(defaultTuning), 'refuse')
  const lines = peers.map((peer) => {
    const factor = stretchPeer(storm, peer, mine)
    if (factor === undefined) return [peer.name, 'none reaches them', '', '', '', '']
    const its = runPolicy(storm, stretched(peer, factor), 'refuse')
    return [
      peer.name,
      factor.toFixed(2),
      peaks(its),
      seconds(its.most),
      seconds(its.all),
      its.never.toLocaleString('en'),
    ]
  })
  return [['Holdfast', '1', peaks(mine), seconds(mine.most), seconds(mine.all), '0'], ...lines]
}

function peaks({ peak, peakAfter }: Totals): string {
  return `${share(peak, storm)}, ${share(peakAfter, storm)}`
}

/** One panel for each name. */
function plotted(): Row[] {
  const names = rows.map(({ scenario }) => scenario.name)
  return rows.filter(({ scenario }, index) => names.indexOf(scenario.name) === index)
}

function memory(): string {
  return `${(process.memoryUsage().rss / 1e9).toFixed(1)} GB`
}
