// The application on a node: it records what it sees, answers requests soon or late, and sends to its peers for as long as it has them.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Broker, Hub, HubOptions, Peer } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'
import { answerTo, createNote, createSpeaker, recordHub } from '../chaos/recorder.ts'
import type { Note, Speaker } from '../chaos/recorder.ts'
import { startTraffic } from '../chaos/traffic.ts'
import type { Rate } from '../chaos/traffic.ts'
import { listen } from '../session/pair.ts'
import { rules } from '../redis/nodes.ts'
import { drainTimeout } from './nodes.ts'

export interface AppOptions {
  /** Unique among all nodes that ever ran: `s0`, `s1` … */
  readonly life: number
  /** 0 for any. */
  readonly port: number
  readonly broker: Broker
  record(event: HistoryEvent): void
  /** How much it sends to each peer. */
  readonly rate: Rate
  readonly hubOptions?: Omit<HubOptions, 'broker' | 'authenticate'>
}

/** A hub behind an HTTP server, and its application. */
export interface App {
  readonly hub: Hub
  readonly port: number
  /** Accepts no more connections, and ends the hub in the time that a deploy gives. */
  drain(): Promise<void>
  /** Sends nothing more. Resolves once all that it sent is settled. */
  quiet(): Promise<void>
  /** Ends the hub at once. */
  close(): Promise<void>
}

/** How late a handler sends something that its peer was to get, in milliseconds. */
const latest = 200

/** How long the handlers of slow requests take at most, in milliseconds. */
const slowest = 2_000

export async function openApp({
  life,
  port,
  broker,
  record,
  rate,
  hubOptions = {},
}: AppOptions): Promise<App> {
  const note = createNote(`s${life}`, record)
  const hub = createHub({
    broker,
    authenticate: ({ token = '' }) => ({ identity: token }),
    ...hubOptions,
  })
  recordHub(hub, note)
  handleSlowly(hub, note)
  hub.channels('room', rules)
  const speakers = speakToPeers(hub, note, life, rate)

  const server = createServer()
  hub.attach(server)
  const chosen = await listen(server, port)
  const end = async (drain?: number): Promise<void> => {
    const closed = closeServer(server)
    await hub.close(drain === undefined ? {} : { drain })
    await closed
  }
  return {
    hub,
    port: chosen,
    async drain() {
      note({ type: 'draining' })
      await end(drainTimeout)
      await speakers.quiet()
    },
    quiet: () => speakers.quiet(),
    close: () => end(),
  }
}

/** Resolves once the server has no connection. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** Answers requests of that name some time later, also when the session has moved or ended. A request may specify the time. */
function handleSlowly(hub: Hub, note: Note): void {
  hub.handle('slow', async (input, { id: peer, identity }) => {
    const [id, ms] = Array.isArray(input) ? input : [input, Math.random() * slowest]
    note({ type: 'got', id: Number(id), kind: 'request', peer, identity })
    await sleep(Number(ms))
    return answerTo(id)
  })
}

/** Sends to each peer while this node has it, and once more when it has moved. */
function speakToPeers(hub: Hub, note: Note, life: number, rate: Rate): { quiet(): Promise<void> } {
  const speakers = new Map<Peer, { readonly speaker: Speaker; stop(): void }>()
  // Ids of a life of their own.
  let ids = (life + 1) * 1e9
  let isQuiet = false
  /** How often each session was here before. */
  const stays = new Map<string, number>()
  hub.onPeer((peer) => {
    const stay = stays.get(peer.id) ?? 0
    stays.set(peer.id, stay + 1)
    const speaker = createSpeaker({
      to: peer,
      peer: peer.id,
      stay,
      note,
      nextId: () => ids++,
      random: Math.random,
    })
    const stop = isQuiet ? () => {} : startTraffic(speaker, rate)
    speakers.set(peer, { speaker, stop })
    peer.onClose(async ({ why }) => {
      stop()
      if (why !== 'moved' || isQuiet || rate.messages === 0) return
      await sleep(Math.random() * latest)
      if (!isQuiet) speaker.speak()
    })
  })
  return {
    async quiet() {
      isQuiet = true
      for (const { stop } of speakers.values()) stop()
      for (const { speaker } of speakers.values()) await speaker.settled()
    },
  }
}
