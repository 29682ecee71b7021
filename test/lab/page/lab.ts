// Runs in the page: keeps the books of one client there, and does what the lab asks for.

/** A client under test, as every one of them is used here: with its defaults. */
export interface Subject {
  connect(url: string, books: Books): void
  send(message: Up): void
}

/** The events of a client. */
export interface Books {
  received(message: Down): void
  open(): void
  /** The connection ended, or an attempt failed; `why` is what the client gives as the cause. */
  down(why: string): void
}

/** What pages send. */
export interface Up {
  readonly id: string
  readonly n: number
  /** Sent in answer to a message of the server. */
  readonly answer?: boolean
}

/** What the server sends. */
export interface Down {
  readonly n: number
  /** The page is to answer, at once. */
  readonly ask?: boolean
}

/** A message by its number, and when, in wall time. */
export type Entry = readonly [n: number, at: number]

export interface StateEntry {
  readonly state: 'open' | 'down'
  readonly at: number
  readonly why?: string
}

/** What is written down in the page. */
export interface Journal {
  readonly sent: Entry[]
  readonly received: Entry[]
  readonly states: StateEntry[]
  /** Events of the page's life, such as `pageshow persisted`. */
  readonly life: (readonly [event: string, at: number])[]
}

/** What a page offers to the lab, as `lab`. */
export interface Lab extends Journal {
  send(count: number): void
  /** Sends a message every so many milliseconds; none with 0. */
  feed(interval: number): void
}

/** Starts the client that the query of the page's URL is about, `?id=…&url=…`. */
export function run(subject: Subject): void {
  const { searchParams: query } = new URL(location.href)
  const id = query.get('id') ?? ''
  const journal: Journal = { sent: [], received: [], states: [], life: [] }
  let timer: ReturnType<typeof setInterval> | undefined

  const tell = (n: number, answer?: true): void => subject.send({ id, n, ...(answer && { answer }) })
  const lab: Lab = {
    ...journal,
    send(count) {
      for (let left = count; left > 0; left--) {
        // The numbers go on after a reload.
        const n = Number(sessionStorage.getItem('n')) + 1
        sessionStorage.setItem('n', String(n))
        journal.sent.push([n, Date.now()])
        tell(n)
      }
    },
    feed(interval) {
      clearInterval(timer)
      if (interval > 0) timer = setInterval(() => lab.send(1), interval)
    },
  }
  Object.assign(globalThis, { lab })

  for (const type of ['pagehide', 'pageshow', 'online', 'offline'])
    addEventListener(type, (event) => {
      const isPersisted = (event as PageTransitionEvent).persisted
      journal.life.push([isPersisted ? `${type} persisted` : type, Date.now()])
    })
  for (const type of ['freeze', 'resume', 'visibilitychange'])
    document.addEventListener(type, () => {
      const event = type === 'visibilitychange' ? document.visibilityState : type
      journal.life.push([event, Date.now()])
    })

  subject.connect(query.get('url')!, {
    received({ n, ask }) {
      journal.received.push([n, Date.now()])
      if (ask) tell(n, true)
    },
    open: () => void journal.states.push({ state: 'open', at: Date.now() }),
    down: (why) => void journal.states.push({ state: 'down', at: Date.now(), why }),
  })
}
