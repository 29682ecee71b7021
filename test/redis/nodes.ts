// Hubs that share a Redis: some in this process, some in processes of their own.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { redis } from '@holdfast/redis'
import type { RedisClientLike, RedisOptions } from '@holdfast/redis'
import type { ChannelRules, HubOptions } from '@holdfast/server'
import { channel, createClient, session } from 'holdfast'
import type { Channel, Client, ClientOptions } from 'holdfast'
import { startPair, until } from '../session/pair.ts'
import type { Pair } from '../session/pair.ts'

/** The rooms of all hubs of the tests. */
export const rules: ChannelRules = {
  subscribe: () => true,
  publish: () => true,
  presence: { clientData: true },
  history: { maxMessages: 10_000 },
}

export interface Node extends Pair {
  /** What the hub has reported: that Redis fails, and nothing else. */
  readonly reports: unknown[]
}

/** A hub of this process. */
export async function startNode(
  server: { readonly client: RedisClientLike },
  options: Partial<RedisOptions> = {},
  hubOptions: HubOptions = {},
): Promise<Node> {
  const reports: unknown[] = []
  const ports = { report: (error: unknown) => void reports.push(error) }
  const broker = redis({ client: server.client, ...options })
  const pair = await startPair({ broker, ...hubOptions, ports })
  pair.hub.channels('room', rules)
  return { ...pair, reports }
}

export interface NodeProcess extends AsyncDisposable {
  /** Where clients dial. */
  readonly url: string
  readonly process: ChildProcess
}

/** A hub in a process of its own. */
export async function startProcess(redisPort: number, memberTimeout = 10_000): Promise<NodeProcess> {
  const child = fork(
    join(import.meta.dirname, 'node-process.ts'),
    [String(redisPort), String(memberTimeout)],
    {
      execArgv: ['--conditions=@holdfast/source'],
    },
  )
  const [port] = (await once(child, 'message')) as [number]
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const closed = once(child, 'close')
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** A client in a room, and everything that the room brings it, in order. */
export interface Visitor extends AsyncDisposable {
  readonly client: Client
  readonly room: Channel
  readonly got: unknown[]
}

export async function visit(
  url: string,
  options: Partial<ClientOptions> = {},
  name = 'room:1',
): Promise<Visitor> {
  const client = createClient({ url, wire: session(), backoff: () => 50, ...options })
  const room = channel(client, name)
  const got: unknown[] = []
  room.on('n', (data) => got.push(data))
  room.watch('gap', ({ missed }) => got.push(`gap ${missed}`))
  room.watch('recovered', ({ count }) => got.push(`recovered ${count}`))
  // Asked for later, it would make the client join again.
  void room.presence
  await client.connect()
  await until(() => room.state.status === 'joined')
  return { client, room, got, [Symbol.asyncDispose]: () => client.dispose() }
}

/** The data of the members that a visitor knows of. */
export function membersOf({ room }: Visitor): string[] {
  return room.presence.state.members.map(({ data }) => String(data)).sort()
}
