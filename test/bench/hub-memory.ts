// What waits for clients that are away, in a process with a heap of 512 MB: 120 clients without a connection and 30,000
// broadcasts of 10 bytes; and pages that leave without a `bye`, 40 a second under 50 broadcasts of 100 bytes a second,
// for 40 s and for 2 minutes. Each is a process of its own, with default limits, sockets in memory and a clock that is
// turned by hand.
//
// `heap` is what the heap has grown by, `counted` what `hub.stats()` says of it. A process that runs out of memory has
// neither.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { createVirtualClock } from '@holdfast/testing'
import { endWithThisProcess, roleOf, tell } from './child.ts'
import { print } from './figures.ts'
import { MemoryClient } from './memory-client.ts'

const heapMegabytes = 512
const mebibyte = 1_048_576

const clock = createVirtualClock()

const cases = {
  '120 away, 30,000 broadcasts of 10 bytes': async (hub: Hub): Promise<void> => {
    const clients = Array.from({ length: 120 }, () => new MemoryClient(hub))
    await nextTurn()
    for (const client of clients) client.leave()
    for (let count = 0; count < 30_000; count++) {
      hub.broadcast('tick', 'xx')
      if (count % 100 === 0) await nextTurn()
    }
  },
  'leaving without a goodbye, 40 s': (hub: Hub): Promise<void> => churn(hub, 40),
  'leaving without a goodbye, 2 min': (hub: Hub): Promise<void> => churn(hub, 120),
}

interface Figures {
  readonly heap: number
  readonly counted: number
  readonly sessions: number
  readonly messages: number
}

const role = roleOf()
if (role) await play(role[0] as keyof typeof cases)
else await main()

async function main(): Promise<void> {
  const rows: string[][] = []
  for (const name of Object.keys(cases)) {
    const execArgv = ['--expose-gc', `--max-old-space-size=${heapMegabytes}`]
    const child = fork(import.meta.filename, [name], {
      execArgv,
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    })
    endWithThisProcess(child)
    const [figures, signal] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      Figures | number | null,
      NodeJS.Signals | null,
    ]
    child.kill()
    if (typeof figures !== 'object' || !figures) {
      // So V8 ends a process without memory.
      const isOut = signal === 'SIGABRT' || signal === 'SIGTRAP'
      if (!isOut) throw new Error(`'${name}' ended with ${signal ?? figures}`)
      rows.push([name, 'out of memory', '', '', ''])
    } else {
      const { heap, counted, sessions, messages } = figures
      const inMebibytes = (bytes: number): string => (bytes / mebibyte).toFixed(0)
      rows.push([name, inMebibytes(heap), inMebibytes(counted), String(sessions), messages.toLocaleString()])
    }
  }
  print(
    `MiB of what waits, in a heap of ${heapMegabytes} MB`,
    ['', 'heap', 'counted', 'sessions', 'messages'],
    rows,
  )
}

async function play(name: keyof typeof cases): Promise<void> {
  const hub = createHub({ ports: { clock } })
  const before = await heapUsed()
  await cases[name](hub)
  const heap = (await heapUsed()) - before
  const { bufferedBytes, bufferedMessages, sessions } = hub.stats()
  tell({ heap, counted: bufferedBytes, sessions, messages: bufferedMessages } satisfies Figures)
}

async function churn(hub: Hub, seconds: number): Promise<void> {
  for (let tenths = 0; tenths < seconds * 10; tenths++) {
    for (let count = 0; count < 5; count++) hub.broadcast('tick', 'x'.repeat(92))
    const clients = Array.from({ length: 4 }, () => new MemoryClient(hub))
    await clock.advance(50)
    for (const client of clients) client.leave()
    await clock.advance(50)
    if (tenths % 10 === 0) await nextTurn()
  }
}

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    ;(globalThis as unknown as { gc(): void }).gc()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed
}
