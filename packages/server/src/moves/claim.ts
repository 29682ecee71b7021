import type { Hi } from '@holdfast/protocol'
import type { Authentication } from '../authenticate.ts'
import type { Connection, ConnectionOwner } from '../connection.ts'
import type { HubParts } from '../hub-parts.ts'
import { LiveSession } from '../live-session.ts'
import type { Owner } from '../shares.ts'
import type { Tombstone } from '../tombstones.ts'
import { troubleHint } from '../trouble.ts'
import { checkTaken } from './checks.ts'
import type { PendingClaim } from './claim-table.ts'
import { afterWait } from './freeze.ts'
import { keyHash } from './key-hash.ts'
import type { Moves } from './moves.ts'
import { isYoung } from './session-id.ts'
import type { Taken, TakeOptions } from './session-store.ts'
import { currentFormat, decodeSnapshot } from './snapshot.ts'
import type { SessionSnapshot } from './snapshot.ts'

/** How much longer than its messages the text of a session may be: by escapes, and by what is no message. */
const expansion = 4
const maxOverhead = 16_777_216
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
  begin(request: ClaimRequest, lost: ClaimLoss): void
  /** Whether the session, which another hub may be able to read, was left to the others often enough. */
  isLastTry(session: string): boolean
  /** This hub cannot read the session. */
  unreadable(session: string): void
}

/** What is left of a session. */
export type ClaimLoss = Pick<Tombstone, 'why' | 'tx' | 'queued'> & { readonly rx: number | null }

/** The same, if nothing is known. */
export const nothing: ClaimLoss = { why: 'unknown', rx: null, tx: 0, queued: 0 }

type Yours = Extract<Taken, { readonly status: 'yours' }>

/** The answer after which there is nothing to wait for; undefined if the store does not answer. */
type Decided = Exclude<Taken, { readonly status: 'elsewhere' }> | undefined

/** Takes a session from the store, or from the hub that has it, for a client that waits. */
export class Claim implements ConnectionOwner, PendingClaim {
  readonly session: string
  readonly keyHash: string
  readonly owner: Owner
  readonly hi: ClaimRequest['hi']
  readonly #parts: ClaimParts
  readonly #request: ClaimRequest
  #isOver = false

  constructor(parts: ClaimParts, request: ClaimRequest) {
    const { connection, hi, authentication } = request
    this.#parts = parts
    this.#request = request
    this.session = hi.session
    this.keyHash = keyHash(hi.key)
    this.owner = { identity: authentication.identity, address: connection.address }
    this.hi = hi
    connection.take(this)
  }

  /** Asks until the session is here, or is lost, or the time is over. */
  async run(): Promise<void> {
    const { moves, policy } = this.#parts
    const { clock } = policy.ports
    const until = clock.now() + claimTimeout
    for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2)) {
      const taken = await this.#take()
      if (this.#isOver) return this.#giveBack(taken)
      if (!this.#mayCome(taken)) return this.#decide(taken)
      if (clock.now() >= until) return this.refuse(1013, 'the session is on another hub', claimHint)
      await moves.link.sleep(pause)
      if (this.#isOver) return
    }
  }

  replace(code: number): void {
    this.#end()
    this.#request.connection.close(code)
  }

  refuse(code: number, why: string, reason: string = why): void {
    if (this.#isOver) return
    this.#end()
    this.#parts.refusals.refuse(this.#request.connection, code, why, { reason })
  }

  /** What the store has given is no session. */
  failed(error: unknown): void {
    const { moves, registry } = this.#parts
    this.#end()
    registry.sessions.get(this.session)?.end('unknown', 4410)
    this.#request.connection.close(1013, troubleHint)
    moves.link.failed(error)
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

  async #take(): Promise<Taken | undefined> {
    const { moves, isLastTry } = this.#parts
    const { session, owner, hi } = this
    const { client, n } = hi
    const claim = { keyHash: this.keyHash, identity: owner.identity, client, n }
    // What this hub parks is there soon.
    if (!(await moves.parked(session, claimTimeout))) return { status: 'elsewhere' }
    if (this.#isOver) return undefined
    const how: TakeOptions = { format: currentFormat, isLast: isLastTry(session) }
    let isLate = false
    try {
      return await moves.link.call(async (node) => {
        const taken = checkTaken(await node.take(session, claim, how))
        // The client was asked to come again.
        if (isLate) this.#giveBack(taken)
        return taken
      }, claimTimeout)
    } catch {
      isLate = true
      return undefined
    }
  }

  /** Whether a hub may have the session, which will be there if the store is asked again. */
  #mayCome(taken: Taken | undefined): taken is Exclude<Taken, Decided> {
    if (taken?.status !== 'missing') return taken?.status === 'elsewhere'
    const { clock } = this.#parts.policy.ports
    return taken.hasForgotten || isYoung(this.session, clock.wall(), taken.beginTimeout)
  }

  #decide(taken: Decided): void {
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
        case 'missing':
          return this.#lose(nothing)
        case 'unreadable':
          this.#parts.unreadable(this.session)
          return this.refuse(1013, 'the session is of a later version', troubleHint)
        case undefined:
          return this.refuse(1013, 'the store of sessions failed', troubleHint)
      }
    })
  }

  #arrive(taken: Yours): void {
    const { moves, policy } = this.#parts
    const { connection, hi, authentication } = this.#request
    const stored = this.#read(taken)
    if (!stored) {
      // No hub can go on from it. The cursors that were parked with it may be as wrong.
      this.#giveBack(taken)
      return this.#lose(nothing)
    }
    const snapshot = afterWait(stored, taken.elapsed, policy.limits)
    const record = new LiveSession(this.#parts, connection.address, hi, authentication, {
      id: this.session,
      key: hi.key,
      snapshot,
    })
    this.#end()
    moves.arrived(record, taken.token, snapshot)
    record.arrive(snapshot)
    // It may hold more than the limits of this hub.
    if (record.stage === 'ended') return this.#parts.begin(this.#request, record.remains('overflow'))
    record.resume(connection, hi, authentication)
  }

  /** Returns what was parked, if it is the session of the client, and as far as the client knows it. */
  #read({ text }: Yours): SessionSnapshot | undefined {
    const { moves, policy } = this.#parts
    const isTooLong = text.length > expansion * policy.limits.maxBufferedBytes + maxOverhead
    const stored = isTooLong ? undefined : decodeSnapshot(text)
    if (stored?.keyHash !== this.keyHash || stored.identity !== this.owner.identity) {
      moves.link.failed(new TypeError('the store of sessions gave what is not the session of the client'))
      return undefined
    }
    // After writes that the store has lost, the client may know more than the snapshot.
    return this.hi.rx > stored.acknowledged + stored.written.length ? undefined : stored
  }

  #lose(loss: ClaimLoss): void {
    this.#end()
    this.#parts.begin(this.#request, loss)
  }

  /** The client has not waited for the session, or cannot go on with it: another hub may get it. */
  #giveBack(taken: Taken | undefined): void {
    if (taken?.status === 'yours') this.#parts.moves.giveBack(this.session, taken.token)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parts.moves.claims.delete(this)
  }
}
