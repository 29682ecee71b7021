import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../support/browsers.ts'
import { openPage } from './page.ts'
import type { EnginePage } from './page.ts'
import { servePage } from './server.ts'

/** How soon a page that is shown again has its connection, in milliseconds, on a machine that is busy. */
const soon = 20_000

interface Shown {
  readonly load: string
  /** Whether it is the page that was left, out of the back-forward cache, and not a new one. */
  readonly cached: boolean
  readonly told: readonly string[]
  readonly openAfter: number
}

describe.each(engines)('a page with a session in %s', (engine) => {
  let page: EnginePage
  beforeAll(async () => void (page = await openPage(engine)))
  afterAll(() => page?.[Symbol.asyncDispose]())
  const shown = (): Promise<Shown> => page.ask('({ load, cached, told, openAfter: openAt - shownAt })')

  test('that is left, and come back to, has one new socket soon, and has lost nothing', async () => {
    await using server = await servePage()
    await page.open(`${server.url}/`)
    await expect.poll(() => page.ask('client.state.status')).toBe('open')
    for (let count = 0; count < 3; count++) await page.ask('void say()')
    server.tell('before')
    const { load } = await shown()
    const before = [1, 2, 3].map((number) => `${load} ${number}`)
    await expect.poll(() => server.said).toEqual(before)
    await expect.poll(async () => (await shown()).told).toEqual(['before'])

    await page.open(`${server.url}/away`)
    await expect.poll(() => server.sockets.live).toBe(0)
    // Time enough for an unwanted dial.
    await sleep(300)
    expect(server.sockets).toEqual({ dials: 1, live: 0 })
    server.tell('meanwhile')

    await page.back()
    await expect.poll(() => server.sockets).toEqual({ dials: 2, live: 1 })
    await expect.poll(() => page.ask('client.state.status')).toBe('open')
    await page.ask('void say()')
    const back = await shown()
    expect(back.openAfter).toBeLessThan(soon)
    if (back.cached) {
      // The fourth is what the page said while it was being left.
      await expect.poll(() => server.said).toEqual([...before, `${load} 4`, `${load} 5`])
      await expect.poll(async () => (await shown()).told).toEqual(['before', 'meanwhile'])
    } else {
      // What a page says while it is being unloaded may reach the server or not. The new page begins anew.
      await expect.poll(() => server.said.at(-1)).toBe(`${back.load} 1`)
      expect([before, [...before, `${load} 4`]]).toContainEqual(server.said.slice(0, -1))
      expect(back.load).not.toBe(load)
    }
    expect(server.sockets).toEqual({ dials: 2, live: 1 })
    if (page.caches !== undefined) expect(back.cached).toBe(page.caches)
  })

  // WebKitGTK cannot emulate being offline.
  if (engine === 'webkit') return

  test('whose connection ends while it is offline has lost nothing', async () => {
    await using server = await servePage()
    await page.open(`${server.url}/`)
    await expect.poll(() => page.ask('client.state.status')).toBe('open')
    const { load } = await shown()

    await page.setOffline!(true)
    expect(await page.ask('navigator.onLine')).toBe(false)
    server.cut()
    // In Chromium even the end of a connection does not reach a page that is offline, in Firefox only dials fail.
    if (engine === 'firefox') await expect.poll(() => page.ask('client.state.status')).not.toBe('open')
    await page.ask('void say()')
    server.tell('meanwhile')
    await sleep(300)
    expect(server.said).toEqual([])
    expect(server.sockets).toEqual({ dials: 1, live: 0 })

    await page.setOffline!(false)
    await expect.poll(() => server.said).toEqual([`${load} 1`])
    await expect.poll(async () => (await shown()).told).toEqual(['meanwhile'])
    expect(server.sockets).toEqual({ dials: 2, live: 1 })
  })
})
