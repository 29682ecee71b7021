// How long a visitor of the playground needs to see a message that waited and arrived, without the time to look: from the
// start of the server, as `npm start` does it after the build, until two phones are connected, have chatted, and a message of an
// unplugged phone has arrived. Needs a build. `node test/bench/first-healed.ts`
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { median, print } from './figures.ts'

const rounds = 5
const steps = [
  'page loaded',
  'both phones connected',
  'first message received',
  'plug pulled',
  'plugged in again',
  'waiting message arrived',
] as const

const main = join(import.meta.dirname, '../../playground/server/main.ts')
const spawnedAt = performance.now()
const server = spawn(process.execPath, [main], {
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [output] = await once(server.stdout, 'data')
const ready = performance.now() - spawnedAt
const url = /http:\/\/\S+/.exec(String(output))?.[0] ?? ''
const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
const times: number[][] = []
for (let round = 0; round < rounds; round++) times.push(await visit())
await browser.close()
server.kill()

print(
  `Milliseconds since the page was asked for, medians of ${rounds} visits; the server was ready ${Math.round(ready)} ms after its start`,
  ['', 'ms'],
  steps.map((step, index) => [step, String(Math.round(median(times.map((visited) => visited[index]!))))]),
)

async function visit(): Promise<number[]> {
  const page = await (await browser.newContext()).newPage()
  const startedAt = performance.now()
  const passed: number[] = []
  const pass = (): number => passed.push(performance.now() - startedAt)
  await page.goto(url)
  pass()
  await page.locator('#phone-left[data-status=open]').waitFor()
  await page.locator('#phone-right[data-status=open]').waitFor()
  pass()
  await page.locator('#phone-right .theirs').first().waitFor()
  pass()
  await page.locator('#plug').click()
  await page.locator('.is-pulled').waitFor()
  pass()
  await page.locator('#phone-left').getByLabel('Message', { exact: true }).fill('I wait')
  await page.keyboard.press('Enter')
  await page.locator('#phone-left .own[data-state=pending]', { hasText: 'I wait' }).waitFor()
  await page.locator('#plug').click()
  pass()
  await page.locator('#phone-right .theirs', { hasText: 'I wait' }).waitFor()
  pass()
  await page.context().close()
  return passed
}
