import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong with a page, or a part of it, as it is now: its rules, each with what breaks it. */
export async function accessibilityFaults(page: Page, part = 'html'): Promise<string[]> {
  // What a debugger evaluates is not subject to the page's policy, which allows no script of others.
  if (await page.evaluate(`typeof axe === 'undefined'`)) await page.evaluate(axe)
  // A text that fades in does not have its contrast yet.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run('${part}', { resultTypes: ['violations'] })`,
  )
  await page.emulateMedia({ reducedMotion: null })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  )
}
