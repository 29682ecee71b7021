// Bytes of heap of what channels hold: a subscription of a client, and a channel with 100 publications of history.
// `node --expose-gc` by itself: the script starts itself anew.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { createVirtualClock } from '@holdfast/testing'
import { endWithThisProcess, roleOf, tell } from './child.ts'
import { print } from './figures.ts'
import { message } from './flood-server.ts'
import { MemoryClient } from './memory-client.ts'

const clients = 1_000
const perClient = 100
const channels = 500
const history = 100

interface Figures {
  readonly subscription: number
  readonly session: number
  readonly empty: number
  readonly full: number
}

if (roleOf()) await measure()
else await main()

async function main(): Promise<void> {
  const child = fork(import.meta.filename, ['measure'], { execArgv: ['--expose-gc'] })
  endWithThisProcess(child)
  const [figures] = (await once(child, 'message')) as [Figures]
  child.kill()
  const content = JSON.stringify(message).length
  print(
    'Bytes of heap',
    ['', 'bytes'],
    [
      ['a session without channels, with its socket in memory', figures.session.toFixed(0)],
      [`a subscription, ${clients} clients × ${perClient} channels`, figures.subscription.toFixed(0)],
      ['a channel with a subscriber and no publication', figures.empty.toFixed(0)],
      [`the same with ${history} publications of ${content} bytes`, figures.full.toFixed(0)],
    ],
  )
}

async function measure(): Promise<void> {
  const hub = createHub({ ports: { clock: createVirtualClock() } })
  hub.channels('room', { subscribe: () => true, history: { maxMessages: history } })
  const before = await heapUsed()
  const all = Array.from({ length: clients }, () => new MemoryClient(hub))
  await nextTurn()
  const connected = await heapUsed()
  await join(all[0]!, 0, perClient)
  const one = await heapUsed()
  for (const client of all.slice(1)) await join(client, 0, perClient)
  const joined = await heapUsed()
  const subscription = (joined - one) / ((clients - 1) * perClient)
  const session = (connected - before) / clients

  for (let first = 0; first < channels; first += perClient)
    await join(all[first / perClient]!, perClient + first, perClient, true)
  const empty = ((await heapUsed()) - joined) / channels - subscription
  await fill(hub)
  const full = ((await heapUsed()) - joined) / channels - subscription
  tell({ subscription, session, empty, full } satisfies Figures)
}

async function join(client: MemoryClient, first: number, count: number, afresh = false): Promise<void> {
  const names = (from: number): string[] =>
    Array.from({ length: count }, (_, index) => `room:${from + index}`)
  // A client may have joined only so many.
  if (afresh) client.receive(JSON.stringify(['channel', { leave: names(0) }]))
  client.receive(JSON.stringify(['channel', { join: names(first).map((name) => [name, null]), n: 1 }]))
  await nextTurn()
}

async function fill(hub: Hub): Promise<void> {
  for (let index = 0; index < channels; index++)
    for (let count = 0; count < history; count++)
      await hub.channel(`room:${perClient + index}`).publish('chat', message)
}

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    ;(globalThis as unknown as { gc(): void }).gc()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed
}
