import type { Delivery, Outcome } from '@holdfast/protocol'
import { newAbort } from '../connection/ports.ts'
import type { StoreHost } from '../store.ts'
import type { StoreName } from './database.ts'
import type { Journal } from './journal.ts'
import type { Entry, Lane } from './lane.ts'
import { lock, tryLock } from './locks.ts'
import type { Key, StorePorts } from './ports.ts'
import { bodyOf, decodeMessage, isForgotten, outcomeOf, unknown, writtenUnder } from './records.ts'
import type { LaneRecord, LaneRow, MessageRecord, MessageRow, Server } from './records.ts'

/** What the adoption shares with the keeper. */
export interface Held {
  readonly host: StoreHost
  readonly ports: StorePorts
  readonly journal: Journal
  /** The lanes that are locked by this page, by id. */
  readonly lanes: Map<string, Lane>
  readonly entries: Map<Delivery, Entry>
  readonly maxStored: number
  /** The server of the last greeting. */
  server(): Server | undefined
  /** Whether messages may be written now. */
  isOpen(): boolean
  /** Whether lanes may be taken over, and sent. */
  isActive(): boolean
  lockName(lane: Key): string
  /** Writes down a lane as it is when it is written. */
  note(lane: Lane): void
  /** Undefined if there is none, and for one that is not what it should be. */
  readLane(from: Pick<Journal, 'read'>, id: Key): Promise<LaneRecord | undefined>
  /** Deletes a row that is not what it should be, and tells of it. */
  invalid(place: StoreName, key: Key, fault: string): void
}

/** Takes over the lanes of pages that are gone, and sends what is in them. */
export interface Adoption {
  /** Looks for such lanes, and waits for those that are still in use. Never rejects. */
  look(): Promise<void>
  /** Settles what must not be sent to the server that there is now. */
  judge(): void
  /** A server has taken us in. */
  greeted(): void
  /** A message has its outcome. */
  progressed(): void
  /** Gives back all lanes that were taken over, with what was queued of them: whoever takes them next tells of it. */
  abandon(): void
}

/** A message that is in the database only. */
type Waiting = Pick<MessageRecord, 'n' | 'name' | 'at' | 'expiresAt' | 'bytes'> & {
  /** The epoch that it may have been written under. */
  readonly under: string | null
}

interface Adopted extends Lane {
  waiting: Waiting[]
  /** It was taken over; from then on somebody sees to its end. */
  isTaken: boolean
  /** The next ones are on their way from the database into the queue. */
  isBusy: boolean
}

function waitingOf(message: MessageRecord, lane: Pick<LaneRecord, 'epoch' | 'written'>): Waiting {
  const { n, name, at, expiresAt, bytes } = message
  return { n, name, at, expiresAt, bytes, under: writtenUnder(message, lane) }
}

/** What comes after every key of a lane, whatever its numbers are. */
function endOf(lane: Key): Key {
  return [lane, [[]]]
}

/** How many messages are read, and how many of a lane are queued, at a time. */
const batchLength = 256

/** How long after the end of a page something of it may come into the database, in milliseconds. */
const lateness = 60_000

const overflow: Outcome = { status: 'undelivered', reason: 'overflow' }
const foreign: Outcome = { status: 'undelivered', reason: 'session-lost' }

export function createAdoption(held: Held): Adoption {
  const { host, ports, journal, lanes, entries, isActive, isOpen } = held
  const adopted = new Set<Adopted>()
  /** Ends the waits for the locks of others, by their lanes. */
  const waits = new Map<Key, () => void>()
  let looking: Promise<void> | undefined
  let isWanted = false

  const readFrom = (from: Key, to: Key, count = batchLength): Promise<MessageRow[]> =>
    journal.read('messages', (store) => store.getAll(ports.keyRange(from, to), count)) as Promise<
      MessageRow[]
    >

  /** What is no message of its lane gets its outcome, and is deleted. */
  const drop = (id: Key, { n, name }: Pick<MessageRow, 'n' | 'name'>, fault: string): void => {
    held.invalid('messages', [id, n], fault)
    host.settled(typeof name === 'string' ? name : undefined, unknown)
  }

  /** Nobody knows whose the messages of a lane without a record are, and whether they were written. */
  const readLane = async (id: Key, lane: LaneRecord | Lane | undefined): Promise<Waiting[]> => {
    const waiting: Waiting[] = []
    for (let from: Key = [id]; ;) {
      const rows = await readFrom(from, endOf(id))
      for (const row of rows) {
        const message = lane ? decodeMessage(row) : 'lane'
        if (typeof message === 'string') drop(id, row, message)
        else waiting.push(waitingOf(message, lane!))
      }
      if (rows.length < batchLength) return waiting
      from = [id, rows.at(-1)!.n, 0]
    }
  }

  // Looking

  const look = (): Promise<void> => {
    isWanted = true
    looking ??= search()
      // The journal tells of what fails in the database.
      .catch(() => {})
      .then(() => {
        looking = undefined
        // Somebody asked when it was about to end.
        if (isWanted && isActive()) void look()
      })
    return looking
  }

  /** The lanes of which there is a record or a message. A lane has its record before it has messages. */
  const findLanes = async (): Promise<Set<Key>> => {
    const ids = new Set<Key>()
    for (let from: Key = []; ;) {
      const [row] = await readFrom(from, [[[]]], 1)
      if (!row) break
      ids.add(row.lane)
      from = endOf(row.lane)
    }
    const rows = (await journal.read('lanes', (store) => store.getAll())) as LaneRow[]
    for (const { id } of rows) ids.add(id)
    ids.delete('')
    return ids
  }

  const search = async (): Promise<void> => {
    while (isWanted && isActive()) {
      isWanted = false
      const found: Adopted[] = []
      try {
        for (const id of await findLanes()) {
          if (lanes.has(id as string)) continue
          const lane = await take(id)
          if (lane) found.push(lane)
        }
        if (isActive()) trim(found)
        for (const lane of found) if (isActive() && (isSendable() || lane.waiting.length === 0)) adopt(lane)
      } finally {
        for (const lane of found) if (!lane.isTaken) release(lane)
      }
    }
  }

  const isSendable = (): boolean => isActive() && isOpen() && held.server() !== undefined

  /** Locks a lane whose page is gone, and reads what is in it. */
  const take = async (id: Key): Promise<Adopted | undefined> => {
    const go = await tryLock(ports.locks()!, held.lockName(id))
    if (!go) {
      wait(id)
      return undefined
    }
    let lane: Adopted | undefined
    try {
      lane = await load(id, go)
    } finally {
      if (!lane) release({ release: go })
    }
    return lane
  }

  /** Its page lives. Once that is gone, one of those who wait gets the lock. */
  const wait = (id: Key): void => {
    if (waits.has(id) || !isActive()) return
    const abort = newAbort()
    waits.set(id, () => abort.abort())
    const forget = (): void => void waits.delete(id)
    lock(ports.locks()!, held.lockName(id), abort.signal).then((go) => {
      forget()
      go()
      void look()
    }, forget)
  }

  const load = async (id: Key, release: () => void): Promise<Adopted | undefined> => {
    const lane = await held.readLane(journal, id)
    const waiting = await readLane(id, lane)
    return (
      lane && {
        ...lane,
        isOwn: false,
        last: 0,
        open: new Map(),
        release,
        waiting,
        isTaken: false,
        isBusy: false,
      }
    )
  }

  /** A message gets its outcome without having been queued. */
  const settle = ({ id }: Lane, { n, name }: Waiting, outcome: Outcome): void => {
    journal.push({ place: 'messages', key: [id, n] })
    host.settled(name, outcome)
  }

  /** The oldest go, as far as there are too many. */
  const trim = (found: readonly Adopted[]): void => {
    const all = found.flatMap((lane) => lane.waiting.map((message) => ({ lane, message })))
    let bytes = all.reduce((sum, { message }) => sum + message.bytes, 0)
    if (bytes <= held.maxStored) return
    all.sort((one, other) => one.message.at - other.message.at)
    const dropped = new Set<Waiting>()
    for (const { lane, message } of all) {
      if (bytes <= held.maxStored) break
      bytes -= message.bytes
      dropped.add(message)
      settle(lane, message, message.under === null ? overflow : unknown)
    }
    for (const lane of found) {
      lane.waiting = lane.waiting.filter((message) => !dropped.has(message))
      // Its page may come back, and has to see that something became of them.
      lane.taken++
      held.note(lane)
    }
  }

  // Sending

  const adopt = (lane: Adopted): void => {
    lane.isTaken = true
    adopted.add(lane)
    lanes.set(lane.id, lane)
    lane.taken++
    judge(lane)
    advance(lane)
  }

  /** Settles what must not be sent to the server that there is now. */
  const judge = (lane: Adopted): void => {
    const server = held.server()
    if (!server) return
    const isForeign = lane.identity !== undefined && lane.identity !== server.identity
    const now = host.clock.wall()
    lane.waiting = lane.waiting.filter((message) => {
      const { under } = message
      const outcome = isForeign
        ? under === null
          ? foreign
          : unknown
        : outcomeOf(message, under, server, now)
      if (outcome) settle(lane, message, outcome)
      return !outcome
    })
    for (const entry of [...lane.open.values()])
      if (isForgotten(entry, entry.epoch, server, now)) entry.delivery.settle(unknown)
    // Not that of somebody else: something of theirs may still come into the database.
    if (lane.identity === undefined) lane.identity = server.identity
  }

  const advance = (lane: Adopted): void => {
    if (lane.isBusy || lane.open.size > 0 || !adopted.has(lane)) return
    if (lane.waiting.length === 0) return finish(lane)
    // Another page may have a connection.
    if (!isSendable()) return letGo(lane)
    if (!host.outbox().hasRoom(lane.waiting[0]!.bytes)) return
    lane.isBusy = true
    void sendSome(lane)
      .catch(() => {})
      .then(() => {
        lane.isBusy = false
        if (lane.open.size === 0 && isActive() && isOpen()) retry(lane)
      })
  }

  /** Unless there is no room, in which case the next outcome is waited for. */
  const retry = (lane: Adopted): void => {
    if (lane.waiting.length === 0 || host.outbox().hasRoom(lane.waiting[0]!.bytes)) advance(lane)
  }

  const sendSome = async (lane: Adopted): Promise<void> => {
    const server = held.server()!
    const rows = await readFrom([lane.id, lane.waiting[0]!.n], endOf(lane.id))
    const batch = rows.map(decodeMessage).filter((message) => typeof message !== 'string')
    // Nothing is sent of which the database does not know that it may have been.
    lane.written = Math.max(lane.epoch === server.epoch ? lane.written : 0, batch.at(-1)?.n ?? 0)
    lane.epoch = server.epoch
    held.note(lane)
    await journal.written()
    for (const record of batch) {
      skipTo(lane, record.n)
      const [message] = lane.waiting
      if (!message || held.server() !== server || !isSendable() || !adopted.has(lane)) return
      if (record.n !== message.n) continue
      if (!host.outbox().hasRoom(message.bytes)) return
      lane.waiting.shift()
      queue(lane, record, message.under)
    }
    skipTo(lane, rows.length < batchLength ? Infinity : (rows.at(-1)!.n as number))
  }

  /** What is not in the database any more cannot be sent. */
  const skipTo = (lane: Adopted, n: number): void => {
    // The number of a row that is no message may be anything.
    while (lane.waiting.length > 0 && !(lane.waiting[0]!.n >= n)) lane.waiting.shift()
  }

  /** What it may have been written under before is known here only: in the database, it is under the server of now. */
  const queue = (lane: Adopted, record: MessageRecord, epoch: Waiting['under']): void => {
    const { n, name, at, expiresAt, bytes } = record
    const body = bodyOf(record)
    lane.last = n
    const delivery = host
      .outbox()
      .push(body, bytes, name, { ttl: Math.max(0, expiresAt - host.clock.wall()) })
    delivery.isShared = epoch !== null
    const entry: Entry = {
      lane,
      n,
      name,
      body,
      bytes,
      at,
      expiresAt,
      epoch,
      delivery,
      isStrict: false,
      isWritten: true,
      isGone: false,
    }
    if (delivery.outcome) return journal.push({ place: 'messages', key: [lane.id, n] })
    entries.set(delivery, entry)
    lane.open.set(n, entry)
  }

  /**
   * All that was found has its outcome. What a page wrote in its last moment may come into the database after its lock
   * was free, so there is a second look.
   */
  const finish = (lane: Adopted): void => {
    lane.isBusy = true
    void findMore(lane)
      .catch(() => {})
      .then(() => {
        lane.isBusy = false
        if (!adopted.has(lane)) return
        if (lane.waiting.length === 0) return forget(lane)
        judge(lane)
        advance(lane)
      })
  }

  const findMore = async (lane: Adopted): Promise<void> => {
    await journal.written()
    lane.waiting = await readLane(lane.id, lane)
  }

  const forget = (lane: Adopted): void => {
    adopted.delete(lane)
    lanes.delete(lane.id)
    const now = host.clock.wall()
    // What a page wrote in its last moment must still be found by whoever looks next.
    if (now - (lane.emptiedAt ?? now) > lateness) journal.push({ place: 'lanes', key: lane.id })
    else if (lane.emptiedAt === undefined) {
      lane.emptiedAt = now
      held.note(lane)
    }
    release(lane)
  }

  const letGo = (lane: Adopted): void => {
    adopted.delete(lane)
    lanes.delete(lane.id)
    release(lane)
  }

  /** Once the database has what became of its messages. */
  const release = ({ release: go }: Pick<Lane, 'release'>): void => {
    if (go) void journal.written().then(go, go)
  }

  return {
    look,
    judge() {
      for (const lane of adopted) judge(lane)
    },
    greeted() {
      if (!isSendable()) return
      for (const lane of adopted) advance(lane)
      void look()
    },
    progressed() {
      for (const lane of adopted) advance(lane)
    },
    abandon() {
      for (const end of waits.values()) end()
      for (const lane of adopted) {
        for (const entry of lane.open.values()) {
          entry.isGone = true
          entry.delivery.settle(unknown)
        }
        lanes.delete(lane.id)
        lane.release?.()
      }
      adopted.clear()
    },
  }
}
