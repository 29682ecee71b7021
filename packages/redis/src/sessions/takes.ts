import type { Claim, LostReason, Taken, TakeOptions } from '@holdfast/server'
import type { Commands } from '../commands.ts'
import type { Keys } from '../keys.ts'
import { milliseconds } from '../milliseconds.ts'
import type { Inbox } from './inbox.ts'
import type { Losses } from './losses.ts'
import { encodeAsked } from './messages.ts'
import type { OwnedSession } from './owned-session.ts'
import { identityText } from './parks.ts'
import { allOf, placeOf } from './place.ts'
import { take } from './scripts.ts'

export interface TakesHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly lifetime: number
  /** The name of this hub. */
  readonly hub: string
  readonly inbox: Inbox
  readonly losses: Losses
  /** The session is this hub's. */
  taken(session: OwnedSession): void
}

type Answer =
  | readonly ['yours', text: string, elapsed: string, run: string, position: string, running: string[]]
  | readonly ['elsewhere', node: string, attempt: string]
  | readonly ['ended', why: LostReason, rx: string, tx: string, queued: string, handlers: string[]]
  | readonly ['late' | 'unreadable' | 'unknown' | 'missing']

/** Takes sessions from Redis, and asks the hubs that have them. */
export class Takes {
  readonly #host: TakesHost

  constructor(host: TakesHost) {
    this.#host = host
  }

  /** `attempt` is above all before. */
  async take(
    id: string,
    claim: Claim,
    { format, isLast = false }: TakeOptions,
    attempt: number,
  ): Promise<Taken> {
    const { commands, hub, inbox, keys, lifetime, losses } = this.#host
    const place = placeOf(keys, id)
    const { keyHash, identity, client, n } = claim
    const how = [identityText(identity), client, `${n}`, `${format}`, isLast ? '1' : '0']
    const args = [hub, `${attempt}`, keyHash, ...how, milliseconds(lifetime)]
    const answer = (await commands.run(take, allOf(place.keys), args)) as Answer
    switch (answer[0]) {
      case 'yours': {
        const [, text, elapsed, run, position, fields] = answer
        const token = { node: hub, attempt }
        const running = new Set(fields.filter((_, index) => index % 2 === 0).map(Number))
        const rest = { position: Number(position), running, mayBeParked: false }
        this.#host.taken({ id, ...place, keyHash, token, run, ...rest })
        return { status: 'yours', token, text, elapsed: Number(elapsed) }
      }
      case 'elsewhere': {
        const token = { node: answer[1], attempt: Number(answer[2]) }
        const isAlive = await inbox.tell(token.node, encodeAsked(place.hash, token, claim))
        // The lease of that hub may be lost, too.
        return { status: isAlive || losses.isRecent ? 'elsewhere' : 'unknown' }
      }
      case 'ended': {
        const [, why, rx, tx, queued, handlers] = answer
        inbox.abort(place.hash, handlers)
        return { status: 'ended', tombstone: { why, rx: Number(rx), tx: Number(tx), queued: Number(queued) } }
      }
      case 'missing':
        return {
          status: 'missing',
          // Afterwards a hub that could not reach Redis has no lease any more.
          beginTimeout: losses.timeout,
          hasForgotten: await losses.areRecent(place.keys.base),
        }
      case 'late':
      case 'unreadable':
      case 'unknown':
        return { status: answer[0] }
    }
  }
}
