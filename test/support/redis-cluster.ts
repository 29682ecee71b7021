// A real Redis cluster on loopback for the tests.
import { setTimeout as sleep } from 'node:timers/promises'
import { createCluster } from 'redis'
import { freePort } from './port.ts'
import { RedisServer } from './redis-server.ts'

const slots = 16_384

/** Three primaries, of which the first may have a replica. */
export class RedisCluster implements AsyncDisposable {
  readonly primaries: readonly RedisServer[]
  /** The replica of the first primary. */
  readonly replica: RedisServer | undefined

  private constructor(primaries: readonly RedisServer[], replica: RedisServer | undefined) {
    this.primaries = primaries
    this.replica = replica
  }

  static async start({ withReplica = false } = {}): Promise<RedisCluster> {
    const servers: RedisServer[] = []
    const count = withReplica ? 4 : 3
    let meet: string[] = []
    while (servers.length < count) {
      // By default the port of the bus is the other one plus 10,000, which another process may have.
      const bus = String(await freePort())
      const server = await RedisServer.start(
        `--cluster-enabled yes --cluster-node-timeout 2000 --cluster-port ${bus} --repl-diskless-sync-delay 0`,
      )
      const index = servers.push(server) - 1
      const range = [index, index + 1].map((third) => Math.floor((slots * third) / 3))
      if (index < 3) await server.command('CLUSTER', 'ADDSLOTSRANGE', String(range[0]), String(range[1]! - 1))
      if (index === 0) meet = ['CLUSTER', 'MEET', '127.0.0.1', String(server.port), bus]
      else await server.command(...meet)
    }
    const [primaries, replica] = [servers.slice(0, 3), servers[3]]
    for (const server of servers) await until(server, `cluster_known_nodes:${count}`)
    if (replica) await replica.command('CLUSTER', 'REPLICATE', await idOf(primaries[0]!))
    for (const server of servers) await until(server, 'cluster_state:ok')
    // Before, it would not take over.
    if (replica) await until(replica, 'master_link_status:up', ['INFO', 'replication'])
    return new RedisCluster(primaries, replica)
  }

  /** A client that is not connected. */
  get client(): ReturnType<typeof createCluster> {
    const servers = this.replica ? [...this.primaries, this.replica] : this.primaries
    return createCluster({ rootNodes: servers.map(({ port }) => ({ socket: { host: '127.0.0.1', port } })) })
  }

  /** The primary that has a slot, if no slot was moved. */
  primaryOf(slot: number): RedisServer {
    return this.primaries[Math.floor((slot * 3) / slots)]!
  }

  /** Moves a slot with all its keys, as `redis-cli --cluster reshard` does. */
  async move(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
    const number = String(slot)
    const [source, target] = [await idOf(from), await idOf(to)]
    await to.command('CLUSTER', 'SETSLOT', number, 'IMPORTING', source)
    await from.command('CLUSTER', 'SETSLOT', number, 'MIGRATING', target)
    for (;;) {
      const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', number, '1')) as string[]
      if (keys.length === 0) break
      await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys)
      // Traffic meets a slot of which some keys are here, and some there.
      await sleep(50)
    }
    for (const server of [to, from]) await server.command('CLUSTER', 'SETSLOT', number, 'NODE', target)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.primaries) await server[Symbol.asyncDispose]()
    await this.replica?.[Symbol.asyncDispose]()
  }
}

async function until(server: RedisServer, state: string, command = ['CLUSTER', 'INFO']): Promise<void> {
  while (!String(await server.command(...command)).includes(state)) await sleep(50)
}

async function idOf(server: RedisServer): Promise<string> {
  return String(await server.command('CLUSTER', 'MYID'))
}
