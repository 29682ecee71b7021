// Runs in the page: a client with a store, led by the test.
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { store } from 'holdfast/store'
import type { DiskStore } from 'holdfast/store'

export interface TabPage {
  open(): void
  connect(): Promise<void>
  /** Sends so many in one turn, with the name of the tab and their numbers from `from` on. */
  send(tab: string, count: number, from?: number): void
  committed(): Promise<void>
  durability(): string
  settled(): string[]
  troubles(): string[]
  /** The records that there are, and what is locked. */
  left(): Promise<number>
  locks(): Promise<number>
  /** Sends when the page is left. */
  sendAtPagehide(tab: string, count: number): void
  /** What the page saw of its own life. */
  events: string[]
}

let client: Client
let outbox: DiskStore
const outcomes: string[] = []
const troubles: string[] = []

const tabPage: TabPage = {
  open() {
    outbox = store({
      name: 'tabs',
      onTrouble: ({ what, cause }) => troubles.push(`${what} ${String(cause)}`),
    })
    client = createClient({ url: '/ws', wire: session(), store: outbox })
    client.watch('settled', ({ outcome }) =>
      outcomes.push('reason' in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status),
    )
  },
  connect: () => client.connect(),
  send(tab, count, from = 0) {
    for (let number = from; number < from + count; number++) client.send('note', `${tab} ${number}`)
  },
  committed: () => outbox.committed(),
  durability: () => outbox.durability,
  settled: () => outcomes,
  troubles: () => troubles,
  left: () =>
    new Promise((resolve) => {
      indexedDB.open('holdfast:tabs').onsuccess = ({ target }) => {
        const { result } = target as IDBOpenDBRequest
        const count = result.transaction('messages').objectStore('messages').count()
        count.onsuccess = () => {
          result.close()
          resolve(count.result)
        }
      }
    }),
  async locks() {
    const { held = [], pending = [] } = await navigator.locks.query()
    return held.length + pending.length
  },
  sendAtPagehide(tab, count) {
    addEventListener('pagehide', () => tabPage.send(tab, count))
  },
  events: [],
}
addEventListener('pagehide', ({ persisted }) => tabPage.events.push(`pagehide ${persisted}`))
addEventListener('pageshow', ({ persisted }) => tabPage.events.push(`pageshow ${persisted}`))
Object.assign(globalThis, { tabPage })
