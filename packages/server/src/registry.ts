import { timingSafeEqual } from 'node:crypto'
import type { LostReason } from '@holdfast/protocol'
import { createTally } from './addresses.ts'
import { createDeadlines } from './deadlines.ts'
import type { SessionRecord } from './session-record.ts'
import type { Policy } from './policy.ts'
import type { Peer } from './peer.ts'
import type { Owner } from './shares.ts'
import { createTombstones } from './tombstones.ts'
import type { Tombstone, Tombstones } from './tombstones.ts'

/** The current sessions, the tombstones of former ones, and the time that sessions are held without a connection. */
export interface Registry {
  readonly sessions: ReadonlyMap<string, SessionRecord>
  /** The confirmed sessions. */
  readonly peers: ReadonlyMap<string, Peer>
  readonly tombstones: Tombstones
  /** A new id or key, with 128 random bits. */
  newSecret(): string
  /** Returns the session, or its tombstone, if the key is right. */
  find(id: string, key: string): SessionRecord | Tombstone | undefined
  /** Returns the code and the reason if that client cannot have one more session. */
  refusal(owner: Owner): readonly [code: 1013 | 4429, why: string] | undefined
  add(record: SessionRecord): void
  /** The client has shown that it knows of the session. */
  confirm(record: SessionRecord): void
  /** Starts the time that a session is held without a connection; stops it. */
  miss(record: SessionRecord): void
  back(record: SessionRecord): void
  /** The sessions without a connection, in the order in which they lost it. */
  away(): Iterable<SessionRecord>
  /** Leaves a tombstone. */
  remove(record: SessionRecord, why: LostReason): void
  /** Another hub goes on with the session. */
  depart(record: SessionRecord): void
  clear(): void
}

/** How long an unconfirmed session is held, in milliseconds. */
const provisionalTimeout = 10_000

export function createRegistry(policy: Policy): Registry {
  const { limits, ports } = policy
  const { clock } = ports
  const sessions = new Map<string, SessionRecord>()
  const peers = new Map<string, Peer>()
  // Listeners that send to all peers must not see the sessions that expire at the same time.
  const due = (record: SessionRecord, afterwards: (next: () => void) => void): void =>
    afterwards(record.expire())
  const provisional = createDeadlines<SessionRecord>(clock, provisionalTimeout, due)
  const missed = createDeadlines<SessionRecord>(clock, policy.sessionTimeout, due)
  const tombstones = createTombstones(clock, policy.tombstoneTimeout, limits.maxTombstones)
  const addresses = createTally(limits.maxSessionsPerAddress)
  const identities = createTally(limits.maxSessionsPerIdentity)

  const forget = (record: SessionRecord): void => {
    const { id, identity, address } = record
    provisional.delete(record)
    missed.delete(record)
    peers.delete(id)
    if (!sessions.delete(id)) return
    addresses.delete(address)
    identities.delete(identity ?? '')
  }

  return {
    sessions,
    peers,
    tombstones,
    newSecret: () => Buffer.from(ports.randomBytes(16)).toString('base64url'),
    find(id, key) {
      const found = sessions.get(id) ?? tombstones.find(id)
      return found && isEqual(found.key, key) ? found : undefined
    },
    refusal({ identity, address }) {
      if (sessions.size >= limits.maxSessions) return [1013, 'too many sessions']
      if (addresses.isFull(address)) return [4429, 'too many sessions of one address']
      return identities.isFull(identity ?? '') ? [4429, 'too many sessions of one identity'] : undefined
    },
    add(record) {
      sessions.set(record.id, record)
      addresses.add(record.address)
      identities.add(record.identity ?? '')
      provisional.add(record)
    },
    confirm(record) {
      provisional.delete(record)
      peers.set(record.id, record.peer)
    },
    miss: (record) => missed.add(record),
    back: (record) => missed.delete(record),
    away: () => missed.items(),
    remove(record, why) {
      forget(record)
      tombstones.add(record.id, record.remains(why), record)
    },
    depart: forget,
    clear() {
      provisional.clear()
      missed.clear()
      tombstones.clear()
    },
  }
}

/** In constant time for texts of the same length. */
function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
