// Runs in the page: a client that keeps what it sends, and sends until it is crashed.
import { createClient, session } from 'holdfast'
import { store } from 'holdfast/store'
import { createRandom } from '../../packages/testing/src/random.ts'

/** What a page is to do. */
export interface Task {
  readonly page: number
  readonly seed: number
  readonly url: string
  /** When it connects: in milliseconds after it has begun to send; negative for before that. */
  readonly connectAfter: number
  /** How many messages it sends in a turn at most. */
  readonly burst: number
  /** Whether it sends at all, or only what others have left. */
  readonly isSending: boolean
}

/** One message, which tells where it stands. */
export interface Note {
  readonly page: number
  readonly number: number
  readonly text: string
}

export interface CrashPage {
  begin(task: Task): Promise<void>
  /** How many records there are. */
  left(): Promise<number>
  /** What there is in the database, and which producers are locked. */
  state(): Promise<string>
}

declare const told: (what: { page: number; committed?: number; trouble?: string; settled?: string }) => void

const pause = (delay: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delay))

const crashPage: CrashPage = {
  async begin({ page, seed, url, connectAfter, burst, isSending }) {
    const outbox = store({
      name: 'crash',
      onTrouble: ({ what, cause }) => told({ page, trouble: `${what}: ${String(cause)}` }),
    })
    const client = createClient({ url, wire: session(), store: outbox })
    client.watch('settled', ({ outcome }) => {
      if (outcome.status !== 'delivered') told({ page, settled: JSON.stringify(outcome) })
    })
    if (connectAfter < 0) await client.connect()
    else setTimeout(() => void client.connect(), connectAfter)
    if (!isSending) return
    const random = createRandom(seed)
    let number = 0
    // On a machine that is busy a crash comes late: no page sends more than waits in a queue.
    while (number < 2_000) {
      const count = 1 + Math.floor(random() * burst)
      for (let index = 0; index < count; index++)
        client.send('note', { page, number: number++, text: 'x'.repeat(random() * 200) })
      const sent = number
      void outbox.committed().then(() => told({ page, committed: sent }))
      await pause(random() < 0.5 ? 0 : random() * 5)
    }
  },
  state: () =>
    new Promise((resolve) => {
      indexedDB.open('holdfast:crash').onsuccess = ({ target }) => {
        const { result } = target as IDBOpenDBRequest
        const transaction = result.transaction(['producers', 'messages'])
        const producers = transaction.objectStore('producers').getAll()
        const messages = transaction.objectStore('messages').getAllKeys()
        transaction.oncomplete = () => {
          result.close()
          void navigator.locks.query().then(({ held, pending }) => {
            const keys = (messages.result as [string, number][]).slice(0, 3)
            const { length } = messages.result
            resolve(JSON.stringify({ producers: producers.result as unknown[], length, keys, held, pending }))
          })
        }
      }
    }),
  left: () =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open('holdfast:crash')
      opening.onerror = () => reject(opening.error!)
      opening.onsuccess = () => {
        const database = opening.result
        const count = database.transaction('messages').objectStore('messages').count()
        count.onsuccess = () => {
          database.close()
          resolve(count.result)
        }
      }
    }),
}

Object.assign(globalThis, { crashPage })
