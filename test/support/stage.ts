import { createClient } from 'holdfast'
import type { Client, ClientOptions, Lifecycle, SocketConstructor } from 'holdfast'
import type { RoomReport } from './room.ts'

/** Where a suite of client tests runs: in Node with a class of sockets, or in a browser. */
export interface Platform {
  readonly WebSocket?: SocketConstructor
  /** Whether it holds the connection of a dial that was given up, until the server ends it. Firefox does. */
  readonly holdsGivenUpDials?: boolean
  /** Whether a dial that fails tells so in a task of its own, before it tells the code. WebKit does. */
  readonly closesLate?: boolean
  /** The close codes that it takes for a breach of the protocol, and reports as 1006. */
  readonly unknownCodes?: readonly number[]
  /** A server for one test. A page, which cannot start one, hands out one that runs already. */
  serve(): Promise<{ readonly url: string } & Partial<AsyncDisposable>>
}

/** One test's room on a server, and the clients in it. Leaving it disposes of all, and waits until the server saw it. */
export interface Stage extends AsyncDisposable {
  url(script: string): string
  /** A client that retries soon and throws nothing away; `errors` are what its listeners threw. */
  client(script: string, options?: Partial<ClientOptions>): Client & { readonly errors: unknown[] }
  /** Waits and acts on the server; see `startServer`. */
  control(query: Readonly<Record<string, string | number>>): Promise<RoomReport>
  /** After dials were given up: waits until the server is rid of them, and ends those that the platform holds. */
  ridOfDials(): Promise<RoomReport>
}

export async function setStage(platform: Platform): Promise<Stage> {
  const server = await platform.serve()
  const room = crypto.randomUUID()
  const clients = new Set<Client>()
  const url = (script: string): string =>
    `${server.url}${script}${script.includes('?') ? '&' : '?'}room=${room}`

  const control: Stage['control'] = async (query) => {
    const search = new URLSearchParams({ room })
    for (const [key, value] of Object.entries(query)) search.set(key, String(value))
    const response = await fetch(`${server.url.replace(/^ws/, 'http')}/control?${search}`)
    return (await response.json()) as RoomReport
  }

  return {
    url,
    control,
    async ridOfDials() {
      if (platform.holdsGivenUpDials) await control({ do: 'cut' })
      return control({ live: 0 })
    },
    client(script, options = {}) {
      const errors: unknown[] = []
      const client = createClient({
        url: url(script),
        backoff: () => 20,
        ...(platform.WebSocket && { WebSocket: platform.WebSocket }),
        ...options,
        ports: { random: () => 0, report: (error) => void errors.push(error), ...options.ports },
      })
      clients.add(client)
      return Object.assign(client, { errors })
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.dispose()
      await control({ live: 0 })
      await server[Symbol.asyncDispose]?.()
    },
  }
}

/** The next thing of a kind that happens to a connection. */
export function next<Kind extends keyof Lifecycle>(client: Client, kind: Kind): Promise<Lifecycle[Kind]> {
  return new Promise((resolve) => {
    const stop = client.watch(kind, (value) => {
      stop()
      resolve(value)
    })
  })
}

/** The next events of a name, as many as asked for. */
export function take(client: Client, name: string, count = 1): Promise<unknown[]> {
  const taken: unknown[] = []
  return new Promise((resolve) => {
    const stop = client.on(name, (data) => {
      taken.push(data)
      if (taken.length < count) return
      stop()
      resolve(taken)
    })
  })
}

/** Resolves once the state of a client has one of the statuses. */
export async function reach(
  client: Client,
  ...statuses: readonly Client['state']['status'][]
): Promise<Client['state']> {
  while (!statuses.includes(client.state.status))
    await new Promise<void>((resolve) => {
      const stop = client.subscribe(() => {
        stop()
        resolve()
      })
    })
  return client.state
}
