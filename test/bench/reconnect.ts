// From the cut of a stable connection to open again, each library with its defaults and the WebSocket of Node.
//
// The server ends the TCP connection without a closing handshake. "Stable" is a connection that has lived for 5 s, here
// as there: 200 cuts of one connection in a row would either take far longer or measure the backoff of a connection
// that never becomes stable. So many connections are cut twice each, every time after 5 s of health, all libraries at once.
// Each worker loads the libraries anew, because reconnecting-websocket draws its delay once per load.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { createClient } from 'holdfast'
import PartySocket from 'partysocket/ws'
import ReconnectingWebSocket from 'reconnecting-websocket'
import { WebSocketServer } from 'ws'
import { median, print, quantile } from './figures.ts'

const workers = 20
const connections = 5
const cuts = 2
const uptime = 5_000
const libraries = ['holdfast', 'partysocket', 'reconnecting-websocket'] as const
type Library = (typeof libraries)[number]

if (isMainThread) await main()
else for (const library of libraries) for (let id = 0; id < connections; id++) open(library, id)

async function main(): Promise<void> {
  const times: Record<Library, number[]> = { holdfast: [], partysocket: [], 'reconnecting-websocket': [] }
  const cutAt = new Map<string, number>()
  const cutsOf = new Map<string, number>()

  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket, { url: path = '' }) => {
    const before = cutsOf.get(path) ?? 0
    cutsOf.set(path, before + 1)
    if (before === cuts) return
    // The client counts its uptime from a little later on, and no two clients should be cut at the same moment.
    setTimeout(
      () => {
        if (socket.readyState !== socket.OPEN) throw new Error(`${path} was not healthy before its cut`)
        cutAt.set(path, now())
        socket.terminate()
      },
      uptime + 250 + Math.random() * 1_000,
    )
  })

  const { port } = server.address() as AddressInfo
  const expected = workers * connections * cuts
  await new Promise<void>((resolve) => {
    for (let index = 0; index < workers; index++) {
      const worker = new Worker(import.meta.filename, { workerData: `ws://127.0.0.1:${port}/${index}` })
      worker.on('message', ({ path, library, at }: Opened) => {
        const since = cutAt.get(path)
        if (since === undefined) return
        cutAt.delete(path)
        times[library].push(at - since)
        if (libraries.every((name) => times[name].length === expected)) resolve()
      })
    }
  })

  print(
    `Milliseconds from a cut to open again, ${expected} cuts each`,
    ['library', 'median', 'p95', 'min', 'max'],
    libraries.map((name) => {
      const all = times[name]
      const figures = [median(all), quantile(all, 0.95), Math.min(...all), Math.max(...all)]
      return [name, ...figures.map((figure) => figure.toFixed(0))]
    }),
  )
  process.exit()
}

interface Opened {
  readonly path: string
  readonly library: Library
  readonly at: number
}

function open(library: Library, id: number): void {
  const url = `${workerData as string}/${library}/${id}`
  const path = new URL(url).pathname
  const opened = (): void => {
    const message: Opened = { path, library, at: now() }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
    parentPort!.postMessage(message)
  }
  switch (library) {
    case 'holdfast': {
      const client = createClient({ url })
      client.watch('open', opened)
      void client.connect()
      break
    }
    case 'partysocket':
      new PartySocket(url).addEventListener('open', opened)
      break
    case 'reconnecting-websocket':
      new ReconnectingWebSocket(url).addEventListener('open', opened)
      break
  }
}

/** The clock that all threads share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
