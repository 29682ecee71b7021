import type { Position } from './broker.ts'

/** A request of a client to subscribe to a channel. */
export interface JoinRequest {
  readonly name: string
  /** What the client has; undefined for nothing. */
  readonly position: Position | undefined
  readonly options: JoinOptions
}

export interface JoinOptions {
  /** The client wants to know the members. */
  readonly presence: boolean
  /** The data of the client as a member, if it gives some. */
  readonly data?: unknown
}

/** The content of a `channel` control of a client. */
export type ClientControl =
  | { readonly type: 'join'; readonly n: number; readonly joins: readonly JoinRequest[] }
  | { readonly type: 'leave'; readonly names: readonly string[] }
  | { readonly type: 'data'; readonly name: string; readonly data: unknown }
  /** Of another version. */
  | { readonly type: 'unknown' }

/** Returns undefined for a violation. */
export function readControl(content: unknown): ClientControl | undefined {
  if (!isRecord(content)) return undefined
  const { join, leave, data, n } = content
  if (join !== undefined) {
    const joins = Array.isArray(join) ? join.map(readJoin) : [undefined]
    return isCount(n) && joins.every(isGiven) ? { type: 'join', n, joins } : undefined
  }
  if (leave !== undefined)
    return Array.isArray(leave) && leave.every(isText) ? { type: 'leave', names: leave } : undefined
  if (data === undefined) return { type: 'unknown' }
  const [name, value] = Array.isArray(data) ? (data as unknown[]) : []
  return isText(name) ? { type: 'data', name, data: value } : undefined
}

function readJoin(value: unknown): JoinRequest | undefined {
  if (!Array.isArray(value)) return undefined
  const [name, place = null, options = {}] = value as unknown[]
  if (!isText(name) || !isRecord(options)) return undefined
  const position = place === null ? undefined : readPosition(place)
  if (place !== null && !position) return undefined
  return { name, position, options: { presence: options['presence'] === true, ...dataOf(options) } }
}

function dataOf(options: Readonly<Record<string, unknown>>): { readonly data?: unknown } {
  return 'data' in options ? { data: options['data'] } : {}
}

function readPosition(value: unknown): Position | undefined {
  if (!Array.isArray(value)) return undefined
  const [epoch, offset, id] = value as unknown[]
  const isValid = isText(epoch) && epoch.length <= 64 && isCount(offset) && isText(id) && id.length <= 64
  return isValid ? { epoch, offset, id } : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined
}
