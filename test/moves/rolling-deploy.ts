// A rolling deploy under load: every node is drained and replaced in turn, while clients send and receive all the time.
import { setTimeout as sleep } from 'node:timers/promises'
import type { HistoryEvent } from '../audit/history.ts'
import { mergeHistories, steadyNow } from '../audit/merge.ts'
import { createClients } from '../chaos/clients.ts'
import type { Clients } from '../chaos/clients.ts'
import { createSpeaker } from '../chaos/recorder.ts'
import type { Report } from '../chaos/scenario.ts'
import { startTraffic } from '../chaos/traffic.ts'
import type { Rate } from '../chaos/traffic.ts'
import { until, upTo } from '../session/pair.ts'
import { measureIdle, peak } from './figures.ts'
import type { Fleet } from './fleet.ts'
import { createRoomPublisher, enterRoom } from './room.ts'

export interface DeployOptions {
  readonly clients: number
  /** What each end of each session sends, a second. */
  readonly rate: Rate
  /** Requests a second of each client whose handler takes seconds. */
  readonly slowRequests: number
  /** Publications a second. */
  readonly publications: number
  /** How often each node is replaced. */
  readonly rounds: number
  /** From one replacement to the next, at least, in milliseconds. */
  readonly pace: number
}

/** The histories of a deploy, what is wrong beside what an auditor finds, and figures for people. */
export async function deploy(fleet: Fleet, options: DeployOptions): Promise<Report> {
  const dials: number[] = []
  const url = (): string => {
    dials.push(steadyNow())
    return fleet.url()
  }
  await using clients = createClients({
    count: options.clients,
    url,
    options: { backoff: { baseDelay: 300, maxDelay: 2_000 } },
  })
  const visits = clients.all.map(enterRoom)
  clients.start(options.rate)
  await allOpen(clients)
  await until(() => visits.every(({ room }) => room.presence.state.members.length === options.clients))
  for (const { changes } of visits) changes.length = 0

  const publisherHistory: HistoryEvent[] = []
  const publisher = createRoomPublisher(fleet.nodes.broker(), (event) => void publisherHistory.push(event))
  publisher.start(options.publications)
  const slow = askSlowly(clients, options.slowRequests)
  await sleep(500)

  const idle = measureIdle()
  const firstDeployDial = dials.length
  const back: number[] = []
  for (const _ of upTo(options.rounds))
    for (const slot of upTo(fleet.size)) {
      const begun = performance.now()
      await fleet.replace(slot)
      await allOpen(clients)
      back.push(performance.now() - begun)
      await sleep(Math.max(0, options.pace - (performance.now() - begun)))
    }
  const idleShare = idle()

  await publisher.stop()
  await slow.settled()
  clients.quiet()
  await clients.settled()
  await fleet.nodes.quiet()
  await arrived(clients)
  const restAt = steadyNow()
  const flicker = visits.flatMap(({ changes }, index) =>
    changes.map((change) => `c${index} saw the ${change}`),
  )
  for (const { stop } of visits) stop()
  await clients.dispose()
  await fleet.nodes.close()

  const histories = [clients.history, publisherHistory, ...fleet.nodes.histories()]
  const all = mergeHistories(histories)
  return {
    histories,
    restAt,
    faults: [...flicker.slice(0, 10), ...losses(all, options.clients)],
    figures: {
      fleet: fleet.about,
      clients: options.clients,
      replacements: back.length,
      'idle share of the CPU': idleShare,
      'delayed by more than 1 s': share(all),
      'peak of dials in 100 ms': peak(dials.slice(firstDeployDial), 100),
      'until all are back': back.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', '),
    },
  }
}

async function allOpen({ all }: Clients): Promise<void> {
  await until(() => all.every(({ client }) => client.state.status === 'open'))
}

/** What waits in mailboxes may take a moment. */
async function arrived({ history }: Clients): Promise<void> {
  for (let before = -1; history.length > before;) {
    before = history.length
    await sleep(1_000)
  }
}

/** Requests that are under way most of the time, also while their session moves. */
function askSlowly({ all }: Clients, rate: number): { settled(): Promise<void> } {
  let ids = 5e8
  const speakers = all.map(({ client: to, note }) =>
    createSpeaker({ to, note, requestName: 'slow', nextId: () => ids++, random: Math.random }),
  )
  const stops = speakers.map((speaker) => startTraffic(speaker, { messages: 0, requests: rate }))
  return {
    async settled() {
      for (const stop of stops) stop()
      for (const speaker of speakers) await speaker.settled()
    },
  }
}

/** What a deploy must not do to clients that are connected, although an auditor allows it. */
function losses(history: readonly HistoryEvent[], clients: number): string[] {
  const faults: string[] = []
  const drainingSince = new Map<string, number>()
  const sentAt = new Map<number, number>()
  let opens = 0
  for (const event of history)
    if (event.type === 'draining') drainingSince.set(event.by, event.at)
    else if (event.type === 'sent') sentAt.set(event.id, event.at)
    else if (event.type === 'lost') faults.push(`${event.by} lost its session: ${event.why}`)
    else if (event.type === 'open' && !event.resumed) opens++
    else if (event.type === 'channel-gap') faults.push(`${event.by} has a gap in its channel`)
    else if (event.type === 'settled' && event.status === 'unknown') {
      // What a server sends once it drains moves with the session, and is delivered by another one.
      const drains = drainingSince.get(event.by) ?? Infinity
      if (sentAt.get(event.id)! < drains)
        faults.push(`message ${event.id} of ${event.by} is unknown: ${event.reason}`)
    } else if (event.type === 'answered' && event.how === 'error' && event.code === 'remote')
      faults.push(`request ${event.id} of ${event.by} failed: ${event.reason}`)
  if (opens !== clients) faults.push(`${clients} clients began ${opens} sessions`)
  return faults
}

/** Which share of the messages and publications came late, of how many. */
function share(history: readonly HistoryEvent[]): string {
  const sentAt = new Map<string, number>()
  let [count, late] = [0, 0]
  const arrive = (key: string, at: number): void => {
    count++
    if (at - (sentAt.get(key) ?? at) > 1_000) late++
  }
  for (const event of history)
    if (event.type === 'sent') sentAt.set(`message ${event.id}`, event.at)
    else if (event.type === 'published') sentAt.set(`publication ${event.publication}`, event.at)
    else if (event.type === 'got') arrive(`message ${event.id}`, event.at)
    else if (event.type === 'publication') arrive(`publication ${event.publication}`, event.at)
  return `${((100 * late) / count).toFixed(2)} % of ${count.toLocaleString('en')}`
}
