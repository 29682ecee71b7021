import { expect, it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectNothingLeft } from '../support/leaks.ts'
import { startBrowser } from './browser.ts'
import { startSite } from './site.ts'

expectNothingLeft()

// What the other tests rest on: with the switches of automation, none of them would prove anything.
it('the browser of the lab has the default settings of users', async () => {
  await using browser = await startBrowser()
  await using site = await startSite({ script: '' })
  const tab = await browser.tab()
  await tab.open(site.away)
  type Page = typeof globalThis & { ticks: number; life: string[] }
  await tab.call(() => {
    const page = globalThis as Page
    page.ticks = 0
    page.life = []
    setInterval(() => page.ticks++, 100)
    for (const type of ['freeze', 'resume', 'visibilitychange'])
      document.addEventListener(type, () => page.life.push(type))
    for (const type of ['online', 'offline']) addEventListener(type, () => page.life.push(type))
    addEventListener('pageshow', ({ persisted }) => page.life.push(`pageshow ${persisted}`))
  })
  const look = (): Promise<{ readonly ticks: number; readonly life: string[] }> =>
    tab.call(() => {
      const { ticks, life } = globalThis as Page
      return { ticks, life }
    })

  const other = await browser.tab()
  await sleep(1_000)
  const { ticks: before } = await look()
  const begun = performance.now()
  await sleep(2_000)
  const { ticks } = await look()
  // Every 100 ms, in a page that is seen.
  expect(ticks - before, 'a hidden page is throttled').toBeLessThan((performance.now() - begun) / 400)
  await tab.freeze()
  await tab.unfreeze()
  await tab.front()
  await tab.offline(true)
  expect(await tab.call(() => navigator.onLine)).toBe(false)
  await tab.offline(false)
  await tab.open(`${site.away}?2`)
  await tab.back()
  const { life } = await look()
  expect(life).toEqual(
    expect.arrayContaining(['visibilitychange', 'freeze', 'resume', 'offline', 'online', 'pageshow true']),
  )

  await tab.crash()
  await expect(other.call(() => 1 + 1)).resolves.toBe(2)
  await tab.open(site.away)
  await expect(tab.call(() => document.title)).resolves.toBe('Away')
  await expect(
    tab.call(() => {
      throw new Error('thrown in the page')
    }),
  ).rejects.toThrow('thrown in the page')
})
