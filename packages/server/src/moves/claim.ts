import type { Hi } from '@holdfast/protocol'
import type { Authentication } from '../authenticate.ts'
import type { Connection, ConnectionOwner } from '../connection.ts'
import type { HubParts } from '../hub-parts.ts'
import { LiveSession } from '../live-session.ts'
import type { Tombstone } from '../tombstones.ts'
import { troubleHint } from '../trouble.ts'
import { afterWait } from './freeze.ts'
import { keyHash } from './moves.ts'
import type { Moves } from './moves.ts'
import type { SessionToken, Taken, TakeOptions } from './session-store.ts'
import { currentFormat, decodeSnapshot } from './snapshot.ts'

/** How long another hub may take to give a session up, in milliseconds. */
const claimTimeout = 3_000
/** The hint for a client whose session another hub does not give up: it may have died, and its lease ends soon. */
const claimHint = '{"after":[500,2000]}'
/** The first and the longest pause before the store is asked again. */
const shortestPause = 10
const longestPause = 200

/** The greeting of a client that names a session of which this hub knows nothing. */
export interface ClaimRequest {
  readonly connection: Connection
  readonly hi: Hi & Required<Pick<Hi, 'session' | 'key' | 'rx'>>
  readonly authentication: Authentication
}

export interface ClaimParts extends HubParts {
  readonly moves: Moves
  /** Begins a new session, because the one of the client is lost. */
  begin(
    request: ClaimRequest,
    lost: Pick<Tombstone, 'why' | 'tx' | 'queued'> & { readonly rx: number | null },
  ): void
  /** Whether the session, which another hub may be able to read, was left to the others often enough. */
  isLastTry(session: string): boolean
  /** This hub cannot read the session. */
  unreadable(session: string): void
  /** The claim is over. */
  over(claim: Claim): void
}

/** What is left of a session of which nothing is known. */
const nothing = { why: 'unknown', rx: null, tx: 0, queued: 0 } as const

/** Takes a session from the store, or from the hub that has it, for a client that waits. */
export class Claim implements ConnectionOwner {
  readonly request: ClaimRequest
  readonly #parts: ClaimParts
  #isOver = false

  constructor(parts: ClaimParts, request: ClaimRequest) {
    this.#parts = parts
    this.request = request
    request.connection.take(this)
  }

  /** Asks until the session is here, or is lost, or the time is over. */
  async run(): Promise<void> {
    const { moves, policy } = this.#parts
    const { clock } = policy.ports
    const until = clock.now() + claimTimeout
    for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2)) {
      const taken = await this.#take()
      if (this.#isOver) return this.#returnLate(taken)
      if (taken?.status !== 'elsewhere') return this.#decide(taken)
      if (clock.now() >= until) return this.refuse(1013, 'the session is on another hub', claimHint)
      await moves.link.sleep(pause)
    }
  }

  /** A later greeting of the client replaces this one. */
  replace(code: number): void {
    this.#end()
    this.request.connection.close(code)
  }

  refuse(code: number, why: string, reason: string = why): void {
    if (this.#isOver) return
    this.#end()
    this.#parts.refusals.refuse(this.request.connection, code, why, { reason })
  }

  /** What the store has given is no session. */
  failed(error: unknown): void {
    const { moves, registry } = this.#parts
    const { connection, hi } = this.request
    moves.link.failed(error)
    this.#end()
    registry.sessions.get(hi.session)?.end('unknown', 4410)
    connection.close(1013, troubleHint)
  }

  receive(): void {
    this.refuse(4400, 'a message before ok')
  }

  ended(): void {
    this.#end()
  }

  exceeded(code: number, reason: string): void {
    this.refuse(code, 'over the limits', reason)
  }

  /** Undefined if the store does not answer. */
  async #take(): Promise<Taken | undefined> {
    const { moves, isLastTry } = this.#parts
    const { hi, authentication } = this.request
    const { session, client, n, key } = hi
    const claim = { keyHash: keyHash(key), identity: authentication.identity, client, n }
    // What this hub parks is there soon.
    await moves.parked(session)
    if (this.#isOver) return undefined
    const how: TakeOptions = { format: currentFormat, isLast: isLastTry(session) }
    try {
      return await moves.link.call((node) => node.take(session, claim, how), claimTimeout)
    } catch {
      return undefined
    }
  }

  #decide(taken: Exclude<Taken, { readonly status: 'elsewhere' }> | undefined): void {
    const { lifecycle } = this.#parts
    lifecycle.during(() => {
      switch (taken?.status) {
        case 'yours':
          return this.#arrive(taken)
        case 'late':
          return this.replace(1000)
        case 'ended':
          return this.#lose(taken.tombstone)
        case 'unknown':
          return this.#lose(nothing)
        case 'unreadable':
          this.#parts.unreadable(this.request.hi.session)
          return this.refuse(1013, 'the session is of a later version', troubleHint)
        case undefined:
          return this.refuse(1013, 'the store of sessions failed', troubleHint)
      }
    })
  }

  #arrive({ text, elapsed, token }: Taken & { readonly status: 'yours' }): void {
    const { moves } = this.#parts
    const { connection, hi, authentication } = this.request
    const stored = decodeSnapshot(text)
    const tx = stored && stored.acknowledged + stored.written.length
    // After writes that the store has lost, the client may know more than the snapshot.
    if (!stored || hi.rx > tx!) {
      const cursors = stored
        ? { rx: stored.rx, tx: tx!, queued: stored.queued.length }
        : { rx: 0, tx: 0, queued: 0 }
      moves.refuse(hi.session, token, { why: 'unknown', ...cursors })
      return this.#lose(nothing)
    }
    const snapshot = afterWait(stored, elapsed)
    const record = new LiveSession(this.#parts, connection.address, hi, authentication, {
      id: hi.session,
      key: hi.key,
      snapshot,
    })
    this.#end()
    moves.arrived(record, token, snapshot)
    record.arrive(snapshot)
    // It may hold more than the limits of this hub.
    if (record.stage === 'ended') return this.#parts.begin(this.request, record.remains('overflow'))
    record.resume(connection, hi, authentication)
  }

  #lose(remains: Parameters<ClaimParts['begin']>[1]): void {
    this.#end()
    this.#parts.begin(this.request, remains)
  }

  /** The client has not waited for the session: another hub may get it. */
  #returnLate(taken: Taken | undefined): void {
    if (taken?.status !== 'yours') return
    const { session } = this.request.hi
    const token: SessionToken = taken.token
    void this.#parts.moves.link.call((node) => node.giveBack(session, token)).catch(() => {})
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parts.over(this)
  }
}
