import type { Hi } from '@holdfast/protocol'
import { crowdHint } from '../connection.ts'
import { createShares } from '../shares.ts'
import type { Owner, Share } from '../shares.ts'

/** The part of all claims that one identity or address may have before only its claims are refused. */
const fairPart = 1 / 4

/** A claim of a session, by a client that waits. */
export interface PendingClaim {
  readonly session: string
  readonly keyHash: string
  readonly owner: Owner
  readonly hi: Pick<Hi, 'client' | 'n'>
  /** A later greeting of the client replaces this one. */
  replace(code: number): void
  refuse(code: number, why: string, reason: string): void
}

interface Entry {
  readonly claim: PendingClaim
  readonly share: Share<PendingClaim>
}

/** The claims of a hub that are under way: one for each session and key. */
export class ClaimTable {
  readonly #max: number
  readonly #entries = new Map<string, Entry>()
  readonly #shares = createShares<PendingClaim>()
  /** The number of claims for each session: there may be some with a wrong key. */
  readonly #sessions = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  get all(): readonly PendingClaim[] {
    return Array.from(this.#entries.values(), ({ claim }) => claim)
  }

  /** Whether that session is claimed. */
  has(session: string): boolean {
    return this.#sessions.has(session)
  }

  find(session: string, keyHash: string): PendingClaim | undefined {
    return this.#entries.get(placeOf(session, keyHash))?.claim
  }

  /** Makes room for one more claim, if an identity or address has too many. Returns whether there is room. */
  makeRoom(): boolean {
    if (this.#entries.size < this.#max) return true
    const greediest = this.#shares.greediest
    if (!greediest || greediest.count <= Math.max(1, this.#max * fairPart)) return false
    greediest.oldest.refuse(1013, 'too many sessions move', crowdHint)
    return this.#entries.size < this.#max
  }

  add(claim: PendingClaim): void {
    const { session, keyHash, owner } = claim
    this.#entries.set(placeOf(session, keyHash), { claim, share: this.#shares.add(claim, owner) })
    this.#sessions.set(session, (this.#sessions.get(session) ?? 0) + 1)
  }

  delete(claim: PendingClaim): void {
    const { session, keyHash } = claim
    const place = placeOf(session, keyHash)
    const entry = this.#entries.get(place)
    if (entry?.claim !== claim) return
    this.#entries.delete(place)
    this.#shares.delete(entry.share)
    const others = this.#sessions.get(session)! - 1
    if (others > 0) this.#sessions.set(session, others)
    else this.#sessions.delete(session)
  }
}

function placeOf(session: string, keyHash: string): string {
  return `${keyHash} ${session}`
}
