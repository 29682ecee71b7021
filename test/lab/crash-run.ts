import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import { createRandom } from '@holdfast/testing'
import { chromium } from 'playwright'
import type { BrowserContext, Page } from 'playwright'
import { listen } from '../session/pair.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { bundle } from './bundle.ts'
import type { Sabotage } from './bundle.ts'
import type { CrashPage, Note, Task } from './crash-page.ts'

export interface CrashRun {
  /** How many pages are crashed. */
  readonly times: number
  readonly seed: number
  /** To see the run fail. */
  readonly sabotage?: Sabotage
  /** What all pages do, instead of each something else. */
  readonly plan?: Partial<Task & Crash>
  say?(text: string): void
}

/** When a page is crashed: on a busy machine a moment that is only a time comes before a page has sent anything. */
interface Crash {
  /** How many messages it has reported as committed, if it sends. */
  readonly commits: number
  /** In milliseconds after that. */
  readonly delay: number
}

export interface CrashReport {
  /** What is wrong; nothing if all is well. */
  readonly faults: readonly string[]
  /** Messages whose commit was reported, and those that the server has. */
  readonly committed: number
  readonly handed: number
  readonly pages: number
}

declare const crashPage: CrashPage

/**
 * Crashes the renderer of one page after the other while it sends, each at a moment of its own. The pages share a profile,
 * and so each of them also sends what the ones before have left. The last one is not crashed.
 */
export async function crash({ times, seed, sabotage, plan, say }: CrashRun): Promise<CrashReport> {
  const random = createRandom(seed)
  const script = await bundle('crash-page.ts', sabotage)
  // A few hundred pages leave more than one client may send at once.
  const hub = createHub({ limits: { messageRate: 1e9, messageBurst: 1e9 } })
  const handed = new Map<number, number[]>()
  hub.on('note', (data) => {
    const { page, number } = data as Note
    const numbers = handed.get(page)
    if (numbers) numbers.push(number)
    else handed.set(page, [number])
  })
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><title>crash</title><script>${script}</script>`)
  })
  hub.attach(server, { path: '/ws' })
  const port = await listen(server)
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-crash-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await findChromium(),
    args: chromiumArgs,
  })
  const committed = new Map<number, number>()
  const faults: string[] = []
  await context.exposeBinding('told', (_, word: Parameters<typeof tell>[0]) => tell(word))
  const tell = (word: { page: number; committed?: number; trouble?: string; settled?: string }): void => {
    const { page, committed: count } = word
    if (count !== undefined) committed.set(page, Math.max(count, committed.get(page) ?? 0))
    if (word.trouble) faults.push(`page ${page} is in trouble: ${word.trouble}`)
    if (word.settled) faults.push(`page ${page} tells of an outcome: ${word.settled}`)
  }
  const url = `ws://127.0.0.1:${port}/ws`
  const open = async (task: Task): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.evaluate((given) => void crashPage.begin(given), task)
    return page
  }

  try {
    for (let page = 0; page < times; page++) {
      const connectAfter = [-1, 0, random() * 100, 1e6][Math.floor(random() * 4)]!
      const burst = [1, 5, 100][Math.floor(random() * 3)]!
      const isSending = random() < 0.9
      const commits = [0, 1, 20, 200][Math.floor(random() * 4)]!
      const delay = random() * (commits > 0 ? 20 : 150)
      const task = { page, seed: seed + page, url, connectAfter, burst, isSending, commits, delay, ...plan }
      const opened = await open(task)
      const isFar = (): boolean => !task.isSending || (committed.get(page) ?? 0) >= task.commits
      while (!isFar() && faults.length === 0) await sleep(1)
      await sleep(task.delay)
      await crashRenderer(context, opened)
      if ((page + 1) % 20 === 0) say?.(`${page + 1} of ${times} pages crashed`)
    }
    const lastTask: Task = { page: times, seed, url, connectAfter: -1, burst: 1, isSending: false }
    const last = await open(lastTask)
    const deadline = Date.now() + 120_000
    let reloadAt = Date.now() + 5_000
    while ((await last.evaluate(() => crashPage.left())) > 0) {
      if (Date.now() > deadline) {
        const state = await last.evaluate(() => crashPage.state())
        faults.push(`messages are left in the database: ${state}`)
        break
      }
      await sleep(50)
      // What a crashed page had under way may come late; the next page finds it.
      if (Date.now() > reloadAt) {
        reloadAt = Infinity
        await last.reload()
        await last.evaluate((given) => void crashPage.begin(given), lastTask)
      }
    }
    faults.push(...judge(committed, handed))
  } finally {
    await context.close()
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
    await rm(profile, { recursive: true, force: true })
  }
  const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0)
  return {
    faults,
    committed: sum(committed.values()),
    handed: sum([...handed.values()].map(({ length }) => length)),
    pages: times,
  }
}

/** Every message whose commit was reported, once, and all in order. */
function judge(
  committed: ReadonlyMap<number, number>,
  handed: ReadonlyMap<number, readonly number[]>,
): string[] {
  const faults: string[] = []
  for (const [page, count] of committed) {
    const got = new Set(handed.get(page))
    const missing = Array.from({ length: count }, (_, number) => number).filter((number) => !got.has(number))
    if (missing.length > 0)
      faults.push(`page ${page}: ${missing.length} of ${count} are missing, from ${missing[0]} on`)
  }
  for (const [page, numbers] of handed) {
    const twice = numbers.length - new Set(numbers).size
    if (twice > 0) faults.push(`page ${page}: ${twice} were delivered twice`)
    else if (numbers.some((number, index) => index > 0 && number < numbers[index - 1]!))
      faults.push(`page ${page}: out of order`)
  }
  return faults
}

async function crashRenderer(context: BrowserContext, page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash')
  const devtools = await context.newCDPSession(page)
  // It has no answer.
  devtools.send('Page.crash').catch(() => {})
  await crashed
  await page.close()
}
