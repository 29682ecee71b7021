import { bodyBytes } from '@holdfast/protocol'
import type { Body, SendOptions } from '@holdfast/protocol'
import type { LogEntry } from '../channels/broker.ts'
import { memberKeyOf } from '../channels/member-key.ts'
import type { Encoded } from '../encoded.ts'
import { encodeMail, readBody } from '../moves/snapshot.ts'
import type { SessionRecord } from '../session-record.ts'

/** A broadcast of one hub, as the others get it. */
export interface SharedBroadcast {
  readonly id: string
  readonly message: Encoded
  readonly how: SendOptions
  readonly except: Exceptions
}

/** The sessions that must not receive a broadcast, for hubs that do not have the peers. */
export interface Exceptions {
  readonly identities: readonly string[]
  /** The member keys of sessions: their ids are not for the broker. */
  readonly keys: readonly string[]
}

type Stored = readonly [
  id: string,
  body: unknown,
  how: SendOptions,
  identities: readonly string[],
  keys: readonly string[],
]

/** Encodes a broadcast. An abort signal concerns the hub that sends only. */
export function encodeBroadcast(id: string, body: Body, how: SendOptions, except: Exceptions): string {
  const { ttl = Infinity, key, volatile } = how
  const kept = { ...(ttl < Infinity && { ttl }), key, volatile }
  const rest = [kept, except.identities, except.keys].map((part) => JSON.stringify(part))
  return `[${[JSON.stringify(id), encodeMail(body), ...rest].join()}]`
}

/** Several broadcasts are one entry of the log. */
export function joinBroadcasts(texts: readonly string[]): string {
  return `[${texts.join()}]`
}

const decoded = new WeakMap<LogEntry, readonly SharedBroadcast[]>()

/** Decodes the broadcasts of an entry, once for all sessions that get it. */
export function broadcastsOf(entry: LogEntry): readonly SharedBroadcast[] {
  let found = decoded.get(entry)
  if (!found) decoded.set(entry, (found = (JSON.parse(entry.text) as Stored[]).map(broadcastOf)))
  return found
}

function broadcastOf([id, stored, how, identities, keys]: Stored): SharedBroadcast {
  const body = readBody(stored) ?? ''
  const message = { body, bytes: bodyBytes(body), shared: { holders: 0 } }
  return { id, message, how, except: { identities, keys } }
}

/** Whether a broadcast is not for a session. */
export function isExcepted({ identities, keys }: Exceptions, { id, identity }: SessionRecord): boolean {
  if (identity !== null && identities.includes(identity)) return true
  return keys.length > 0 && keys.includes(memberKeyOf(id))
}
