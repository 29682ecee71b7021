import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { setUp } from '../../test/support/set-up.ts'
import { metrics } from './metrics.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly w: number }
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[]
}

interface Dashboard {
  readonly title: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}

const root = join(import.meta.dirname, '../../../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const guide = read('packages/client/docs/guides/metrics.md')

/** The names of metrics in a text. Histograms have three. */
function namesIn(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/\bholdfast_[a-z_]+[a-z]/g)].map(([name]) => name.replace(/(_seconds)_bucket$/, '$1')),
  )
}

let known: Set<string>
/** The labels of each metric. */
let labels: Map<string, readonly string[]>
beforeAll(async () => {
  const register = new Registry()
  metrics(setUp().hub, { register })
  const all = await register.getMetricsAsJSON()
  known = new Set(all.map(({ name }) => name))
  labels = new Map(
    (register.getMetricsAsArray() as unknown as { name: string; labelNames: string[] }[]).map(
      ({ name, labelNames }) => [name, labelNames],
    ),
  )
})

describe('the dashboard', () => {
  const text = read('packages/server/metrics/dashboard.json')
  const { panels, templating, title } = JSON.parse(text) as Dashboard
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

  it('is one that Grafana can import', () => {
    expect(title).toBe('Holdfast')
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job'])
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { gridPos, targets = [] } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    }
  })

  it('uses only metrics that the hub has, with their labels, and counters by their rate', () => {
    expect(expressions.length).toBeGreaterThan(25)
    for (const expression of expressions) {
      const [name] = namesIn(expression)
      expect([...known]).toContain(name)
      const by = /by \((.*?)\)/.exec(expression)?.[1]
      if (by && by !== 'le') expect(labels.get(name!)).toContain(by)
      expect(expression.includes('rate('), expression).toBe(/_(total|bucket)\{/.test(expression))
      expect(expression.split('(').length).toBe(expression.split(')').length)
    }
  })

  it('shows all metrics but those of what is only remembered', () => {
    const shown = namesIn(expressions.join('\n'))
    const left = [...known].filter((name) => !shown.has(name))
    expect(left).toEqual([
      'holdfast_connections_accepted_total',
      'holdfast_tombstones',
      'holdfast_producers',
      'holdfast_buffered_messages',
    ])
  })
})

describe('the guide', () => {
  it('lists exactly the metrics that the hub has, with their types', async () => {
    const register = new Registry()
    metrics(setUp().hub, { register })
    const all = await register.getMetricsAsJSON()
    const rows = guide.matchAll(/^\| `(holdfast_\w+)` \| (\w+) \|/gm)
    const listed = new Map([...rows].map(([, name, type]) => [name, type]))
    expect(listed).toEqual(new Map(all.map(({ name, type }) => [name, String(type)])))
  })

  it('names no other metrics in its alerts', () => {
    const names = namesIn(guide.replaceAll('`holdfast_`', ''))
    expect([...names].filter((name) => !known.has(name))).toEqual([])
  })
})
