import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Count, Figures } from './measure.ts'
import type { Situation } from './situations/situation.ts'
import type { SubjectEntry } from './subjects.ts'

/** The rounds of a client in a situation as one: medians of times, sums of counts. */
export interface Result extends Figures {
  readonly rounds: number
}

/** By the names of situations and clients. */
export type Results = Map<string, ReadonlyMap<string, Result>>

export interface Report {
  readonly version: string
  readonly results: Results
  readonly situations: readonly Situation[]
  readonly subjects: readonly SubjectEntry[]
}

const guide = join(import.meta.dirname, '../../packages/client/docs/guides/page-life.md')
const [begin, end] = ['<!-- measured by npm run lab: begin -->', '<!-- measured by npm run lab: end -->']

export function merge(rounds: readonly Figures[]): Result {
  const time = (of: 'noticed' | 'recovered'): number | undefined => {
    // What did not come counts as the longest.
    const sorted = rounds.map((figures) => figures[of] ?? Infinity).sort((a, b) => a - b)
    const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
    const median = middle.reduce((a, b) => a + b) / middle.length
    return median === Infinity ? undefined : median
  }
  const sum = (of: 'toServer' | 'toClient'): Count =>
    rounds
      .map((figures) => figures[of])
      .reduce((a, b) => ({ sent: a.sent + b.sent, lost: a.lost + b.lost, doubled: a.doubled + b.doubled }))
  return {
    rounds: rounds.length,
    noticed: time('noticed'),
    why: rounds.find(({ why }) => why !== undefined)?.why,
    recovered: time('recovered'),
    toServer: sum('toServer'),
    toClient: sum('toClient'),
    sockets: rounds.reduce((total, { sockets }) => total + sockets, 0),
  }
}

/** Prints the tables, and puts them into the guide when they are complete. */
export function writeGuide(report: Report, isComplete: boolean): void {
  const text = tables(report)
  console.log(text)
  if (!isComplete) return
  const page = readFileSync(guide, 'utf8')
  const [before, after] = [page.indexOf(begin), page.indexOf(end)]
  if (before < 0 || after < before) throw new Error(`${guide} has lost its markers`)
  writeFileSync(guide, `${page.slice(0, before + begin.length)}\n\n${text}\n\n${page.slice(after)}`)
}

function tables({ version, results, situations, subjects }: Report): string {
  const found = situations.filter(({ name }) => results.has(name))
  const cell = (situation: Situation, subject: SubjectEntry): string =>
    short(results.get(situation.name)!.get(subject.name)!, situation)
  const titles = subjects.map(({ title }) => title)
  return [
    `Measured in ${version}. Each cell: after how long messages pass again both ways, and how many were lost or came twice.`,
    markdown(
      ['', ...titles],
      found.map((situation) => [situation.title, ...subjects.map((subject) => cell(situation, subject))]),
    ),
    ...found.map((situation) => detail(situation, results.get(situation.name)!, subjects)),
  ].join('\n\n')
}

/** The cell of the first table. */
function short({ recovered, why, toServer, toClient }: Result, situation: Situation): string {
  const { without = [] } = situation
  if (without.includes('recovered')) return `says \`${why ?? 'nothing'}\``
  const counts = [
    ...(without.includes('toServer') ? [] : [toServer]),
    ...(without.includes('toClient') ? [] : [toClient]),
  ]
  const lost = counts.reduce((total, count) => total + count.lost, 0)
  const doubled = counts.reduce((total, count) => total + count.doubled, 0)
  return [
    recovered === undefined ? `not in ${situation.limit / 1_000} s` : duration(recovered),
    ...(lost > 0 ? [`${number(lost)} lost`] : []),
    ...(doubled > 0 ? [`${number(doubled)} twice`] : []),
  ].join(', ')
}

function detail(
  situation: Situation,
  results: ReadonlyMap<string, Result>,
  subjects: readonly SubjectEntry[],
): string {
  const { title, about, rounds, needed, limit, without = [] } = situation
  const time = (ms: number | undefined): string =>
    ms === undefined ? `not in ${limit / 1_000} s` : duration(ms)
  type Column = readonly [head: string, of: (result: Result) => string]
  const columns: readonly Column[] = [
    ...(without.includes('noticed')
      ? []
      : [['noticed', ({ noticed }: Result) => (noticed === undefined ? 'no' : duration(noticed))] as const]),
    ...(without.includes('noticed')
      ? []
      : [['says', ({ why }: Result) => (why === undefined ? '' : `\`${why}\``)] as const]),
    ...(without.includes('recovered')
      ? []
      : [['messages pass again', ({ recovered }: Result) => time(recovered)] as const]),
    ...(['toServer', 'toClient'] as const)
      .filter((direction) => !without.includes(direction))
      .map((direction): Column => [
        direction === 'toServer' ? 'lost to the server' : 'lost to the page',
        ({ [direction]: count }) => tally(count),
      ]),
    ['new connections', ({ sockets, rounds: times }) => number(sockets / times)],
    ['of them needless', ({ sockets, rounds: times }) => number(Math.max(0, sockets / times - needed))],
  ]
  const rows = subjects.map(({ name, title: client }) => {
    const result = results.get(name)!
    return [client, ...columns.map(([, of]) => of(result))]
  })
  const times = rounds > 1 ? ` Medians and sums of ${rounds} rounds.` : ''
  return `### ${title}\n\n${about}${times}\n\n${markdown(['', ...columns.map(([head]) => head)], rows)}`
}

function tally({ sent, lost, doubled }: Count): string {
  const twice = doubled > 0 ? `, ${number(doubled)} twice` : ''
  return `${number(lost)} of ${number(sent)}${twice}`
}

function duration(ms: number): string {
  if (ms < 0) return 'before'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 })
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
