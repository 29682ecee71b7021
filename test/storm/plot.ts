import { bucketSpan } from './tally.ts'
import type { Row } from './tables.ts'
import type { Storm } from './server.ts'

const until = 150_000
const step = 500
const left = 180
const right = 30
const width = 900
const rowHeight = 62
const gap = 14
const top = 84
const decades = 3

/** A plot of some rows: attempts per 100 ms over time, one above the other on the same logarithmic scale. */
export function plotStorm(rows: readonly Row[], storm: Storm): string {
  const height = top + rows.length * (rowHeight + gap) + 40
  const x = (ms: number): number => round(left + (Math.min(ms, until) / until) * (width - left - right))
  const bottom = height - 40

  const panels = rows.map(({ scenario, totals }, index) => {
    const base = top + index * (rowHeight + gap) + rowHeight
    const y = (part: number): number => {
      // From 0.1 % of the clients to all of them.
      const level = Math.max(0, Math.min(1, 1 + Math.log10(Math.max(part, 1e-9)) / decades))
      return round(base - level * rowHeight)
    }
    let path = `M${x(0)} ${base}`
    for (let from = 0; from < until; from += step) {
      const most = Math.max(
        0,
        ...totals.buckets.slice(from / bucketSpan, (from + step) / bucketSpan).map((value) => value || 0),
      )
      path += `V${y(most / storm.clients)}H${x(from + step)}`
    }
    // A version, or what the server says.
    const [, name, more = 'no hints'] = /^(.*?)(?:,? ((?:\d|hints).*))?$/.exec(scenario.name)!
    const isBack = totals.all < until
    return [
      `<g class="${scenario.isOurs ? 'ours' : 'peer'}">`,
      `<text x="${left - 12}" y="${base - rowHeight / 2}" text-anchor="end" class="name">${name}</text>`,
      `<text x="${left - 12}" y="${base - rowHeight / 2 + 16}" text-anchor="end">${more}</text>`,
      `<path d="${path}V${base}Z"/>`,
      `<line x1="${left}" x2="${width - right}" y1="${y(0.02)}" y2="${y(0.02)}" class="limit"/>`,
      `<line x1="${left}" x2="${width - right}" y1="${base}" y2="${base}" class="axis"/>`,
      ...(isBack
        ? [
            `<line x1="${x(totals.all)}" x2="${x(totals.all)}" y1="${base - rowHeight}" y2="${base}" class="back"/>`,
            `<text x="${x(totals.all) + 5}" y="${base - rowHeight + 11}">all back</text>`,
          ]
        : [
            `<text x="${width - right}" y="${base - rowHeight + 11}" text-anchor="end">${totals.never.toLocaleString('en')} never come back</text>`,
          ]),
      '</g>',
    ].join('\n')
  })

  const ticks = Array.from({ length: until / 15_000 + 1 }, (_, index) => index * 15_000).map(
    (ms) => `<text x="${x(ms)}" y="${bottom + 18}" text-anchor="middle">${ms / 1_000} s</text>`,
  )
  const returns = x(storm.returnsAt)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">
<title id="title">Attempts per 100 ms after a server with ${storm.clients.toLocaleString('en')} clients has died</title>
<desc id="description">Logarithmic, from 0.1 % of the clients to all of them; the dashed line is 2 %. The server is back after ${storm.returnsAt / 1_000} s and lets in ${storm.rate} a second.</desc>
<style>
svg { font: 12px system-ui, sans-serif; color-scheme: light dark; }
.paper { fill: #fff; } text { fill: #555; } .name, .heading { fill: #111; font-weight: 600; } .heading { font-size: 15px; }
.ours path { fill: #2563eb; } .peer path { fill: #9a9a9a; }
.axis { stroke: #999; } .limit { stroke: #b45309; stroke-dasharray: 4 4; } .back, .returns { stroke: #111; }
.returns { stroke-dasharray: 1 3; }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; } text { fill: #a5adb8; } .name, .heading { fill: #f0f3f6; }
.ours path { fill: #60a5fa; } .peer path { fill: #6b7280; }
.axis { stroke: #6b7280; } .limit { stroke: #f59e0b; } .back, .returns { stroke: #f0f3f6; }
}
</style>
<rect class="paper" width="${width}" height="${height}"/>
<text x="20" y="24" class="heading">Attempts per 100 ms, in parts of ${storm.clients.toLocaleString('en')} clients</text>
<text x="20" y="42">From 0.1 % to 100 %, logarithmic. The dashed line is 2 %.</text>
<line x1="${returns}" x2="${returns}" y1="${top - 6}" y2="${bottom}" class="returns"/>
<text x="${returns}" y="${top - 10}" text-anchor="middle">the server is back</text>
${panels.join('\n')}
${ticks.join('\n')}
</svg>
`
}

const round = (value: number): number => Math.round(value * 10) / 10
