import type { Connection } from './connection.ts'
import { countOne } from './counters.ts'
import type { HubLifecycle } from './hub.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { LimitName } from './limits.ts'
import type { Policy } from './policy.ts'
import type { RefusalDetails } from './session-record.ts'
import type { Peer } from './peer.ts'

type Refusal = HubLifecycle['refused']

/** What the hub does not let in, or not any longer. */
export interface Refusals {
  /** Closes a connection. */
  refuse(
    connection: Connection,
    code: number,
    why: string,
    details?: RefusalDetails & { readonly peer?: Peer },
  ): void
  /** Tells the application of what was refused before it was a connection. */
  announce(refusal: Refusal): void
}

/** Returns the advice for a refusal. */
type Advice = (policy: Policy, refusal: Refusal) => string

/** The maximum length of a shown header, in characters. */
const maxShown = 200

export function createRefusals(policy: Policy, { announce, counters }: Lifecycle): Refusals {
  const refusals: Refusals = {
    refuse(connection, code, why, { reason = why, peer, error } = {}) {
      connection.close(code, reason)
      const { request } = connection
      connection.shedRequest()
      refusals.announce({
        code,
        why,
        request,
        ...(peer && { peer }),
        ...(error !== undefined && { error }),
      })
    },
    announce(refusal) {
      counters.refused++
      countOne(counters.refusals, refusal.code)
      const reached = limitByReason[refusal.why] ?? limitByCode[refusal.code]
      if (reached) countOne(counters.limitHits, reached)
      announce('refused', refusal)
      warnOfRefusal(policy, refusal)
    },
  }
  return refusals
}

/** Warns that a connection was refused and what to do about it: for the first of each kind in a minute. */
function warnOfRefusal(policy: Policy, refusal: Refusal): void {
  const { code, why } = refusal
  // The application has closed the hub.
  if (code === 1012) return
  // The client chooses the number of its version.
  const kind = code === 4426 ? 'version' : `${code} ${why}`
  const reached = limitByReason[why]
  const advice = (reached ? limit(reached) : (byReason[why] ?? byCode[code]))?.(policy, refusal)
  policy.warn(
    kind,
    [`refused a connection with ${code}, ${why}.`, advice, "watch('refused') reports all."]
      .filter(Boolean)
      .join(' '),
  )
}

const rightClient: Advice = () => 'Is it a client of Holdfast, with `wire: session()`?'

/** By the reasons of the hub. */
const byReason: Readonly<Record<string, Advice | undefined>> = {
  'not from this origin': ({ origins }, { request: { headers } }) => {
    const { origin, host } = headers
    const mine = letIn('origins', serializedOrigin(origin))
    if (origins !== undefined) return `\`origins\` does not accept ${show(origin)}. ${mine}`
    return (
      `The origin of its page is ${show(origin)}, which is not the host that it connects to, ${show(host)}. ${mine} ` +
      'A proxy has to forward the Host header.'
    )
  },
  'not for this host': (_, { request: { headers } }) =>
    `Its page has reached this server as ${show(headers['host'])}. ${letIn('hosts', nameOf(headers['host']))}`,
  'authenticate failed': comesBack('`authenticate` threw or returned an invalid result, which is reported.'),
  'authenticate takes too long': comesBack('`authenticate` has not answered within the `greetingTimeout`.'),
  'origins failed': comesBack('`origins` threw, which is reported.'),
  'address failed': comesBack('`address` threw or returned an invalid result, which is reported.'),
  'no greeting in time': rightClient,
  'resumed too often': () => 'It loses its connection faster than the hub can replay the missed messages.',
}

/** The limits that are reached, by the reasons of the hub. */
const limitByReason: Readonly<Record<string, ConnectionLimit | undefined>> = {
  'too many connections': 'maxConnections',
  'too many connections at once': 'admissionRate',
  'too many connections of one address': 'maxConnectionsPerAddress',
  'too many sessions': 'maxSessions',
  'too many sessions of one address': 'maxSessionsPerAddress',
  'too many sessions of one identity': 'maxSessionsPerIdentity',
  'too many sessions move': 'maxClaims',
}

const limitByCode: Readonly<Record<number, LimitName | undefined>> = {
  1007: 'decode',
  1009: 'maxPayloadBytes',
}

type ConnectionLimit = Exclude<LimitName, 'decode'>

/** For the many reasons of the decoder. */
const byCode: Readonly<Record<number, Advice | undefined>> = {
  1007: () => 'See `limits.decode`.',
  1009: limit('maxPayloadBytes'),
  4400: rightClient,
  4401: () => 'The client fetches a fresh token once, and gives up if that is refused as well.',
  4425: () => 'An intermediary has lost messages; the client resumes.',
  4426: () => 'A newer @holdfast/server supports it.',
  4429: () => 'It sends more pings and other controls than Holdfast clients do.',
}

function limit(name: ConnectionLimit): Advice {
  const proxy = name.endsWith('PerAddress') ? ' Behind a proxy, set `address`.' : ''
  return ({ limits }) => `\`limits.${name}\` is ${String(limits[name])}.${proxy}`
}

function comesBack(why: string): Advice {
  return () => `${why} The client dials again after 1 to 10 s and loses nothing.`
}

function letIn(option: 'origins' | 'hosts', value: string | undefined): string {
  return value ? `If it is yours: createHub({ ${option}: ['${value}'] }).` : `See the option \`${option}\`.`
}

function serializedOrigin(origin: unknown): string | undefined {
  const isPlain = typeof origin === 'string' && origin.length <= maxShown && /^[\w:/.[\]-]+$/.test(origin)
  return isPlain && URL.canParse(origin) && new URL(origin).origin === origin ? origin : undefined
}

function nameOf(host: unknown): string | undefined {
  return typeof host === 'string' && host.length <= maxShown
    ? /^([\w.-]+|\[[\da-f:.]+\])(?=$|:\d+$)/i.exec(host)?.[1]
    : undefined
}

/** Untrusted text of a client, on one line. */
function show(header: unknown): string {
  if (typeof header !== 'string') return 'none'
  return `'${header.slice(0, maxShown).replaceAll(/[^\x20-\x7e]/g, '?')}'`
}
