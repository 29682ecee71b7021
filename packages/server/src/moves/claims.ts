import { crowdHint, rateHint } from '../connection.ts'
import type { HubParts } from '../hub-parts.ts'
import { Claim, nothing } from './claim.ts'
import type { ClaimParts, ClaimRequest } from './claim.ts'
import { keyHash } from './key-hash.ts'
import type { Moves } from './moves.ts'

/** How often a session of another version is left to other hubs, before it ends. */
const maxTries = 5
/** For how many sessions that is counted. */
const maxCounted = 1_000

/** Takes the sessions of clients that bring one of which this hub knows nothing: by one claim for each. */
export class Claims {
  readonly #parts: ClaimParts
  /** How often each session could not be read. */
  readonly #tries = new Map<string, number>()

  constructor(parts: HubParts & { readonly moves: Moves }, begin: ClaimParts['begin']) {
    this.#parts = {
      ...parts,
      begin,
      isLastTry: (session) => (this.#tries.get(session) ?? 0) >= maxTries,
      unreadable: (session) => this.#unreadable(session),
    }
  }

  add(request: ClaimRequest): void {
    const { connection, hi, authentication } = request
    const { begin, moves, refusals, registry } = this.#parts
    const { claims } = moves
    // The key is wrong.
    if (registry.sessions.has(hi.session)) return begin(request, nothing)
    // A claim with another key has nothing to do with that of the client.
    const other = claims.find(hi.session, keyHash(hi.key))
    if (other) {
      const { client, n } = other.hi
      if (client === hi.client && hi.n <= n) return connection.close(1000)
      other.replace(client === hi.client ? 1000 : 4409)
    }
    const refusal = claims.makeRoom()
      ? registry.refusal({ identity: authentication.identity, address: connection.address })
      : ([1013, 'too many sessions move'] as const)
    if (refusal) {
      const [code, why] = refusal
      return refusals.refuse(connection, code, why, { reason: code === 1013 ? crowdHint : rateHint })
    }
    const claim = new Claim(this.#parts, request)
    claims.add(claim)
    moves.wait(claim.run().catch((error: unknown) => claim.failed(error)))
  }

  /** Refuses them all: the hub closes. */
  close(code: number, reason: string): void {
    for (const claim of this.#parts.moves.claims.all) claim.refuse(code, 'the hub is closed', reason)
  }

  #unreadable(session: string): void {
    this.#tries.set(session, (this.#tries.get(session) ?? 0) + 1)
    for (const oldest of this.#tries.keys()) if (this.#tries.size > maxCounted) this.#tries.delete(oldest)
  }
}
