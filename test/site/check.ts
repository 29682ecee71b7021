// Checks the documentation site as it was built (`npm run docs`): its links, its pages in a browser (axe in light, dark
// and on a phone; errors; requests to other hosts), and prints the weight and the words of its pages.
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, posix, sep } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { chromium } from 'playwright'
import type { BrowserContextOptions } from 'playwright'
import { withDocs } from '../../playground/server/docs.ts'
import { accessibilityFaults } from '../playground/accessibility.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'

/** The pages that are looked at in a browser: each layout, and what readers open first. */
const looked = [
  '',
  'start/your-server.html',
  'start/both-ends.html',
  'guarantees.html',
  'troubleshooting.html',
  'guides/sessions.html',
  'close-codes.html',
  'reference/index.html',
]
const views: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
}
/** Of a page with everything that it loads, compressed. The first one shows a picture of 200 kB. */
const maxBytes = 400_000

const folder = join(import.meta.dirname, '../../packages/docs/dist/site')
if (!existsSync(join(folder, 'index.html'))) throw new Error('The site is not built. Run: npm run docs')
const faults: string[] = []
const files = globSync('**/*.html', { cwd: folder })
  .map((file) => file.replaceAll(sep, '/'))
  .sort()
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))

checkLinks()
printWords()
await lookAtPages()
for (const fault of faults) console.error(fault)
console.log(`${files.length} pages, ${faults.length} faults`)
process.exitCode = faults.length > 0 ? 1 : 0

function checkLinks(): void {
  for (const [file, html] of texts)
    for (const [, written = ''] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (/^(https?|data|mailto):/.test(written)) continue
      const [path = '', anchor] = written.replaceAll('&amp;', '&').split('#')
      const target = path.startsWith('/docs/')
        ? path.slice('/docs/'.length)
        : posix.join(posix.dirname(file), path)
      const to = path === '' ? file : target.replace(/(^|\/)$/, '$1index.html')
      const isAnchor = !anchor || texts.get(to)?.includes(`id="${decodeURIComponent(anchor)}"`)
      if (!existsSync(join(folder, to)) || !isAnchor) faults.push(`${file}: ${written} leads nowhere`)
    }
}

/** Pages without code, the longest first. */
function printWords(): void {
  const words = files
    .filter((file) => !file.startsWith('reference/'))
    .map((file) => {
      const [, main = ''] = /<main\b[^>]*>([\s\S]*?)<\/main>/.exec(texts.get(file)!) ?? []
      const prose = main.replaceAll(/<pre\b[\s\S]*?<\/pre>/g, ' ').replaceAll(/<[^>]+>/g, ' ')
      return { page: file, words: prose.split(/\s+/).filter(Boolean).length }
    })
    .toSorted((left, right) => right.words - left.words)
  const middle = words[Math.floor(words.length / 2)]!.words
  console.log(`${words.length} pages without the reference, median ${middle} words. The longest:`)
  console.table(words.slice(0, 10))
}

async function lookAtPages(): Promise<void> {
  const server = createServer(withDocs((_, response) => response.writeHead(404).end(), folder))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? (await findChromium()),
    args: chromiumArgs,
  })
  const weights: { page: string; requests: number; bytes: number }[] = []
  for (const [view, options] of Object.entries(views))
    for (const path of looked) {
      await using context = await browser.newContext(options)
      const page = await context.newPage()
      const at = `${path || 'the first page'}, ${view}`
      const bodies: Promise<Buffer>[] = []
      page.on('pageerror', (error) => faults.push(`${at}: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(`${at}: ${message.text()}`)
      })
      page.on('request', (request) => {
        if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
          faults.push(`${at}: asks for ${request.url()}`)
      })
      page.on('response', (response) => void bodies.push(response.body().catch(() => Buffer.alloc(0))))
      await page.goto(`${origin}/docs/${path}`, { waitUntil: 'networkidle' })
      // It has its label when the page has come to life.
      await page.waitForFunction(
        `[...document.querySelectorAll('.VPSwitchAppearance')].every(({ title }) => title)`,
      )
      for (const fault of await accessibilityFaults(page)) faults.push(`${at}: ${fault}`)
      if (view !== 'light') continue
      const loaded = await Promise.all(bodies)
      const bytes = loaded.reduce((sum, body) => sum + brotliCompressSync(body).length, 0)
      weights.push({ page: path, requests: loaded.length, bytes })
      if (bytes > maxBytes) faults.push(`${at}: weighs ${bytes} bytes, more than ${maxBytes}`)
    }
  console.log('What a first visit loads, compressed with brotli:')
  console.table(weights)
  server.close()
  server.closeAllConnections()
}
