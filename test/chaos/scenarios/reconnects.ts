import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHub } from '@holdfast/server'
import { openJournal, readJournal } from '../../audit/journal.ts'
import { startProxy } from '../../support/proxy.ts'
import { createClients } from '../clients.ts'
import { createNote, recordHub } from '../recorder.ts'
import type { Scenario } from '../scenario.ts'

const clientCount = 10
/** After how many reconnects to look what is held. */
const milestones = [1_000, 10_000]
/**
 * How much more the heap may hold in the end than at any time before, in bytes: what the engine learns meanwhile is about
 * half of it, and a hundred bytes a reconnect would be most of it.
 */
const maxGrowth = 1_250_000
/** How much more of other things there may be. */
const maxMore = 2

/** What a process holds, when nothing is under way. */
interface Holdings {
  readonly heapBytes: number
  /** Sockets, timers and whatever else keeps a process alive. */
  readonly resources: number
  readonly listeners: number
}

/** Ten thousand reconnects in one process: it holds no more after them than before. */
export const reconnects: Scenario = {
  name: 'reconnects',
  seconds: 0,
  async run({ say }) {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    // In a file, because a history in memory would be most of what is there.
    const journal = openJournal(join(folder, 'journal'))
    const hub = createHub({ authenticate: ({ token = '' }) => ({ identity: token }) })
    recordHub(hub, createNote('s0', journal.write))
    const server = createServer()
    hub.attach(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await using proxy = await startProxy((server.address() as AddressInfo).port)
    await using clients = createClients({
      count: clientCount,
      url: () => `${proxy.url}/ws`,
      options: { backoff: () => 0 },
      record: journal.write,
    })

    const stats = { reconnects: -clientCount }
    for (const { client } of clients.all) client.watch('open', () => stats.reconnects++)
    const allOpen = async (): Promise<void> => {
      while (clients.all.some(({ client }) => client.state.status !== 'open')) await sleep(1)
    }
    const cutUntil = async (count: number): Promise<void> => {
      for (let round = 0; stats.reconnects < count; round++) {
        await allOpen()
        for (const { speaker } of clients.all) speaker.speak()
        if (round % 2 === 0) proxy.reset()
        else proxy.cut()
        while (clients.all.every(({ client }) => client.state.status === 'open')) await sleep(1)
      }
      await allOpen()
      await clients.settled()
    }
    const measure = async (): Promise<Holdings> => {
      // What was abandoned is closed, at the latest, after this long.
      await sleep(3_000)
      const resources = process.getActiveResourcesInfo().length
      return {
        heapBytes: await smallestHeap(),
        resources,
        listeners: listenersOf(process) + listenersOf(server),
      }
    }

    clients.start({ messages: 0, requests: 0 })
    const held: Holdings[] = []
    const startedAt = performance.now()
    for (const milestone of milestones) {
      await cutUntil(milestone)
      const holdings = await measure()
      say(`${stats.reconnects} reconnects: ${describe(holdings)}`)
      held.push(holdings)
    }
    const seconds = (performance.now() - startedAt) / 1_000

    clients.quiet()
    await clients.dispose()
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
    journal.close()
    const history = readJournal(join(folder, 'journal'))
    rmSync(folder, { recursive: true })
    const growth = (what: keyof Holdings): number =>
      held.at(-1)![what] - Math.min(...held.slice(0, -1).map((holdings) => holdings[what]))
    const bounds: Readonly<Record<keyof Holdings, number>> = {
      heapBytes: maxGrowth,
      resources: maxMore,
      listeners: maxMore,
    }
    const kinds = Object.keys(bounds) as (keyof Holdings)[]
    return {
      histories: [history],
      faults: kinds
        .filter((kind) => growth(kind) > bounds[kind])
        .map((kind) => `${kind}: ${growth(kind)} more than before, and ${bounds[kind]} may be`),
      figures: {
        reconnects: stats.reconnects,
        seconds: Math.round(seconds),
        ...Object.fromEntries(
          held.map((holdings, index) => [`after ${milestones[index]}`, describe(holdings)]),
        ),
        ...Object.fromEntries(kinds.map((kind) => [`more ${kind}`, `${growth(kind)} of ${bounds[kind]}`])),
      },
    }
  },
}

function describe({ heapBytes, resources, listeners }: Holdings): string {
  return `${(heapBytes / 1e6).toFixed(2)} MB, ${resources} resources, ${listeners} listeners`
}

function listenersOf(emitter: NodeJS.EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
}

/** The size of the heap after collections, the smallest of some: what is left by finalizers goes in the next one. */
async function smallestHeap(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: object) => void
  let smallest = Infinity
  for (let round = 0; round < 20; round++) {
    // Like this the engine also gives back what it may need again.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await sleep(50)
    smallest = Math.min(smallest, process.memoryUsage().heapUsed)
  }
  return smallest
}
