import type { BrowserOptions } from '../browser.ts'
import { figuresOf, joinJournals } from '../measure.ts'
import type { Figures, Moments } from '../measure.ts'
import type { Journal } from '../page/lab.ts'
import { setScene, until } from '../scene.ts'
import type { Scene, Visit } from '../scene.ts'
import type { SubjectEntry } from '../subjects.ts'
import { setTimeout as sleep } from 'node:timers/promises'

/** Something that happens to pages and to their connections. */
export interface Situation {
  readonly name: string
  readonly title: string
  /** What happens, and from when on is counted, for readers of the table. */
  readonly about: string
  /** How often it is run, because delays before a retry are random. */
  readonly rounds: number
  /** How many new connections it takes. More of them are false alarms. */
  readonly needed: number
  /** After how many milliseconds a client is said not to recover. */
  readonly limit: number
  /** Nothing goes on for most of the time, so that others may be run meanwhile. */
  readonly isIdle?: boolean
  /** What is of no interest here: cells of the table that stay empty. */
  readonly without?: readonly ('noticed' | 'recovered' | 'toServer' | 'toClient')[]
  /** The rounds are counted from 0. */
  run(subject: SubjectEntry, round: number): Promise<Figures>
}

/** How often messages go each way around the fault, in milliseconds. */
export const brisk = 100
/** Clients forget failed attempts, and take a connection for stable, after some seconds. */
const settling = 6_000
/** What is under way when the feeds stop arrives in this time. */
const rest = 2_000

export interface Ordeal extends BrowserOptions {
  readonly host?: string
  readonly limit: number
  /** How often messages go each way before the fault has ended, in milliseconds; none with 0. */
  readonly feed?: number
  /** How the page dials: past the proxy, so that a port that is closed looks closed. */
  readonly isDirect?: boolean
  /** Begins the fault and ends it. What a page wrote down that is gone by then is given back with the moments. */
  fault(scene: Scene, visit: Visit): Promise<Omit<Moments, 'since'> & { readonly before?: Journal }>
}

/** Lets a client that has been connected for a while go through a fault. */
export async function undergo(
  subject: SubjectEntry,
  { fault, limit, feed = brisk, isDirect = false, ...options }: Ordeal,
): Promise<Figures> {
  await using scene = await setScene(subject, options)
  const visit = await scene.visit({ url: isDirect ? scene.directUrl : scene.url })
  const since = await connected(scene, visit)
  const feeds = async (interval: number): Promise<void> => {
    scene.server.feed(interval)
    await visit.feed(interval)
  }
  await sleep(settling)
  await feeds(feed)
  if (feed > 0) await sleep(2_000)

  const { before, ...moments } = await fault(scene, visit)
  await feeds(brisk)
  const isBack = await until(() => visit.isThrough(moments.until), limit)
  // What comes late comes now, and what connects twice does so.
  if (isBack) await sleep(rest)
  await feeds(0)
  await sleep(rest)
  const journal = await visit.journal()
  const whole = before ? joinJournals(before, journal) : journal
  return figuresOf(whole, scene.server, visit.id, { since, ...moments })
}

/** Waits for the clients to be connected, and gives the moment from which on nothing that is sent may be missing. */
export async function connected({ server }: Scene, ...visits: readonly Visit[]): Promise<number> {
  for (const { journal } of visits) {
    const isOpen = async (): Promise<boolean> =>
      (await journal()).states.some(({ state }) => state === 'open')
    if (!(await until(isOpen, 20_000)))
      throw new Error('the client does not connect although nothing is wrong')
  }
  // What opens first in a page is not always the last that opens in the server.
  await sleep(500)
  const since = Date.now()
  server.send(1)
  for (const visit of visits) {
    await visit.send(1)
    if (!(await until(() => visit.isThrough(since), 5_000)))
      throw new Error('messages do not pass although nothing is wrong')
  }
  return since
}
