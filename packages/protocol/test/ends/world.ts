import { createVirtualClock } from '@holdfast/testing'
import type { ClockFaults, VirtualClock } from '@holdfast/testing'
import type { Clock, Delivery, Outcome, SendOptions, Window } from '../../src/index.ts'
import { createClientEnd } from './client-end.ts'
import type { ClientEnd } from './client-end.ts'
import { connect } from './network.ts'
import type { Connection, Fate } from './network.ts'
import type { App, Party } from './party.ts'
import { createServerEnd } from './server-end.ts'
import type { Peer, ServerEnd } from './server-end.ts'

/** Something that was sent, with what became of it. */
export interface Sent {
  readonly id: number
  readonly delivery: Delivery
  readonly isVolatile: boolean
}

export interface Asked {
  readonly id: number
  /** How it ended: the answer, or the code of the error. */
  end?: { readonly answer: unknown } | { readonly code: string }
}

/** What one end has done, in order. */
export interface Journal {
  readonly sent: Sent[]
  readonly asked: Asked[]
  /** The ids of what was handed to it, requests among them. */
  readonly handled: number[]
  readonly volatile: number[]
  readonly outcomes: Outcome[]
  /** What the buffers held at most. */
  mostMessages: number
}

export interface WorldOptions {
  readonly faults?: ClockFaults
  readonly window?: Window
  readonly ttl?: number
  /** What connections have before them, unless told otherwise. */
  readonly fate?: Fate
  /** What the server does about a session that is new to its application. */
  onPeer?(world: World): void
  /** What the client does with a message, and the server. */
  onClient?(id: number, world: World): void
  onServer?(id: number, party: Party | undefined, world: World): void
}

/** A client and a server, on a network that fails as it is told, and a clock that is moved by hand. */
export interface World {
  readonly clock: VirtualClock
  readonly client: ClientEnd
  readonly server: ServerEnd
  readonly byClient: Journal
  readonly byServer: Journal
  /** What the next connections have before them. */
  readonly fates: Fate[]
  /** All connections so far. */
  readonly connections: Connection[]
  readonly peer: Peer | undefined
  /** How many timers the two ends have set. */
  readonly timers: number
  /** Sends a message with the next id. */
  send(
    from: 'client' | 'server',
    how?: SendOptions & { readonly size?: number; readonly isBytes?: boolean },
  ): void
  ask(from: 'client' | 'server', timeout?: number): void
  /** Another process takes the place of the server. It knows nothing. */
  restart(cut: { readonly client?: number }): void
  /** Lets the network work, and everything come to rest. */
  heal(): Promise<void>
  /** Ends both ends. */
  end(): Promise<void>
}

const newJournal = (): Journal => ({
  sent: [],
  asked: [],
  handled: [],
  volatile: [],
  outcomes: [],
  mostMessages: 0,
})

export function createWorld(options: WorldOptions = {}): World {
  const { window = [1_024, 1_048_576], ttl = 120_000 } = options
  const clock = createVirtualClock(options.faults)
  /** What is under way in the network is no timer of the ends. */
  let underWay = 0
  const network: Clock = {
    ...clock,
    setTimer(callback, delay) {
      underWay++
      return clock.setTimer(() => {
        underWay--
        callback()
      }, delay)
    },
  }
  const fates: Fate[] = []
  const connections: Connection[] = []
  const byClient = newJournal()
  const byServer = newJournal()
  let lastId = 0

  const encode = (id: number, size: number, isBytes: boolean): unknown => {
    if (!isBytes) return size === 0 ? id : { id, pad: 'x'.repeat(size) }
    const bytes = new Uint8Array(4 + size)
    new DataView(bytes.buffer).setUint32(0, id)
    return bytes
  }
  const idOf = (data: unknown): number => {
    if (data instanceof Uint8Array) return new DataView(data.buffer, data.byteOffset).getUint32(0)
    return typeof data === 'number' ? data : (data as { readonly id: number }).id
  }

  /** An application that keeps a journal, and answers a request by what it was asked. */
  const createApp = (journal: Journal, onMessage: (id: number, party: Party | undefined) => void): App => {
    let party: Party | undefined
    const note = (name: string, data: unknown): number => {
      const id = idOf(data)
      ;(name === 'volatile' ? journal.volatile : journal.handled).push(id)
      return id
    }
    return {
      onEvent(name, data, by) {
        party = by
        onMessage(note(name, data), by)
      },
      async answer(input) {
        const id = note('ask', input)
        onMessage(id, party)
        if (id % 3 === 0) throw new Error('the handler failed')
        if (id % 3 === 1) await new Promise<void>((resolve) => clock.setTimer(resolve, 30))
        return id
      },
      settled: (_, outcome) => void journal.outcomes.push(outcome),
    }
  }

  const newServer = (): ServerEnd =>
    createServerEnd({
      clock,
      window,
      ttl,
      onPeer: () => options.onPeer?.(world),
      app: () => createApp(byServer, (id, party) => options.onServer?.(id, party, world)),
    })

  let server = newServer()
  const client = createClientEnd({
    clock,
    window,
    app: createApp(byClient, (id) => options.onClient?.(id, world)),
    dial() {
      const connection = connect(network, fates.shift() ?? options.fate)
      connections.push(connection)
      // As when the WebSocket handshake is done.
      const accepting = server
      network.setTimer(() => accepting.accept(connection.server), 0)
      return connection.client
    },
  })

  const watchBuffers = (journal: Journal, party: Party): void => {
    const { unacknowledged } = party.session
    journal.mostMessages = Math.max(journal.mostMessages, unacknowledged)
  }

  const partyOf = (from: 'client' | 'server'): Party | undefined =>
    from === 'client' ? client.party : world.peer?.party

  const world: World = {
    clock,
    client,
    get server() {
      return server
    },
    byClient,
    byServer,
    fates,
    connections,
    get timers() {
      return clock.pending - underWay
    },
    get peer() {
      return server.peers.at(-1)
    },
    send(from, { size = 0, isBytes = false, ...how } = {}) {
      const party = partyOf(from)
      if (!party) return
      const id = ++lastId
      const isVolatile = how.volatile === true
      const delivery = party.send(isVolatile ? 'volatile' : 'event', encode(id, size, isBytes), how)
      const journal = from === 'client' ? byClient : byServer
      journal.sent.push({ id, delivery, isVolatile })
      watchBuffers(journal, party)
    },
    ask(from, timeout) {
      const party = partyOf(from)
      if (!party) return
      const asked: Asked = { id: ++lastId }
      party.request('ask', asked.id, timeout).then(
        (answer) => (asked.end = { answer }),
        (error: { code: string }) => (asked.end = { code: error.code }),
      )
      const journal = from === 'client' ? byClient : byServer
      journal.asked.push(asked)
    },
    restart(cut) {
      for (const connection of connections) connection.cut(cut)
      server.crash()
      server = newServer()
    },
    async heal() {
      fates.length = 0
      for (let round = 0; round < 1_000 && !isAtRest(); round++) await clock.advance(500)
    },
    async end() {
      client.leave()
      await clock.advance(50)
      client.destroy()
      await clock.advance(50)
      server.dispose()
      await clock.advance(0)
    },
  }

  const isAtRest = (): boolean =>
    client.phase === 'stopped' ||
    (client.phase === 'live' &&
      client.party.isDone &&
      client.party.queued === 0 &&
      (world.peer?.party.isDone ?? false) &&
      world.peer?.party.queued === 0)

  return world
}

/** What has gone wrong in a world that has come to its end. */
export function faultsOf(world: World): string[] {
  const { client, server, byClient, byServer, timers } = world
  const faults = [...client.violations, ...server.violations]
  const ways = [
    ['client', byClient, byServer.handled, byServer.volatile],
    ['server', byServer, byClient.handled, byClient.volatile],
  ] as const
  for (const [who, { sent, asked, outcomes }, handled, volatile] of ways) {
    for (const ids of [handled, volatile])
      for (const [index, id] of ids.entries())
        if (index > 0 && id <= ids[index - 1]!)
          faults.push(`${id} of the ${who} comes after ${ids[index - 1]}`)
    const isHandled = new Set([...handled, ...volatile])
    for (const { id, delivery, isVolatile } of sent) {
      const { status } = delivery.outcome ?? { status: 'open' }
      if (status === 'open') faults.push(`${id} of the ${who} is not settled`)
      if (status === 'sent' && !isVolatile) faults.push(`${id} of the ${who} is settled as sent`)
      if (status === 'delivered' && !isHandled.has(id))
        faults.push(`${id} of the ${who} is delivered and was not handled`)
      if (status === 'undelivered' && isHandled.has(id))
        faults.push(`${id} of the ${who} is undelivered and was handled`)
    }
    if (outcomes.length !== sent.length + asked.length)
      faults.push(`${outcomes.length} outcomes of ${sent.length + asked.length} messages of the ${who}`)
    for (const { id, end } of asked) {
      if (!end) faults.push(`request ${id} of the ${who} has no end`)
      else if ('answer' in end) {
        if (end.answer !== id) faults.push(`request ${id} of the ${who} has another's answer`)
        if (!isHandled.has(id)) faults.push(`request ${id} of the ${who} is answered and was not handled`)
      } else if (end.code === 'undelivered' && isHandled.has(id))
        faults.push(`request ${id} of the ${who} is undelivered and was handled`)
      else if (end.code === 'remote' && !isHandled.has(id))
        faults.push(`request ${id} of the ${who} failed and was not handled`)
    }
  }
  if (timers > 0) faults.push(`${timers} timers are left`)
  return faults
}

/** What was sent to be delivered, was not given up by its sender, and was not handed on. */
export function missingOf({ byClient, byServer }: World): number[] {
  const isGivenUp = ({ isVolatile, delivery: { outcome } }: Sent): boolean =>
    isVolatile ||
    (outcome?.status === 'undelivered' && ['replaced', 'expired', 'cancelled'].includes(outcome.reason))
  const missing = (from: Journal, to: Journal): number[] => {
    const isHandled = new Set(to.handled)
    const ids = [...from.sent.filter((sent) => !isGivenUp(sent)), ...from.asked].map(({ id }) => id)
    return ids.filter((id) => !isHandled.has(id))
  }
  return [...missing(byClient, byServer), ...missing(byServer, byClient)]
}
