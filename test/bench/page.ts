// What 20,000 events of 100 bytes cost the main thread of a page: a session, whose hub broadcasts them in turns of 200,
// against the bare WebSocket with JSON.parse and a Map of handlers, to which a bare `ws` sends as many in each turn.
// Both sides send as fast as the page takes it. CPU time of the main thread, by Chromium's own metrics, and wall time.
//
// Each sample is a fresh page of one browser, warmed up first. The last row has one event in a turn of the server.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Peer } from '@holdfast/server'
import type * as Holdfast from 'holdfast'
import { chromium } from 'playwright'
import type { Browser } from 'playwright'
import { WebSocketServer } from 'ws'
import type { WebSocket as Accepted } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { median, print, quantile } from './figures.ts'
import { event, message } from './flood-server.ts'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { watchMainThread } from '../playground/main-thread.ts'

const rounds = 7
const warmup = 2_000
const events = 20_000
const behind = 262_144

const ways = ['raw', 'session', 'single'] as const
type Way = (typeof ways)[number]
const names = {
  raw: 'raw, 200 in a turn',
  session: 'session(), 200 in a turn',
  single: 'session(), one in a turn',
}

interface Sample {
  readonly tasks: number
  readonly script: number
  readonly elapsed: number
}

if (roleOf()) serve()
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(import.meta.filename, 'server')
  const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
  const samples = new Map<Way, Sample[]>(ways.map((way) => [way, []]))
  for (let round = 0; round < rounds; round++)
    for (const way of round % 2 ? ways.toReversed() : ways)
      samples.get(way)!.push(await visit(browser, server.first, way))
  await browser.close()

  const raw = samples.get('raw')!
  print(
    `Milliseconds of a page's main thread for ${events} events, medians of ${rounds} rounds`,
    ['', 'tasks', 'of that script', 'wall time', 'tasks against raw', 'quartiles'],
    ways.map((way) => {
      const of = (figure: keyof Sample): string =>
        median(samples.get(way)!.map((sample) => sample[figure])).toFixed(0)
      const each = samples.get(way)!.map(({ tasks }, round) => tasks / raw[round]!.tasks)
      return [
        names[way],
        of('tasks'),
        of('script'),
        of('elapsed'),
        median(each).toFixed(2),
        `${quantile(each, 0.25).toFixed(2)} to ${quantile(each, 0.75).toFixed(2)}`,
      ]
    }),
  )
}

async function visit(browser: Browser, port: number, way: Way): Promise<Sample> {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.evaluate(([url, isRaw]) => (globalThis as unknown as Receiver).open(url, isRaw), [
    `ws://127.0.0.1:${port}/${way === 'raw' ? 'raw' : 'ws'}`,
    way === 'raw',
  ] as const)
  const perTurn = way === 'single' ? 1 : 200
  const take = (count: number): Promise<void> =>
    page.evaluate(([size, inTurn]) => (globalThis as unknown as Receiver).take(size, inTurn), [
      count,
      perTurn,
    ] as const)
  await take(warmup)
  const stop = await watchMainThread(page)
  await take(events)
  const business = await stop()
  await page.evaluate(() => (globalThis as unknown as Receiver).leave())
  await page.close()
  return business
}

/** What the page offers. */
interface Receiver {
  open(url: string, isRaw: boolean): Promise<void>
  /** Asks the server for so many events, and resolves when they have come. */
  take(count: number, perTurn: number): Promise<void>
  leave(): void
}

/** Runs in the page, beside the script of holdfast. */
function script(): void {
  const page = globalThis as unknown as Receiver & { readonly Holdfast: typeof Holdfast }
  let left = 0
  let done = (): void => {}
  const handler = (): void => {
    if (--left === 0) done()
  }
  let ask: (request: { readonly count: number; readonly perTurn: number }) => void
  page.open = async (url, isRaw) => {
    if (isRaw) {
      const handlers = new Map([['chat', handler as (frame: unknown) => void]])
      const socket = new WebSocket(url)
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data as string) as { readonly type: string }
        handlers.get(frame.type)?.(frame)
      }
      ask = (request) => socket.send(JSON.stringify(request))
      page.leave = () => socket.close()
      await new Promise((resolve) => (socket.onopen = resolve))
      return
    }
    const { createClient, session } = page.Holdfast
    const client = createClient({ url, wire: session() })
    client.on('chat', handler)
    ask = (request) => void client.send('flood', request)
    // Else the hub would hold the session for the next page, and send to both.
    page.leave = () => void client.disconnect()
    await client.connect()
  }
  page.take = (count, perTurn) =>
    new Promise((resolve) => {
      left = count
      done = resolve
      ask({ count, perTurn })
    })
}

function serve(): void {
  const holdfast = readFileSync(
    join(import.meta.dirname, '../../packages/client/dist/holdfast.global.js'),
    'utf8',
  )
  const html = `<!doctype html><title>Events</title><script>${holdfast}</script><script>(${String(script)})()</script>`
  const http = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(html)
  })
  const hub = createHub()
  hub.on('flood', (request, peer) => void flood(request, (count) => broadcast(hub, count, peer)))
  hub.attach(http)
  const acceptor = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url !== '/raw') return
    acceptor.handleUpgrade(request, socket, head, (accepted) =>
      accepted.on('message', (data: Buffer) => {
        void flood(JSON.parse(data.toString()), (count) => sendRaw(accepted, count))
      }),
    )
  })
  http.listen(0, '127.0.0.1', () => tell((http.address() as AddressInfo).port))
  const broadcast = (server: typeof hub, count: number, peer: Peer): boolean => {
    for (let index = 0; index < count; index++) server.broadcast('chat', message)
    return peer.isConnected && server.stats().bufferedBytes < behind
  }
}

function sendRaw(socket: Accepted, count: number): boolean {
  for (let index = 0; index < count; index++) socket.send(JSON.stringify(event))
  return socket.bufferedAmount < behind
}

/** Sends so many events in turns; `send` says whether more may follow at once. */
async function flood(request: unknown, send: (count: number) => boolean): Promise<void> {
  const { count, perTurn } = request as { readonly count: number; readonly perTurn: number }
  for (let sent = 0; sent < count; sent += perTurn) {
    const isReady = send(Math.min(perTurn, count - sent))
    if (isReady) await nextTurn()
    else await sleep(1)
  }
}
