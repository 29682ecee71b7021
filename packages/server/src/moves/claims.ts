import { crowdHint, rateHint } from '../connection.ts'
import type { HubParts } from '../hub-parts.ts'
import { Claim } from './claim.ts'
import type { ClaimParts, ClaimRequest } from './claim.ts'
import type { Moves } from './moves.ts'

/** How many sessions a hub takes at a time. */
const maxClaims = 1_000
/** How often a session of another version is left to other hubs, before it ends. */
const maxTries = 5
/** For how many sessions that is counted. */
const maxCounted = 1_000

/** The sessions that this hub is about to take for clients that wait: one claim for each. */
export class Claims {
  readonly #parts: ClaimParts
  readonly #claims = new Map<string, Claim>()
  /** How often each session could not be read. */
  readonly #tries = new Map<string, number>()

  constructor(parts: HubParts & { readonly moves: Moves }, begin: ClaimParts['begin']) {
    this.#parts = {
      ...parts,
      begin,
      isLastTry: (session) => (this.#tries.get(session) ?? 0) >= maxTries,
      unreadable: (session) => this.#unreadable(session),
      over: (claim) => this.#over(claim),
    }
  }

  add(request: ClaimRequest): void {
    const { connection, hi, authentication } = request
    const { moves, refusals, registry } = this.#parts
    const other = this.#claims.get(hi.session)
    if (other) {
      const { client, n } = other.request.hi
      if (client === hi.client && hi.n <= n) return connection.close(1000)
      other.replace(client === hi.client ? 1000 : 4409)
    }
    const refusal =
      this.#claims.size >= maxClaims
        ? ([1013, 'too many sessions move'] as const)
        : registry.refusal({ identity: authentication.identity, address: connection.address })
    if (refusal) {
      const [code, why] = refusal
      return refusals.refuse(connection, code, why, { reason: code === 1013 ? crowdHint : rateHint })
    }
    const claim = new Claim(this.#parts, request)
    this.#claims.set(hi.session, claim)
    moves.claiming(hi.session)
    moves.wait(claim.run().catch((error: unknown) => claim.failed(error)))
  }

  /** Refuses them all: the hub closes. */
  close(code: number, reason: string): void {
    for (const claim of [...this.#claims.values()]) claim.refuse(code, 'the hub is closed', reason)
  }

  #unreadable(session: string): void {
    this.#tries.set(session, (this.#tries.get(session) ?? 0) + 1)
    for (const oldest of this.#tries.keys()) if (this.#tries.size > maxCounted) this.#tries.delete(oldest)
  }

  #over(claim: Claim): void {
    const { session } = claim.request.hi
    if (this.#claims.get(session) !== claim) return
    this.#claims.delete(session)
    this.#parts.moves.claimed(session)
  }
}
