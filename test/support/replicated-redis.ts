import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@holdfast/testing/proxy'
import type { FaultProxy } from '@holdfast/testing/proxy'
import { RedisServer } from './redis-server.ts'
import { TcpSwitch } from './tcp-switch.ts'

/** A primary and its replica, the path between them, and two addresses that lead to the primary. */
export class Replicated implements AsyncDisposable {
  readonly primary: RedisServer
  readonly replica: RedisServer
  readonly addresses: readonly [TcpSwitch, TcpSwitch]
  readonly #path: FaultProxy

  private constructor(
    primary: RedisServer,
    replica: RedisServer,
    path: FaultProxy,
    addresses: readonly [TcpSwitch, TcpSwitch],
  ) {
    this.primary = primary
    this.replica = replica
    this.addresses = addresses
    this.#path = path
  }

  static async start(): Promise<Replicated> {
    const options = '--repl-diskless-sync-delay 0 --repl-timeout 60'
    const primary = await RedisServer.start(options)
    const replica = await RedisServer.start(options)
    const path = await startFaultProxy({ target: primary.port })
    const addresses = [await TcpSwitch.start(primary.port), await TcpSwitch.start(primary.port)] as const
    const servers = new Replicated(primary, replica, path, addresses)
    await replica.command('REPLICAOF', '127.0.0.1', String(path.port))
    await follows(replica)
    return servers
  }

  /** From here on, the replica gets nothing of what the primary writes. Before, it got everything. */
  async lag(): Promise<void> {
    await this.primary.command('SET', 'mark', 'set')
    while ((await this.replica.command('GET', 'mark')) !== 'set') await sleep(10)
    this.#path.blackHole()
  }

  async promote(): Promise<void> {
    await this.replica.command('REPLICAOF', 'NO', 'ONE')
  }

  /** The primary is gone, and its addresses lead to the replica. */
  async failOver(): Promise<void> {
    await this.primary.kill()
    await this.promote()
    for (const address of this.addresses) address.target = this.replica.port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const address of this.addresses) await address[Symbol.asyncDispose]()
    await this.#path.close()
    for (const server of [this.primary, this.replica]) await server[Symbol.asyncDispose]()
  }
}

/** Resolves once a server is the replica of another one, and has its data. */
export async function follows(server: RedisServer): Promise<void> {
  const isUp = async (): Promise<boolean> =>
    String(await server.command('INFO', 'replication')).includes('master_link_status:up')
  while (!(await isUp())) await sleep(20)
}
