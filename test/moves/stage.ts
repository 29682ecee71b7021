// One client, several nodes, and what tests do with them.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { HistoryEvent } from '../audit/history.ts'
import { steadyNow } from '../audit/merge.ts'
import type { Summary } from '../audit/summary.ts'
import type { Violation } from '../audit/violation.ts'
import { createClients } from '../chaos/clients.ts'
import type { Clients, RecordedClient } from '../chaos/clients.ts'
import { recordEnd } from '../chaos/recorder.ts'
import type { Rate } from '../chaos/traffic.ts'
import { describeVerdict, judge } from '../chaos/verdict.ts'
import { RedisServer } from '../support/redis-server.ts'
import { Replicated } from '../support/replicated-redis.ts'
import { createLocalNodes } from './local-nodes.ts'
import { createNodes } from './node-process.ts'
import type { NodeOptions, NodeProcesses } from './node-process.ts'
import type { Nodes } from './nodes.ts'

/** What each end sends all the time, a second. */
const rate: Rate = { messages: 20, requests: 2 }

/** How long it may take until a client is open again, or all is settled, in milliseconds: ten times what it should. */
const patience = 60_000

export interface EndOptions {
  /** Redis may have lost its last writes: then what the nodes that had the session have posted may not arrive, and is unknown. */
  readonly mayForgetMail?: boolean
}

/** A client with traffic both ways, and the nodes that it may come to. */
export interface Stage<N extends Nodes = Nodes> extends AsyncDisposable {
  readonly nodes: N
  readonly client: RecordedClient
  /** What the client has seen so far. */
  readonly seen: readonly HistoryEvent[]
  /** Where the next dial of the client goes. */
  target: string
  /** Lets the client dial now, whatever its connection is like. */
  redial(): void
  /** Lets the client dial another node. Resolves when it is open there. */
  goTo(node: { readonly url: string }): Promise<void>
  /** Resolves when the client has opened that many connections in all. */
  opened(count: number): Promise<void>
  /** Resolves when nodes have got the session that many times in all: the client has confirmed it. */
  joined(count: number): Promise<void>
  /** Sends a request whose handler takes that many milliseconds. Resolves when a handler has it. */
  ask(ms: number): Promise<Asked>
  /** Ends everything in a proper way, and expects that no promise was broken. */
  end(options?: EndOptions): Promise<Summary>
}

export interface Asked {
  readonly id: number
  /** Resolves when the request has ended. How, the client has seen. */
  readonly ended: Promise<void>
}

/** Nodes of this process. */
export async function openLocalStage(): Promise<Stage> {
  return openStage(createLocalNodes(rate))
}

export interface ProcessStage extends Stage<NodeProcesses> {
  readonly redis: RedisServer
  /** Resolves when Redis knows of the session, and its node knows that. */
  known(): Promise<void>
}

/** Nodes in processes of their own, which share a Redis. */
export async function openProcessStage(options: NodeOptions = {}): Promise<ProcessStage> {
  const redis = await RedisServer.start()
  return openStageOn(redis, redis, { redisPort: redis.port, ...options })
}

export interface ReplicatedStage extends ProcessStage {
  /** `redis` is the primary. */
  readonly servers: Replicated
}

/** The same with a Redis that has a replica. */
export async function openReplicatedStage(options: NodeOptions = {}): Promise<ReplicatedStage> {
  const servers = await Replicated.start()
  const shared = { redisPort: servers.addresses[0].port, ...options }
  return Object.assign(openStageOn(servers.primary, servers, shared), { servers })
}

/** `owned` ends with the stage. */
function openStageOn(
  redis: RedisServer,
  owned: AsyncDisposable,
  options: NodeOptions & { readonly redisPort: number },
): ProcessStage {
  const stage = openStage(createNodes({ rate, ...options }))
  const endStage = stage[Symbol.asyncDispose]
  return Object.assign(stage, {
    redis,
    async known() {
      await stage.joined(1)
      while (((await redis.command('KEYS', 'holdfast:{s:*')) as string[]).length === 0) await sleep(20)
      await sleep(500)
    },
    async [Symbol.asyncDispose]() {
      await endStage()
      await owned[Symbol.asyncDispose]()
    },
  })
}

function openStage<N extends Nodes>(nodes: N): Stage<N> {
  const clients = createClients({
    count: 1,
    url: () => stage.target,
    options: { backoff: () => 200 },
  })
  const client = clients.all[0]!
  const { history } = clients
  const opens = (): number => history.filter(({ type }) => type === 'open').length
  let isStarted = false
  let ids = 5e8

  const stage: Stage<N> = {
    nodes,
    client,
    seen: history,
    target: '',
    redial() {
      if (!isStarted) clients.start(rate)
      else {
        client.note({ type: 'did', what: 'reconnect' })
        void client.client.reconnect()
      }
      isStarted = true
    },
    async goTo({ url }) {
      stage.target = url
      const before = opens()
      stage.redial()
      await stage.opened(before + 1)
    },
    opened: (count) => inTime(`open ${count} times`, () => opens() >= count),
    joined: (count) => {
      const isJoined = ({ type }: HistoryEvent): boolean => type === 'joined'
      return inTime(
        `the session came ${count} times`,
        () => nodes.histories().flat().filter(isJoined).length >= count,
      )
    },
    async ask(ms) {
      const id = ids++
      client.note({ type: 'sent', id, kind: 'request' })
      const ended = recordEnd(id, client.client.request('slow', [id, ms], { timeout: patience }), client.note)
      await inTime('the request is handled', () =>
        nodes.histories().some((all) => all.some((event) => event.type === 'got' && event.id === id)),
      )
      return { id, ended }
    },
    end: (how) => end(stage, clients, how),
    async [Symbol.asyncDispose]() {
      await clients[Symbol.asyncDispose]()
      await nodes[Symbol.asyncDispose]()
    },
  }
  return stage
}

/** Waits for what must come within bounded time. */
async function inTime(what: string, condition: () => boolean): Promise<void> {
  const late = AbortSignal.timeout(patience)
  while (!late.aborted && !condition()) await sleep(20)
  if (!condition()) throw new Error(`not within ${patience / 1_000} s: ${what}`)
}

async function end(
  { nodes, seen }: Stage,
  clients: Clients,
  { mayForgetMail = false }: EndOptions = {},
): Promise<Summary> {
  clients.quiet()
  await inTime('open in the end', () => clients.all.every(({ client }) => client.state.status === 'open'))
  await Promise.race([clients.settled(), sleep(patience, undefined, { ref: false })])
  await nodes.quiet()
  // What waits in mailboxes may take a moment.
  for (let before = -1; seen.length > before;) {
    before = seen.length
    await sleep(1_000)
  }
  const restAt = steadyNow()
  await clients.dispose()
  await nodes.close()
  const report = { histories: [seen, ...nodes.histories()], restAt, faults: [], figures: {} }
  const verdict = judge(report)
  const violations = verdict.violations.filter((each) => !mayForgetMail || !isForgottenMail(each))
  expect(violations, describeVerdict('moves', report, verdict)).toEqual([])
  return verdict.summary
}

function isForgottenMail({ rule, events }: Violation): boolean {
  if (rule !== 'lost-in-move' && rule !== 'gap') return false
  return events.some(
    (event) => event.type === 'settled' && event.status === 'unknown' && event.reason === 'moved',
  )
}
