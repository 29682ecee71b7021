import { createHash } from 'node:crypto'
import type { SocketLike as ServerSocket } from '@holdfast/server'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { createRandom, createVirtualClock } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { socketClass } from './line.ts'
import { defaultTuning } from './policies.ts'
import type { Tuning } from './policies.ts'
import { latencies } from './random.ts'
import { createDoor } from './server.ts'
import type { Fate, Storm, Verdict } from './server.ts'
import { createTally } from './tally.ts'
import type { Tally, Totals } from './tally.ts'

/** How the clients talk, what kind of server they meet, and how it dies. */
export interface Setting {
  readonly name: string
  readonly wire: 'plain' | 'session'
  /**
   * `door`: a server that lets in as many as it may, and says as much as a wire needs. `hub`: the hub with its
   * `admissionRate`, before and after.
   */
  readonly server: 'door' | 'hub'
  /** What happens to refused clients; a hub always hints. */
  readonly fate: Fate
  /** `cut`: the process is killed. `drain`: it says when to come back, as a hub does at a deploy. */
  readonly death: 'cut' | 'drain'
  /** Once it is back, it is killed again and again, so that connections are short. None by default. */
  readonly crashes?: Crashes
  readonly tuning?: Tuning
}

/** A server that cannot stay: how many times it dies, how long it lives before, and is away after. In milliseconds. */
export interface Crashes {
  readonly count: number
  readonly uptime: number
  readonly outage: number
}

/** What a server does for its connections, but for letting them in. */
interface Inside {
  accept(socket: ServerSocket): void
  /** Ends all of it. */
  end(death: Setting['death']): Promise<void>
}

/** How long all clients have been connected when the server dies, in milliseconds: longer than any client needs to be sure. */
const calm = 20_000

/** Runs a storm of real clients, on a virtual clock. */
export async function runClients(storm: Storm, setting: Setting): Promise<Totals> {
  const { clients: count, seed, returnsAt, patience } = storm
  const { first, ...backoff } = setting.tuning ?? defaultTuning
  const random = createRandom(seed)
  const latency = latencies(count, random)
  const clock = createVirtualClock()
  const tally = createTally(count, returnsAt)
  const door = createDoor(storm, setting.fate, tally)
  // The secrets of one hub must not be those of the next one.
  let secrets = 0
  const drawSecret = (): number => secrets++
  let inside = openServer(setting, clock, drawSecret, tally)
  let diedAt: number | undefined
  let isAway = false
  const sinceDeath = (): number => clock.now() - diedAt!

  const knock = (): Verdict => {
    if (diedAt === undefined) return 'in'
    if (isAway) {
      tally.attempted(sinceDeath())
      return 'refused'
    }
    if (setting.server === 'door') return door.knock(sinceDeath())
    tally.attempted(sinceDeath())
    return sinceDeath() < returnsAt ? 'refused' : 'in'
  }
  const WebSocket = socketClass({
    clock,
    latency: (client) => latency[client]!,
    knock,
    accept: (socket) => inside.accept(socket),
  })

  const clients = Array.from({ length: count }, (_, index): Client => {
    const client = createClient({
      url: `ws://storm.test/${index}`,
      WebSocket,
      ...(setting.wire === 'session' && { wire: session() }),
      ...(setting.tuning && { backoff, closeCodes: { 1006: { reason: 'lost', delay: [0, first] } } }),
      ports: {
        clock,
        random,
        signals: { listen: () => () => {}, isOffline: () => false },
        report(error) {
          throw error
        },
      },
    })
    // One that is closed with 1013 was open for a moment.
    client.watch('open', () => {
      if (diedAt !== undefined) tally.back(index, sinceDeath())
    })
    client.watch('down', () => tally.gone(index))
    // Those who give up are counted by not being back.
    clock.setTimer(() => void client.connect().catch(() => {}), random() * 1_000)
    return client
  })
  await clock.advance(calm)
  if (clients.some(({ state }) => state.status !== 'open')) throw new Error('not all of them were connected')

  diedAt = clock.now()
  const ended = inside.end(setting.death)
  await clock.advance(returnsAt)
  await ended
  inside = openServer(setting, clock, drawSecret, tally, storm, sinceDeath)
  const { count: crashes, uptime, outage } = setting.crashes ?? { count: 0, uptime: 0, outage: 0 }
  for (let crash = 0; crash < crashes; crash++) {
    await clock.advance(uptime)
    isAway = true
    await inside.end('cut')
    await clock.advance(outage)
    isAway = false
    inside = openServer(setting, clock, drawSecret, tally, storm, sinceDeath)
  }
  while (tally.backCount < count && sinceDeath() < patience) await clock.advance(1_000)
  const totals = tally.totals()

  await Promise.all(clients.map((client) => client.dispose()))
  await inside.end('cut')
  return totals
}

function openServer(
  { server, wire }: Setting,
  clock: VirtualClock,
  drawSecret: () => number,
  tally: Tally,
  narrow?: Storm,
  sinceDeath?: () => number,
): Inside {
  if (server === 'door') return openDoor(wire)
  const hub: Hub = createHub({
    limits: {
      maxConnections: 1_000_000,
      maxSessions: 1_000_000,
      ...(narrow && { admissionRate: narrow.rate, admissionBurst: narrow.burst }),
    },
    ports: {
      clock,
      randomBytes: (bytes) => createHash('sha256').update(`${drawSecret()}`).digest().subarray(0, bytes),
      warn() {},
      report(error) {
        throw error
      },
    },
  })
  const sockets = new Set<ServerSocket>()
  return {
    accept(socket) {
      sockets.add(socket)
      hub.accept(socket, { url: '/ws', headers: {} })
      const isIn = socket.readyState === 1
      if (sinceDeath && isIn) tally.admitted(sinceDeath())
    },
    async end(death) {
      if (death === 'cut') for (const socket of sockets) socket.terminate!()
      await hub.close({ drain: death === 'drain' ? 10_000 : 0 })
    },
  }
}

/** A server that greets, if the wire asks for it, and says nothing more. */
function openDoor(wire: Setting['wire']): Inside {
  const sockets = new Set<ServerSocket>()
  return {
    accept(socket) {
      sockets.add(socket)
      if (wire === 'plain') return
      socket.send('["holdfast",{"v":1}]')
      socket.onmessage = ({ data }: { readonly data: string }) => {
        if (data.startsWith('["hi"')) socket.send(ok)
      }
    },
    end() {
      for (const socket of sockets) socket.terminate!()
      return Promise.resolve()
    },
  }
}

/** A new session, which is held for the duration of a storm. */
const ok = JSON.stringify([
  'ok',
  {
    session: 's',
    key: 'k',
    rx: 0,
    identity: null,
    ttl: 120_000,
    ping: 3_600_000,
    window: [1_024, 1_048_576],
    maxPayload: 1_048_576,
  },
])
