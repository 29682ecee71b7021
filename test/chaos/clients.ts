import { createClient, session } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import { WebSocket } from 'ws'
import type { HistoryEvent } from '../audit/history.ts'
import { createNote, createSpeaker, recordClient } from './recorder.ts'
import type { Note, Speaker } from './recorder.ts'
import { startTraffic } from './traffic.ts'
import type { Rate } from './traffic.ts'

/** A client whose application is a recorder. */
export interface RecordedClient {
  readonly name: string
  readonly client: Client
  readonly speaker: Speaker
  readonly note: Note
}

/** Clients in this process, and what they see: every other one with the WebSocket of Node, the rest with `ws`. */
export interface Clients extends AsyncDisposable {
  readonly all: readonly RecordedClient[]
  readonly history: readonly HistoryEvent[]
  start(rate: Rate): void
  quiet(): void
  settled(): Promise<void>
  /** Disposes of all of them, or of one. */
  dispose(which?: RecordedClient): Promise<void>
}

export interface ClientsOptions {
  readonly count: number
  url(): string
  readonly options?: Partial<ClientOptions>
  /** Where events go; they are kept in `history` if it is not given. */
  readonly record?: (event: HistoryEvent) => void
}

export function createClients({ count, url, options, record }: ClientsOptions): Clients {
  const history: HistoryEvent[] = []
  const keep = record ?? ((event) => void history.push(event))
  let ids = 0
  let stops: (() => void)[] = []

  const all = Array.from({ length: count }, (_, index): RecordedClient => {
    const name = `c${index}`
    const note = createNote(name, keep)
    const client = createClient({
      url,
      wire: session(),
      token: () => name,
      ...(index % 2 === 0 && { WebSocket }),
      ...options,
    })
    recordClient(client, name, note)
    const speaker = createSpeaker({ to: client, note, nextId: () => ids++, random: Math.random })
    return { name, client, speaker, note }
  })

  const quiet = (): void => {
    for (const stop of stops) stop()
    stops = []
  }
  const disposed = new Set<RecordedClient>()
  const dispose = async (which?: RecordedClient): Promise<void> => {
    for (const each of which ? [which] : all) {
      if (disposed.has(each)) continue
      disposed.add(each)
      each.note({ type: 'did', what: 'dispose' })
      await each.client.dispose()
    }
  }

  return {
    all,
    history,
    start(rate) {
      for (const { client, note, speaker } of all) {
        note({ type: 'did', what: 'connect' })
        void client.connect()
        stops.push(startTraffic(speaker, rate))
      }
    },
    quiet,
    async settled() {
      for (const { speaker } of all) await speaker.settled()
    },
    dispose,
    async [Symbol.asyncDispose]() {
      quiet()
      await dispose()
    },
  }
}
