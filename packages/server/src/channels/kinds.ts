import { checkNames, given, misuse, namesOf } from '@holdfast/protocol'
import type { Peer } from '../peer.ts'
import type { LogBounds } from './broker.ts'
import type { Start } from './answer.ts'

/** The rules of the channels of one kind, for `hub.channels`. */
export interface ChannelRules<P = Peer> {
  /**
   * Decides whether a client may subscribe to the channel `kind:id`; `id` is empty for the channel that has only a kind for its
   * name. Called for every subscription, also when a client comes back with a new connection.
   *
   * Only `true` or an object allows; everything else refuses with `forbidden`. A `HoldfastError` with the code `remote` refuses with
   * its reason. Any other exception counts as a failure of the server, as does a promise that takes longer than 30 s: the hub reports
   * it, once a minute at most, and the client asks again after 1 to 10 s.
   *
   * @default no client may
   */
  readonly subscribe?: (peer: P, id: string) => Verdict | Promise<Verdict>
  /**
   * Decides whether a client may publish, in the same way.
   *
   * @default no client may
   */
  readonly publish?: (peer: P, id: string, event: string, data: unknown) => Verdict | Promise<Verdict>
  /** Which publications are kept, for subscribers that have missed some. Without it, none. */
  readonly history?: ChannelHistory
  /** Whether the channel has a list of its members, which subscribers can ask for. */
  readonly presence?: boolean | ChannelPresence
}

/** The result of a rule: `true` or an object allows. */
export type Verdict = boolean | null | undefined | Permission

/** Allows a subscription. */
export interface Permission {
  /** The data of the client as a member of the channel, if the kind has presence. */
  readonly presence?: unknown
}

/** Which publications of a channel are kept. */
export interface ChannelHistory {
  /** @default 100 */
  readonly maxMessages?: number
  /**
   * The size of the publications, in UTF-16 units of their JSON.
   *
   * @default 1_048_576
   */
  readonly maxBytes?: number
  /**
   * How long publications are kept, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly maxAge?: number
  /**
   * How many of the last publications a new subscriber gets.
   *
   * @default 0
   */
  readonly rewind?: number
  /**
   * Only the last publication matters, as for a state that each one replaces. Every subscriber gets it first, and to have missed
   * others is no gap.
   *
   * @default false
   */
  readonly lastOnly?: boolean
}

/** How a channel lists its members. */
export interface ChannelPresence {
  /**
   * What a member is: each session, or all sessions of an identity together, with the data of the one that came or changed last. Sessions
   * without an identity are members of their own.
   *
   * @default 'session'
   */
  readonly by?: 'session' | 'identity'
  /**
   * Whether clients choose their data themselves, which the application has to check when it uses it. Otherwise a member has the data
   * that `subscribe` has returned.
   *
   * @default false
   */
  readonly clientData?: boolean
}

/** The resolved rules of a kind. */
export interface KindPolicy extends Start {
  readonly presence: Required<ChannelPresence> | undefined
  readonly kind: string
  readonly subscribe: ChannelRules['subscribe']
  readonly publish: ChannelRules['publish']
  readonly bounds: LogBounds
}

const rules: Readonly<Record<keyof ChannelRules, true>> = {
  subscribe: true,
  publish: true,
  history: true,
  presence: true,
}
const histories: Readonly<Record<keyof ChannelHistory, true>> = {
  maxMessages: true,
  maxBytes: true,
  maxAge: true,
  rewind: true,
  lastOnly: true,
}
const presences: Readonly<Record<keyof ChannelPresence, true>> = { by: true, clientData: true }
const none: LogBounds = { maxMessages: 0, maxBytes: 0, maxAge: 0 }

/** @throws {HoldfastError} `misuse` */
export function resolveKind(kind: string, options: ChannelRules): KindPolicy {
  if (typeof kind !== 'string' || kind === '' || kind.includes(':') || kind.length > 100)
    throw misuse('the kind of channels must have 1 to 100 characters, and no colon')
  checkNames(Object.keys(given(options)), Object.keys(rules).join(', '))
  const { subscribe, publish, history, presence } = options
  for (const [name, value] of Object.entries({ subscribe, publish }))
    if (value !== undefined && typeof value !== 'function') throw misuse(`${name} must be a function`)
  const isLast = history?.lastOnly === true
  return {
    kind,
    subscribe,
    publish,
    presence: resolvePresence(presence),
    bounds: history ? resolveBounds(history, isLast) : none,
    rewind: isLast ? 1 : (history?.rewind ?? 0),
    lastOnly: isLast,
  }
}

/** The rules of a kind that the application has not set: only the server publishes and subscribes. */
export function unknownKind(kind: string): KindPolicy {
  return {
    kind,
    subscribe: undefined,
    publish: undefined,
    presence: undefined,
    bounds: none,
    rewind: 0,
    lastOnly: false,
  }
}

function resolvePresence(presence: ChannelRules['presence']): KindPolicy['presence'] {
  if (!presence) return undefined
  const options = presence === true ? {} : presence
  given(options, namesOf(presences))
  const { by = 'session', clientData = false } = options
  if (by !== 'session' && by !== 'identity')
    throw misuse("write presence: { by: 'session' } or { by: 'identity' }")
  return { by, clientData }
}

function resolveBounds(history: ChannelHistory, isLast: boolean): LogBounds {
  given(history, namesOf(histories))
  const { maxMessages = isLast ? 1 : 100, maxBytes = 1_048_576, maxAge = 86_400_000, rewind = 0 } = history
  for (const [name, value] of Object.entries({ maxMessages, maxBytes, maxAge }))
    if (!(value > 0)) throw misuse(`${name} must be a number above 0, not ${String(value)}`)
  if (!(rewind >= 0 && rewind <= maxMessages)) throw misuse('rewind must be from 0 to maxMessages')
  return { maxMessages, maxBytes, maxAge }
}
