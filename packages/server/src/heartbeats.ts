import { createDeadlines } from './deadlines.ts'
import type { SessionRecord } from './session-record.ts'
import type { Policy } from './options.ts'

/** Asks every client in turn whether it lives, with one timer for all of them, and none when there is nobody. */
export interface Heartbeats {
  readonly size: number
  /** Begins to ping the client of a session that has a connection. */
  add(record: SessionRecord): void
  delete(record: SessionRecord): void
}

/** For how many intervals a client may be silent; more after each connection that brought nothing at all. */
const maxSilence = 2
const maxSilences = 4

export function createHeartbeats({ pingInterval, ports }: Policy): Heartbeats {
  const beat = (record: SessionRecord): void => {
    const { connection, line, session } = record
    if (!connection || !line) return
    const { bufferedAmount } = connection
    // A large message on a slow path looks like silence. Who takes what waits is alive, though.
    if (bufferedAmount < connection.backlog) connection.silence = 0
    connection.backlog = bufferedAmount
    if (connection.silence >= maxSilence * 2 ** Math.min(record.silences, maxSilences)) {
      record.silences++
      return connection.cut('silent')
    }
    connection.silence++
    heartbeats.add(record)
    line.control(['p', session.rx])
  }
  const heartbeats = createDeadlines(ports.clock, pingInterval, beat)
  return heartbeats
}
