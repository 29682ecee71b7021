import type { Body, Sent } from '@holdfast/protocol'
import type { Task, Writable } from './journal.ts'
import type { Release } from './locks.ts'
import { writtenUnder } from './records.ts'
import type { LaneRecord, MessageRecord } from './records.ts'

/** A message that has no outcome yet. */
export interface Entry extends Omit<MessageRecord, 'lane' | 'text' | 'data'>, Writable {
  readonly lane: Lane
  readonly body: Body
  readonly delivery: Sent
}

/** A lane that this page sends: its own, or one that it has taken over. */
export interface Lane {
  readonly id: string
  readonly isOwn: boolean
  identity: LaneRecord['identity']
  epoch: string | null
  written: number
  taken: number
  emptiedAt?: LaneRecord['emptiedAt']
  /** The last number that was queued. */
  last: number
  readonly open: Map<number, Entry>
  release: Release | undefined
}

/** A lane of our own, with an id of these random bytes. */
export function newLane(random: Uint8Array): Lane {
  return {
    id: idOf(random),
    isOwn: true,
    identity: undefined,
    epoch: null,
    written: 0,
    taken: 0,
    last: 0,
    open: new Map(),
    release: undefined,
  }
}

/** Writes a message down. */
export function messageTask(entry: Entry): Task {
  return { place: 'messages', key: [entry.lane.id, entry.n], item: entry, value: () => recordOf(entry) }
}

/** Writes a lane down, as it is by then. */
export function laneTask(lane: Lane): Task {
  return {
    place: 'lanes',
    key: lane.id,
    value: (): LaneRecord => {
      const { id, identity, epoch, written, taken, emptiedAt } = lane
      return { id, identity, epoch, written, taken, emptiedAt }
    },
  }
}

/** Writes down whose the database is. */
export function ownerTask(identity: string | null): Task {
  return {
    place: 'lanes',
    key: '',
    value: (): LaneRecord => ({ id: '', identity, epoch: null, written: 0, taken: 0 }),
  }
}

function recordOf(entry: Entry): MessageRecord {
  const { lane, n, name, body, bytes, at, expiresAt } = entry
  // The lane may come into the database only later.
  const epoch = writtenUnder(entry, lane)
  const [text, data] = typeof body === 'string' ? [body, undefined] : [body.head, body.bytes]
  return { lane: lane.id, n, name, text, data, bytes, at, expiresAt, epoch }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Six bits of each byte. */
function idOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => letters[byte & 63]).join('')
}
