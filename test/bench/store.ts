// What a store costs a page in Chromium: 20,000 events of 100 bytes, 100 in a turn, over a session until each is
// delivered, with `holdfast/store` and without, and once more while nothing is connected, until all are committed. Wall
// time, and how many transactions IndexedDB was asked for.
//
// Each sample is a fresh page and a fresh database of one browser, warmed up first. Needs the packages to be built.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import type * as Holdfast from 'holdfast'
import type { store as createStore } from 'holdfast/store'
import { build } from 'esbuild'
import { chromium } from 'playwright'
import type { Browser } from 'playwright'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { median, print } from './figures.ts'
import { message } from './flood-server.ts'

const rounds = 5
const warmup = 2_000
const events = 20_000
const inTurn = 100

const ways = ['off', 'on', 'strict', 'offline'] as const
type Way = (typeof ways)[number]
const names = {
  off: 'without a store',
  on: 'with a store',
  strict: 'with a store, strict',
  offline: 'with a store, not connected, until committed',
}

interface Sample {
  readonly elapsed: number
  readonly transactions: number
}

/** What the page offers. */
interface Sender {
  open(way: Way, name: string): Promise<void>
  send(count: number, burst: number, data: unknown): Promise<Sample>
}

const { outputFiles } = await build({
  stdin: {
    contents: `export * from 'holdfast'; export { store } from 'holdfast/store'`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  globalName: 'Holdfast',
})
const html = `<!doctype html><title>Store</title><script>${outputFiles[0]!.text}</script><script>(${String(script)})()</script>`
const hub = createHub({ limits: { messageRate: 1e9, messageBurst: 1e9 } })
hub.on('chat', () => {})
const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html')
  response.end(html)
})
hub.attach(server)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
const samples = new Map<Way, Sample[]>(ways.map((way) => [way, []]))
for (let round = 0; round < rounds; round++)
  for (const way of round % 2 ? ways.toReversed() : ways)
    samples.get(way)!.push(await visit(browser, way, `${way}${round}`))
await browser.close()
await hub.close()
server.close()

print(
  `${events} events of a page, ${inTurn} in a turn, medians of ${rounds} rounds`,
  ['', 'events per second', 'transactions per 1,000'],
  ways.map((way) => {
    const of = (figure: keyof Sample): number => median(samples.get(way)!.map((sample) => sample[figure]))
    return [
      names[way],
      Math.round((events / of('elapsed')) * 1_000).toLocaleString('en'),
      ((of('transactions') / events) * 1_000).toFixed(1),
    ]
  }),
)

async function visit(opened: Browser, way: Way, name: string): Promise<Sample> {
  const context = await opened.newContext()
  const page = await context.newPage()
  await page.goto(url)
  await page.evaluate(([how, called]) => (globalThis as unknown as Sender).open(how, called), [
    way,
    name,
  ] as const)
  const send = (count: number): Promise<Sample> =>
    page.evaluate(([size, burst, data]) => (globalThis as unknown as Sender).send(size, burst, data), [
      count,
      inTurn,
      message,
    ] as const)
  await send(warmup)
  const sample = await send(events)
  await context.close()
  return sample
}

/** Runs in the page, beside the script of holdfast. */
function script(): void {
  const page = globalThis as unknown as Sender & {
    readonly Holdfast: typeof Holdfast & { readonly store: typeof createStore }
  }
  let transactions = 0
  const begin = IDBDatabase.prototype.transaction
  IDBDatabase.prototype.transaction = function (...given) {
    transactions++
    return begin.apply(this, given)
  }
  page.open = async (way, name) => {
    const { createClient, session, store } = page.Holdfast
    const outbox = way === 'off' ? undefined : store({ name })
    const client = createClient({
      url: '/ws',
      wire: session(),
      outbox: { maxMessages: 1e6, maxBytes: 1e9 },
      ...(outbox && { store: outbox }),
    })
    if (way !== 'offline') await client.connect()
    page.send = async (count, burst, data) => {
      const before = transactions
      const begun = performance.now()
      let last: Holdfast.Delivery | undefined
      for (let sent = 0; sent < count; sent += burst) {
        for (let index = 0; index < burst; index++)
          last = client.send('chat', data, way === 'strict' ? { durability: 'strict' } : {})
        await new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel()
          port1.onmessage = resolve
          port2.postMessage(0)
        })
      }
      if (way !== 'offline') await last
      await outbox?.committed()
      if (outbox && outbox.durability !== 'disk') throw new Error('nothing was written')
      return { elapsed: performance.now() - begun, transactions: transactions - before }
    }
  }
}
