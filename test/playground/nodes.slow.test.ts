// The page of `npm start -- --nodes 2`, as a visitor uses it.
import { chromium } from 'playwright'
import { expect, onTestFinished, test } from 'vitest'
import { startNodes } from '../../playground/server/nodes/start.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { RedisServer } from '../support/redis-server.ts'
import { accessibilityFaults } from './accessibility.ts'

test('the page of several nodes goes on when its node is drained, and recovers when it is killed', async () => {
  await using redis = await RedisServer.start()
  const url = `redis://127.0.0.1:${redis.port}`
  const playground = await startNodes({ port: 0, host: '127.0.0.1', count: 2, redis: url })
  onTestFinished(() => playground.close())
  const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
  onTestFinished(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(`http://127.0.0.1:${playground.port}/`)

  const count = async (label: string): Promise<number> =>
    Number(await page.locator('#counts div', { hasText: label }).locator('dd').textContent())
  const here = page.locator('#nodes [aria-current]')
  const press = (action: string): Promise<void> => here.getByRole('button', { name: action }).click()

  await press('Drain')
  await expect.poll(() => count('Session moved')).toBe(1)
  await page.getByRole('button', { name: 'Add a node' }).click()
  await page.locator('#nodes li').nth(1).waitFor()
  expect(await accessibilityFaults(page)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)

  await press('Kill')
  await expect.poll(() => count('Session lost')).toBe(1)
  const published = await count('Published')
  await expect.poll(() => count('Received once')).toBeGreaterThan(published)
  expect([await count('Received twice'), await count('Gaps'), errors]).toEqual([0, 0, []])
})
