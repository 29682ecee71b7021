import { isCount } from '@holdfast/protocol'
import type { Body } from '@holdfast/protocol'

/** What another hub needs to go on with a session. */
export interface SessionSnapshot {
  /** The SHA-256 of its key, by which a hub recognizes it. */
  readonly keyHash: string
  readonly identity: string | null
  /** The receive cursor of the hub. */
  readonly rx: number
  /** The highest number that the client has acknowledged. */
  readonly acknowledged: number
  /** The number of the message that was suspected last, and whether the client has refused a message since. */
  readonly suspect: number
  readonly isSuspect: boolean
  /** The messages that were written and not acknowledged, in order; an empty body for a withdrawn one. */
  readonly written: readonly Body[]
  /** The messages that were not written, in order. */
  readonly queued: readonly QueuedMessage[]
  readonly dials: DialNumbers
  /** The id of the last request of the hub. */
  readonly lastRequest: number
  /** The channels that the application has subscribed the session to. */
  readonly joined: readonly JoinedChannel[]
  /** The channels in which the session is a member because its client has joined them. */
  readonly present: readonly JoinedChannel[]
  /** How much of the mailbox was read. */
  readonly mailbox: number
  /** The requests of the client whose handlers run on hubs that had the session before. */
  readonly running: readonly number[]
  /** How many tokens are missing for the messages and for the publications of the client, so that a move gives it no more of them. */
  readonly received: number
  readonly published: number
  /** What it has of the broadcasts of all hubs, if the hub knows. */
  readonly broadcasts: BroadcastState | undefined
}

/** What a session has of the broadcasts of all hubs. */
export interface BroadcastState {
  /** Everything in their log up to here. */
  readonly position: { readonly epoch: string; readonly offset: number; readonly id: string }
  /** The ids of broadcasts above that it has as well. */
  readonly also: readonly string[]
}

/** A message that was not written. */
export interface QueuedMessage {
  readonly body: Body
  readonly key: string | undefined
  /** How long it may wait, in milliseconds; Infinity if it may wait forever. */
  readonly ttl: number
}

/** The instance of the client that has the session, the number of its last dial, and those of the instances before it. */
export interface DialNumbers {
  readonly client: string
  readonly n: number
  readonly others: readonly (readonly [client: string, n: number])[]
}

export interface JoinedChannel {
  readonly name: string
  /** JSON; undefined for none. */
  readonly presence: string | undefined
}

/**
 * The format of what is encoded here. Raise it when an older hub would lose something of what is added. An older hub ignores a
 * member that it does not know, so what it can do without needs no new format.
 */
export const currentFormat = 1

/** Encodes a snapshot as text. Its length in UTF-8 is what a broker has to keep. */
export function encodeSnapshot(snapshot: SessionSnapshot): string {
  const { written, queued, dials, joined, present, ...numbers } = snapshot
  return JSON.stringify({
    format: currentFormat,
    ...numbers,
    written: written.map(encodeStoredBody),
    queued: queued.map(({ body, key, ttl }) => ({
      body: encodeStoredBody(body),
      key,
      ttl: ttl === Infinity ? undefined : ttl,
    })),
    dials: [[dials.client, dials.n], ...dials.others],
    joined: joined.map(encodeJoined),
    present: present.map(encodeJoined),
  })
}

/** Decodes a snapshot; undefined if it has a later format, or is none. */
export function decodeSnapshot(text: string): SessionSnapshot | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value) || !isCount(value['format']) || value['format'] < 1) return undefined
  return value['format'] > currentFormat ? undefined : read(value)
}

function read(value: Record<string, unknown>): SessionSnapshot | undefined {
  const { keyHash, identity, rx, acknowledged, suspect, isSuspect, lastRequest, mailbox } = value
  const { received, published } = value
  const counts = [rx, acknowledged, suspect, lastRequest, mailbox]
  const written = readAll(value['written'], readBody)
  const queued = readAll(value['queued'], readQueued)
  const dials = readDials(value['dials'])
  const joined = readAll(value['joined'], readJoined)
  const present = readAll(value['present'], readJoined)
  const running = readAll(value['running'], (id) => (isCount(id) ? id : undefined))
  if (!counts.every(isCount) || !(identity === null || typeof identity === 'string')) return undefined
  if (typeof keyHash !== 'string' || !isAmount(received) || !isAmount(published)) return undefined
  if (typeof isSuspect !== 'boolean' || !written || !queued || !dials) return undefined
  if (!joined || !present || !running) return undefined
  return {
    keyHash,
    identity,
    rx: Number(rx),
    acknowledged: Number(acknowledged),
    suspect: Number(suspect),
    isSuspect,
    written,
    queued,
    dials,
    lastRequest: Number(lastRequest),
    joined,
    present,
    mailbox: Number(mailbox),
    running,
    broadcasts: readBroadcasts(value['broadcasts']),
    received,
    published,
  }
}

/** Encodes a message for the mailbox of a session. */
export function encodeMail(body: Body): string {
  return JSON.stringify(encodeStoredBody(body))
}

/** Decodes a message of a mailbox; undefined if it is none. */
export function decodeMail(text: string): Body | undefined {
  try {
    return readBody(JSON.parse(text))
  } catch {
    return undefined
  }
}

function encodeJoined({ name, presence }: JoinedChannel): readonly string[] {
  return presence === undefined ? [name] : [name, presence]
}

/** A body of text as it is, and one of bytes as its header and base64. */
function encodeStoredBody(body: Body): string | readonly [head: string, base64: string] {
  if (typeof body === 'string') return body
  const { buffer, byteOffset, byteLength } = body.bytes
  return [body.head, Buffer.from(buffer, byteOffset, byteLength).toString('base64')]
}

/** Reads a stored body; undefined if it is none. */
export function readBody(value: unknown): Body | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string')) return undefined
  const [head, base64] = value
  return head === undefined || base64 === undefined
    ? undefined
    : { head, bytes: new Uint8Array(Buffer.from(base64, 'base64')) }
}

function readQueued(value: unknown): QueuedMessage | undefined {
  if (!isObject(value)) return undefined
  const { key, ttl = Infinity } = value
  const body = readBody(value['body'])
  if (body === undefined || typeof ttl !== 'number') return undefined
  return key === undefined || typeof key === 'string' ? { body, key, ttl } : undefined
}

function readDials(value: unknown): DialNumbers | undefined {
  const dials = readAll(value, readDial)
  if (!dials) return undefined
  const [last, ...others] = dials
  return last && { client: last[0], n: last[1], others }
}

function readDial(value: unknown): readonly [string, number] | undefined {
  if (!Array.isArray(value)) return undefined
  const [client, n] = value as unknown[]
  return typeof client === 'string' && isCount(n) ? [client, n] : undefined
}

function readJoined(value: unknown): JoinedChannel | undefined {
  if (!Array.isArray(value)) return undefined
  const [name, presence] = value as unknown[]
  if (typeof name !== 'string') return undefined
  return presence === undefined || typeof presence === 'string' ? { name, presence } : undefined
}

function readBroadcasts(value: unknown): BroadcastState | undefined {
  if (!isObject(value)) return undefined
  const { epoch, offset, id } = Object(value['position']) as Record<string, unknown>
  const also = readAll(value['also'], (one) => (typeof one === 'string' ? one : undefined))
  if (typeof epoch !== 'string' || !isCount(offset) || typeof id !== 'string' || !also) return undefined
  return { position: { epoch, offset, id }, also }
}

/** Reads every element, or none if one cannot be read. */
function readAll<T>(value: unknown, readOne: (element: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const elements: T[] = []
  for (const each of value as unknown[]) {
    const element = readOne(each)
    if (element === undefined) return undefined
    elements.push(element)
  }
  return elements
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
