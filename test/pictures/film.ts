import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright'
import type { Frame } from './apng.ts'
import { readPng } from './png.ts'

const scene = { viewport: { width: 960, height: 720 }, colorScheme: 'light' } as const
/** What is filmed of it. */
const clip = { x: 0, y: 0, width: 960, height: 668 }
/** All times are those of the page, in milliseconds. */
const interval = 40
const moments = { approach: 200, pull: 920, plugIn: 6_320, end: 10_800 } as const
/** What a message needs to the other phone, in real time. */
const transit = 25

/**
 * Pulls the plug and puts it back, filmed at 25 frames a second. Equal frames become one.
 *
 * The time of the page passes only between two frames, so that a slow machine makes the same film as a fast one.
 */
export async function film(browser: Browser, url: string): Promise<Frame[]> {
  const context = await browser.newContext(scene)
  const page = await context.newPage()
  await page.clock.install()
  await page.goto(url)
  await page.locator('#phone-right .theirs').nth(1).waitFor()
  await page.waitForTimeout(1_000)
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 100)
  const pointer = await addPointer(page)

  const shots: { readonly file: Buffer; duration: number }[] = []
  for (let time = 0; time < moments.end; time += interval) {
    await pointer.moveTo((time - moments.approach) / (moments.pull - moments.approach))
    if (time === moments.pull || time === moments.plugIn) {
      await page.locator('#plug').click()
      await page.locator(time === moments.pull ? '.is-pulled' : '#route:not(.is-pulled)').waitFor()
    }
    await page.clock.runFor(interval)
    await page.evaluate(advanceAnimations, interval)
    await sleep(transit)
    const file = await page.screenshot({ clip })
    const last = shots.at(-1)
    if (last?.file.equals(file)) last.duration += interval
    else shots.push({ file, duration: interval })
  }
  await context.close()
  return shots.map(({ file, duration }) => ({ image: readPng(file), duration }))
}

/** Runs in the page, whose clock does not drive them. */
function advanceAnimations(by: number): void {
  for (const animation of document.getAnimations()) {
    animation.pause()
    const at = Number(animation.currentTime ?? 0) + by
    if (at < Number(animation.effect?.getComputedTiming().endTime)) animation.currentTime = at
    else animation.finish()
  }
}

/** Shows a pointer, which a screenshot has not. It moves to the plug; 1 is there. */
async function addPointer(page: Page): Promise<{ moveTo(share: number): Promise<void> }> {
  const box = (await page.locator('#plug').boundingBox())!
  const [x, y] = [box.x + box.width * 0.62, box.y + box.height * 0.78]
  await page.evaluate(() => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('d', 'M1 1v20l5-4.5 3.5 8 4-1.8-3.5-7.7 7-.5z')
    path.setAttribute('fill', '#111')
    path.setAttribute('stroke', '#fff')
    svg.append(path)
    svg.id = 'pointer'
    Object.assign(svg.style, {
      position: 'fixed',
      width: '24px',
      height: '28px',
      zIndex: '9',
      pointerEvents: 'none',
    })
    document.body.append(svg)
  })
  return {
    async moveTo(share) {
      const eased = 1 - (1 - Math.min(1, Math.max(0, share))) ** 3
      const place = { left: `${x + (1 - eased) * 140}px`, top: `${y + (1 - eased) * 220}px` }
      await page.evaluate((at) => Object.assign(document.getElementById('pointer')!.style, at), place)
    },
  }
}
