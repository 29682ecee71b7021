import type { ParkedState, SessionToken } from '@holdfast/server'
import type { Commands } from '../commands.ts'
import { unavailable } from '../errors.ts'
import type { Keys } from '../keys.ts'
import { milliseconds } from '../milliseconds.ts'
import type { Assertions } from './assertions.ts'
import type { OwnedSession, OwnedSessions } from './owned-session.ts'
import { allOf, placeOf } from './place.ts'
import { Replicas } from './replicas.ts'
import { park } from './scripts.ts'

/** How often a call is made again because Redis was another one. */
const maxRuns = 3

export interface ParksHost {
  readonly commands: Commands
  readonly keys: Keys
  readonly lifetime: number
  readonly owned: OwnedSessions
  readonly assertions: Assertions
  /** The session is in Redis, as far as that run of Redis knows. */
  parked(id: string, run: string | undefined): void
}

/** Puts sessions of this hub into Redis. */
export class Parks {
  readonly #host: ParksHost
  readonly #replicas: Replicas

  constructor(host: ParksHost) {
    this.#host = host
    this.#replicas = new Replicas(host.commands)
  }

  /** False if another hub has the session, or may have it. */
  async park(id: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean> {
    const { assertions, owned } = this.#host
    const session = owned.under(id, token)
    for (let runs = 0; runs < maxRuns; runs++) {
      const mayBeParked = session?.mayBeParked
      const [status, other] = await this.#call(id, token, state, ttl, session)
      if (status === 'renewed' && session && !mayBeParked) {
        session.mayBeParked = false
        if (await assertions.assert(session, other)) continue
        return false
      }
      if (session) owned.delete(session)
      if (status !== 'done') return false
      this.#host.parked(id, session?.run)
      if (other !== '0') await this.#replicas.have(placeOf(this.#host.keys, id).keys.base)
      return true
    }
    throw unavailable('it is another one with every call')
  }

  /** Returns the status of the session, then the run of Redis, or how many replicas there are. */
  async #call(
    id: string,
    { node, attempt }: SessionToken,
    state: ParkedState,
    ttl: number,
    session: OwnedSession | undefined,
  ): Promise<[status: string, other: string]> {
    const { commands, keys, lifetime } = this.#host
    const place = allOf((session ?? placeOf(keys, id)).keys)
    const args = [session?.run ?? '', node, `${attempt}`, ...argsOf(state, ttl, lifetime)]
    const sent = (): void => {
      if (session) session.mayBeParked = true
    }
    return (await commands.run(park, place, args, sent)) as [string, string]
  }
}

function argsOf(
  { text, format, identity, dials, tombstone, mailbox, running }: ParkedState,
  ttl: number,
  lifetime: number,
): string[] {
  const { rx, tx, queued } = tombstone
  return [
    ...[milliseconds(ttl), milliseconds(lifetime), text, `${format}`, identityText(identity)],
    JSON.stringify([[dials.client, dials.n], ...dials.others]),
    ...[rx, tx, queued, mailbox, ...running].map(String),
  ]
}

/** No identity is another one than an empty one. */
export function identityText(identity: string | null): string {
  return identity === null ? '' : `=${identity}`
}
