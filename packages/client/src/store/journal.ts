import type { Clock } from '@holdfast/protocol'
import { openDatabase } from './database.ts'
import type { Database, Step, StoreName } from './database.ts'
import type { ObjectStoreLike, RequestLike, StorePorts } from './ports.ts'
import { writeTasks } from './quota.ts'

<<<<<<< HEAD
/** A value to write, which may be gone before it is written. */
=======
/** What is to be written, and may not be worth it any more when its turn comes. */
>>>>>>> main
export interface Writable {
  readonly isStrict: boolean
  /** Whether it is or was in a transaction. */
  isWritten: boolean
  isGone: boolean
}

<<<<<<< HEAD
/** A pending write, which is evaluated when it is executed. */
export interface Task {
  readonly place: StoreName
  readonly key: Key
  /** Returns the value to put; without it, the task deletes. */
  readonly value?: () => object
=======
/** One step, which is evaluated when its turn comes. */
export interface Task extends Step {
>>>>>>> main
  readonly item?: Writable
}

/**
<<<<<<< HEAD
 * Writes everything to the database, in order: tasks that arrive while one transaction runs go into the next. Reopens
 * a failed database once, and then gives up.
 */
export interface Journal {
  /** Opens the database, and starts to write. Never rejects. */
  open(): Promise<void>
=======
 * Writes tasks to the database, in order: what is pushed while one transaction runs goes into the next. Reopens a database
 * that failed and writes everything anew; gives up if that fails as well.
 */
export interface Journal {
  /** Opens the database, and begins to write once `prepare` is done with it. Never rejects. */
  open(prepare: (database: Database) => Promise<void>): Promise<void>
>>>>>>> main
  push(task: Task): void
  /** Resolves when all earlier tasks are written or refused, and rejects once nothing can be written any more. */
  written(): Promise<void>
  read<Result>(place: StoreName, ask: (store: ObjectStoreLike) => RequestLike<Result>): Promise<Result>
<<<<<<< HEAD
  /** From here on transactions do not wait for each other: the page may be gone after this turn. */
  hurry(): void
  /** Releases the database until it is opened again. */
  suspend(): void
  /** Writes the remaining tasks, and releases the database. */
  close(): Promise<void>
  /** Stops writing. */
=======
  /** From here on no transaction waits for another, because the page may end after this turn. */
  hurry(): void
  /** Closes the database until `open()`. */
  suspend(): void
  /** Writes what is left, and closes the database. */
  close(): Promise<void>
  /** Stops writing for good. */
>>>>>>> main
  fail(cause: unknown): void
}

export interface JournalPorts {
  readonly ports: StorePorts
  readonly clock: Clock
  readonly name: string
<<<<<<< HEAD
  /** A database was opened, and nothing was written yet. */
  opened(database: Database): Promise<void>
  /** Returns all tasks that recreate the content of a database. */
=======
  /** All tasks that fill a database anew, after a failure that may have lost something. */
>>>>>>> main
  everything(): Task[]
  /** There is no space for it. */
  refused(item: Writable, cause: unknown): void
  /** The database cannot be used. */
  failed(cause: unknown): void
}

<<<<<<< HEAD
/** The maximum of tasks per transaction: adding them takes some 20 ms, in which the page is blocked. */
const maxBatch = 512
/** How many messages in a row have to be refused before the rest of a transaction is not tried one by one. */
const maxRefusals = 4

=======
/** How many tasks go into one transaction: they block the page for some 20 ms. */
const maxBatch = 512
>>>>>>> main
interface Waiter {
  /** The number of tasks to complete. */
  upTo: number
  resolve(): void
  reject(cause: unknown): void
}

export function createJournal(journalPorts: JournalPorts): Journal {
  const { ports, clock, name, everything, refused } = journalPorts
  let state: 'closed' | 'opening' | 'open' | 'suspended' | 'failed' = 'closed'
  let database: Database | undefined
  let queue: Task[] = []
  /** The number of tasks so far, and of those in a transaction. */
  let pushed = 0
  let taken = 0
  let waiters: Waiter[] = []
  let running = 0
  let isDue = false
  let isHurried = false
  /** Whether the database failed since its last successful write. */
  let isRepaired = false
  let failure: unknown
  let prepare: (database: Database) => Promise<void>

  const fail = (cause: unknown): void => {
    if (state === 'failed') return
    state = 'failed'
    failure = cause
    database?.close()
    database = undefined
    queue = []
    const disappointed = waiters
    waiters = []
    journalPorts.failed(cause)
    for (const { reject } of disappointed) reject(cause)
  }

  const connect = async (): Promise<void> => {
    state = 'opening'
    const opened = await openDatabase(ports, clock, name, (cause) => {
      if (database === opened) broke(opened, cause)
    })
    try {
      await prepare(opened)
    } catch (error) {
      opened.close()
      throw error
    }
    // The journal may have been suspended meanwhile.
    if (state !== 'opening') return opened.close()
    database = opened
    state = 'open'
  }

<<<<<<< HEAD
  /** The database is unusable: opens another one and writes everything to it. */
=======
  /** Opens the database again, and writes everything anew. */
>>>>>>> main
  const repair = async (cause: unknown): Promise<void> => {
    if (isRepaired) return fail(cause)
    isRepaired = true
    try {
      await connect()
      // Deletions stay, and `everything()` contains all values to put.
      queue = [...queue.filter(({ value }) => !value), ...everything()]
      recount()
      pump()
    } catch (error) {
      fail(error)
    }
  }

  const broke = (failed: Database, cause: unknown): void => {
    if (database !== failed) return
    database = undefined
    failed.close()
    void repair(cause)
  }

<<<<<<< HEAD
  const stepsOf = (tasks: readonly Task[]): Step[] =>
    tasks.map(({ place, key, value }) => (value ? { place, key, value: value() } : { place, key }))

  const attempt = (target: Database, tasks: readonly Task[]): Promise<void> =>
    target.write(
      stepsOf(tasks),
      tasks.some(({ item }) => item?.isStrict),
    )

  /** Without space for all, the tasks that free some go first, and then as many of the others as fit. */
  const writeSome = async (target: Database, tasks: readonly Task[]): Promise<void> => {
    const others = tasks.filter(({ item, value }) => !item || !value)
    if (others.length > 0) await attempt(target, others)
    let refusals = 0
    const writeHalves = async (items: readonly Task[]): Promise<void> => {
      const isHopeless = refusals >= maxRefusals
      try {
        if (isHopeless) throw noRoom
        await attempt(target, items)
        refusals = 0
      } catch (error) {
        if (!isQuota(error)) throw error
        if (items.length > 1 && !isHopeless) {
          await writeHalves(items.slice(0, items.length >> 1))
          return writeHalves(items.slice(items.length >> 1))
        }
        refusals++
        noRoom = error
        for (const { item } of items) {
          item!.isWritten = false
          refused(item!, error)
        }
      }
    }
    let noRoom: unknown
    const items = tasks.filter(({ item, value }) => item && value)
    if (items.length > 0) await writeHalves(items)
  }

  const write = async (target: Database, tasks: readonly Task[]): Promise<void> => {
    if (tasks.length === 0) return
    try {
      await attempt(target, tasks)
    } catch (error) {
      if (!isQuota(error)) throw error
      await writeSome(target, tasks)
    }
  }

  /** The queue was replaced: pending waits now wait for all of it. */
=======
  /** The queue was replaced: all waiters wait for the whole of it. */
>>>>>>> main
  const recount = (): void => {
    pushed = taken + queue.length
    for (const waiter of waiters) waiter.upTo = pushed
  }

  const start = (target: Database): void => {
    const batch = isHurried ? queue : queue.slice(0, maxBatch)
    queue = isHurried ? [] : queue.slice(maxBatch)
    taken += batch.length
    const end = taken
<<<<<<< HEAD
    // Values that were added and removed meanwhile are skipped.
=======
    // What has its outcome already need not be written.
>>>>>>> main
    const tasks = batch.filter(({ item, value }) => !value || !item?.isGone)
    for (const { item, value } of tasks) if (item && value) item.isWritten = true
    running++
    writeTasks(target, tasks, refused).then(
      () => {
        running--
        isRepaired = false
        const satisfied = waiters.filter(({ upTo }) => upTo <= end)
        waiters = waiters.filter(({ upTo }) => upTo > end)
        for (const { resolve } of satisfied) resolve()
        pump()
      },
      (cause: unknown) => {
        running--
        if (state === 'failed') return
        queue.unshift(...(state === 'suspended' ? tasks : tasks.filter(({ value }) => !value)))
        recount()
        if (database === target) broke(target, cause)
        else pump()
      },
    )
  }

  const written = (): Promise<void> => {
    if (state === 'failed') return Promise.reject(failure)
    if (queue.length === 0 && running === 0 && state !== 'opening') return Promise.resolve()
    return new Promise((resolve, reject) => waiters.push({ upTo: pushed, resolve, reject }))
  }

  const pump = (): void => {
    if (database && running === 0 && (queue.length > 0 || waiters.length > 0)) start(database)
  }

  return {
    async open(prepareIt) {
      if (state === 'failed') return
      prepare = prepareIt
      isHurried = false
      try {
        await connect()
      } catch (error) {
<<<<<<< HEAD
        // A platform without IndexedDB will not have it the next time.
=======
        // A platform without databases has none the next time either.
>>>>>>> main
        if (error instanceof TypeError) return fail(error)
        return repair(error)
      }
      pump()
    },
    push(task) {
      if (state === 'failed') return
      queue.push(task)
      pushed++
      if (isDue) return
      isDue = true
      void Promise.resolve().then(() => {
        isDue = false
<<<<<<< HEAD
        // Writes all tasks of a turn together: a page that is left may not complete the last of many transactions.
=======
        // One transaction for the whole turn: of many, a page that ends would lose the last ones.
>>>>>>> main
        if (isHurried && database && queue.length > 0) start(database)
        else pump()
      })
    },
    written,
    async read(place, ask) {
<<<<<<< HEAD
      // An immediate retry would leave no turn in which the database can be opened.
=======
      // A caller that retries in a loop would leave no turn for opening.
>>>>>>> main
      if (state === 'opening') await written()
      const target = database
      if (!target) throw new Error('the database is not open')
      try {
        return await target.read(place, ask)
      } catch (error) {
        broke(target, error)
        throw error
      }
    },
    hurry() {
      isHurried = true
      if (database && queue.length > 0) start(database)
    },
    suspend() {
      if (state === 'failed') return
      if (database && queue.length > 0) start(database)
      state = 'suspended'
      database?.close()
      database = undefined
    },
    async close() {
      if (state === 'open' || state === 'opening') await written().catch(() => {})
      if (state === 'failed') return
      state = 'closed'
      database?.close()
      database = undefined
    },
    fail,
  }
}
