import type { ClientStats } from 'holdfast'
import { make, setText } from '../dom.ts'
import { createSparkline } from './sparkline.ts'

/** Figures of a connection: as lines over the last minute, and in total. */
export interface Figures {
  readonly element: HTMLElement
  /** Adds the current figures to the lines. */
  sample(stats: ClientStats): void
  render(stats: ClientStats): void
  clear(): void
}

/** How often figures are sampled, in milliseconds. */
export const sampleInterval = 500

const totals: readonly (readonly [label: string, text: (stats: ClientStats) => string])[] = [
  ['Sent', (stats) => `${count(stats.sentMessages)} · ${size(stats.sentBytes)}`],
  ['Received', (stats) => `${count(stats.receivedMessages)} · ${size(stats.receivedBytes)}`],
  ['Unacknowledged', (stats) => count(stats.unacknowledgedMessages)],
  ['Opened', (stats) => count(stats.opens)],
  ['Unhandled', (stats) => count(stats.unhandled)],
  ['Invalid', (stats) => count(stats.invalid)],
  ['In the socket', (stats) => size(stats.bufferedBytes)],
]

export function createFigures(): Figures {
  let last: { readonly received: number; readonly at: number } | undefined
  const rtt = createSparkline('Round trip', (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`)
  const queued = createSparkline('Queue', (value) => count(value))
  const queuedBytes = createSparkline('Queued bytes', size)
  const rate = createSparkline('Messages in', (value) => `${count(Math.round(value))}/s`)
  const lines = [rtt, queued, queuedBytes, rate]
  const values = totals.map(([label]) => ({ label, value: make('dd', '') }))
  const pairs = values.map(({ label, value }) => make('div', '', make('dt', '', label), value))

  return {
    element: make(
      'div',
      'figures',
      make('div', 'sparklines', ...lines.map(({ element }) => element)),
      make('dl', 'totals', ...pairs),
    ),
    sample(stats) {
      rtt.add(stats.rtt)
      queued.add(stats.queuedMessages)
      queuedBytes.add(stats.queuedBytes)
      const { receivedMessages: received } = stats
      const at = performance.now()
      // A page in the background is sampled less often.
      rate.add(last && ((received - last.received) * 1_000) / (at - last.at))
      last = { received, at }
    },
    render(stats) {
      for (const line of lines) line.render()
      for (const [index, [, text]] of totals.entries()) setText(values[index]!.value, text(stats))
    },
    clear() {
      for (const line of lines) line.clear()
    },
  }
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
