import type { Page } from 'playwright'

/** What a page was busy with, in milliseconds. */
export interface Business {
  readonly elapsed: number
  /** All tasks of the main thread. */
  readonly tasks: number
  readonly script: number
  readonly layout: number
  /** The tasks of 50 ms and more, by the Long Tasks API. */
  readonly longTasks: readonly number[]
}

/** Starts to watch the main thread of a page; call the result to learn what it did meanwhile. */
export async function watchMainThread(page: Page): Promise<() => Promise<Business>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return new Map(metrics.map(({ name, value }) => [name, value * 1_000]))
  }
  const observer = await page.evaluateHandle(() => {
    const tasks: number[] = []
    const longTasks = new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map(({ duration }) => duration)),
    )
    longTasks.observe({ type: 'longtask' })
    return tasks
  })
  const before = await read()
  const startedAt = performance.now()

  return async () => {
    const after = await read()
    const elapsed = performance.now() - startedAt
    const spent = (name: string): number => Math.round((after.get(name) ?? 0) - (before.get(name) ?? 0))
    return {
      elapsed: Math.round(elapsed),
      tasks: spent('TaskDuration'),
      script: spent('ScriptDuration'),
      layout: spent('LayoutDuration') + spent('RecalcStyleDuration'),
      longTasks: await observer.jsonValue(),
    }
  }
}
