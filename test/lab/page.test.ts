import type { Client } from 'holdfast'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectNothingLeft } from '../support/leaks.ts'
import { startBrowser } from './browser.ts'
import type { Browser } from './browser.ts'
import { count } from './measure.ts'
import type { Dial } from './page/watch-dials.ts'
import { setScene, until } from './scene.ts'
import { connected } from './situations/situation.ts'
import { ours } from './subjects.ts'

const wires = ['plain', 'session'] as const
/** How long something may take that takes a second, on a machine that is busy, in milliseconds. */
const patience = 60_000

expectNothingLeft('all')

describe.concurrent('a page in Chromium', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await startBrowser()))
  afterAll(() => browser[Symbol.asyncDispose]())

  it('a page misses no message of the server while it is frozen', async () => {
    await using scene = await setScene(ours.session)
    const { server } = scene
    const visit = await scene.visit()
    const { tab } = visit
    await connected(scene, visit)
    server.feed(1_000)
    await sleep(2_000)
    const other = await scene.browser.tab()
    const before = server.sent.length
    await tab.freeze()
    await sleep(6_000)
    expect(server.sent.length - before).toBeGreaterThanOrEqual(5)
    await tab.unfreeze()
    await tab.front()
    await other.close()

    const goesOn = Date.now()
    server.feed(100)
    await visit.feed(100)
    expect(await until(() => visit.isThrough(goesOn), patience)).toBe(true)
    server.feed(0)
    await sleep(500)
    const { received, life } = await visit.journal()
    expect(life.map(([event]) => event)).toEqual(expect.arrayContaining(['freeze', 'resume']))
    // From the first that came, each once and in order.
    const numbers = received.map(([n]) => n)
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
    expect(numbers.at(-1)).toBe(server.sent.length)
    expect(server.accepted).toHaveLength(2)
  })

  it.each(wires)(
    'a page leaves the back-forward cache with one new connection, at once (%s wire)',
    async (wire) => {
      await using scene = await setScene(ours[wire], { browser })
      const { server, site } = scene
      const visit = await scene.visit()
      const { tab } = visit
      await connected(scene, visit)
      await tab.open(site.away)
      await sleep(300)
      server.send(3)
      await tab.back()
      const isBack = async (): Promise<boolean> => {
        const { states } = await visit.journal()
        return states.length > 2 && states.at(-1)!.state === 'open'
      }
      expect(await until(isBack, patience)).toBe(true)
      // Long enough for a second dial.
      await sleep(1_500)

      const reasons = await tab.call(
        () =>
          (performance.getEntriesByType('navigation')[0] as unknown as { notRestoredReasons: unknown })
            .notRestoredReasons,
      )
      expect(reasons).toBeNull()
      expect(tab.notRestoredReasons).toEqual([])
      const { life, states, received } = await visit.journal()
      const [, backAt] = life.find(([event]) => event === 'pageshow persisted')!
      expect(states.map(({ why = 'open' }) => why)).toEqual(['open', 'left', 'open'])
      const dialedAt = await tab.call(
        () => performance.timeOrigin + (globalThis as unknown as { readonly dials: Dial[] }).dials[1]!.at,
      )
      // In the very task, so nothing that is late comes between.
      expect(dialedAt - backAt).toBeLessThan(3_000)
      expect(server.accepted).toHaveLength(2)
      if (wire === 'session') expect(count(server.sent, received)).toEqual({ sent: 4, lost: 0, doubled: 0 })
    },
  )

  it.each(wires)('a page reports that its own policy forbids the connection (%s wire)', async (wire) => {
    await using scene = await setScene(ours[wire], { browser })
    const visit = await scene.visit({ csp: true })
    const why = async (): Promise<string | undefined> =>
      (await visit.journal()).states.findLast(({ state }) => state === 'down')?.why
    await until(async () => (await why()) === 'csp', patience)
    expect(await why()).toBe('csp')
    expect(scene.server.accepted).toEqual([])
  })
})

/** How many handlers of 0.15 ms a page may run in a row: as many as fit into a task that is not a long one. */
const mostAtATime = 50 / 0.15

it.each(wires)('a page stays responsive while 20,000 messages arrive (%s wire)', async (wire) => {
  await using scene = await setScene(ours[wire], { hub: { limits: { maxBufferedMessages: 40_000 } } })
  const { server } = scene
  const visit = await scene.visit()
  const { tab } = visit
  await connected(scene, visit)
  type Page = typeof globalThis & {
    readonly client: Client
    readonly total: () => number
    readonly most: () => number
  }
  await tab.call((isPacked) => {
    let handled = 0
    let total = 0
    let most = 0
    const turn = (): void => {
      most = Math.max(most, handled)
      handled = 0
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      turn()
      port2.postMessage(0)
    }
    if (isPacked) port2.postMessage(0)
    Object.assign(globalThis, { total: () => total, most: () => most })
    // A handler that has something to do.
    ;(globalThis as Page).client.on('down', () => {
      // Without packs, each message is a task of its own, at the end of which its microtasks run.
      if (handled++ === 0 && !isPacked) queueMicrotask(turn)
      total++
      const end = performance.now() + 0.15
      while (performance.now() < end);
    })
  }, wire === 'session')

  for (let turn = 0; turn < 10; turn++) {
    server.send(2_000)
    await sleep(10)
  }
  // Not the journal, whose length would keep the page from its messages.
  const total = (): Promise<number> => tab.call(() => (globalThis as Page).total())
  expect(await until(async () => (await total()) === 20_000, 150_000)).toBe(true)
  const most = await tab.call(() => (globalThis as Page).most())
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(mostAtATime)
})
