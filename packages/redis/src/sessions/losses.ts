import type { Commands } from '../commands.ts'
import type { Keys } from '../keys.ts'
import { strangers } from '../scripts.ts'
import { whichRun } from './scripts.ts'

export interface LossesHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly node: string
  /** How long the lease of a hub lasts at most, in milliseconds. */
  readonly timeout: number
}

/** Whether Redis has lost data lately: it is another server, has restarted, or was emptied. */
export class Losses {
  readonly #host: LossesHost
  /** The run of Redis that was seen last, by shard. */
  readonly #runs = new Map<string, string>()
  #lastAt = -Infinity

  constructor(host: LossesHost) {
    this.#host = host
  }

  /** How long it may take until every hub that is alive has said what it has, in milliseconds. */
  get timeout(): number {
    return this.#host.timeout
  }

  /** Whether something may be lost that the hubs have not said again. */
  get isRecent(): boolean {
    return performance.now() - this.#lastAt < this.#host.timeout
  }

  /** Something may be lost. */
  note(): void {
    this.#lastAt = performance.now()
  }

  /** Looks whether something may be lost of what the shard of that key knew. */
  async areRecent(key: string): Promise<boolean> {
    const { commands, keys, node } = this.#host
    const shard = commands.shardOf(key) ?? ''
    const [run, dead] = (await Promise.all([
      commands.run(whichRun, [key], []),
      commands.run(strangers, [keys.nodes], [node]),
    ])) as [string, string[]]
    const known = this.#runs.get(shard)
    this.#runs.set(shard, run)
    if ((known !== undefined && known !== run) || dead.length > 0) this.note()
    return this.isRecent
  }
}
