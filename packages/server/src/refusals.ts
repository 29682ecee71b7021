import type { Connection } from './connection.ts'
import type { HubLifecycle } from './hub.ts'
import type { Lifecycle } from './lifecycle.ts'
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

/** Says what to look at. */
type Advice = (policy: Policy, refusal: Refusal) => string

/** How much of a header is shown, in characters. */
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
      announce('refused', refusal)
      warnOfRefusal(policy, refusal)
    },
  }
  return refusals
}

/** Says that a connection was refused and what to do about it: for the first of each kind in a minute. */
function warnOfRefusal(policy: Policy, refusal: Refusal): void {
  const { code, why } = refusal
  // The application has closed the hub itself.
  if (code === 1012) return
  // Of a version, the number is the client's choice.
  const kind = code === 4426 ? 'version' : `${code} ${why}`
  const advice = (byReason[why] ?? byCode[code])?.(policy, refusal)
  policy.warn(
    kind,
    [`refused a connection with ${code}, ${why}.`, advice, "watch('refused') tells of all."]
      .filter(Boolean)
      .join(' '),
  )
}

const rightClient: Advice = () => 'Is it a client of Holdfast, with `wire: session()`?'

/** By the words that the hub uses. */
const byReason: Readonly<Record<string, Advice | undefined>> = {
  'not from this origin': ({ origins }, { request: { headers } }) => {
    const { origin, host } = headers
    const mine = letIn('origins', serializedOrigin(origin))
    if (origins !== undefined) return `\`origins\` does not let ${show(origin)} in. ${mine}`
    return (
      `Its page is of ${show(origin)}, which is not the host that it connects to, ${show(host)}. ${mine} ` +
      'A proxy has to pass the Host header on.'
    )
  },
  'not for this host': (_, { request: { headers } }) =>
    `Its page has reached this server as ${show(headers['host'])}. ${letIn('hosts', nameOf(headers['host']))}`,
  'authenticate failed': comesBack('`authenticate` threw, or its answer made no sense, which is reported.'),
  'authenticate takes too long': comesBack('`authenticate` has not answered within the `greetingTimeout`.'),
  'origins failed': comesBack('`origins` threw, which is reported.'),
  'address failed': comesBack('`address` threw, or its answer made no sense, which is reported.'),
  'no greeting in time': rightClient,
  'too many connections': limit('maxConnections'),
  'too many connections at once': limit('admissionRate'),
  'too many connections of one address': limit('maxConnectionsPerAddress'),
  'too many sessions': limit('maxSessions'),
  'resumed too often': () => 'It loses its connection faster than it can be sent what it has missed.',
  'too many sessions of one address': limit('maxSessionsPerAddress'),
  'too many sessions of one identity': limit('maxSessionsPerIdentity'),
}

/** For the many words that come from the decoder. */
const byCode: Readonly<Record<number, Advice | undefined>> = {
  1007: () => '`limits.decode` says what is too much.',
  1009: limit('maxPayloadBytes'),
  4400: rightClient,
  4401: () => 'The client fetches a fresh token once, and gives up when that is refused as well.',
  4425: () => 'Something in between has lost messages; the client resumes.',
  4426: () => 'A newer @holdfast/server speaks it.',
  4429: () => 'It sends more pings and other controls than clients of Holdfast do.',
}

function limit(name: Exclude<keyof Policy['limits'], 'decode'>): Advice {
  const proxy = name.endsWith('PerAddress') ? ' Behind a proxy, set `address`.' : ''
  return ({ limits }) => `\`limits.${name}\` is ${String(limits[name])}.${proxy}`
}

function comesBack(why: string): Advice {
  return () => `${why} The client dials again after 1 to 10 s, and has lost nothing.`
}

function letIn(option: 'origins' | 'hosts', value: string | undefined): string {
  return value
    ? `If it is yours: createHub({ ${option}: ['${value}'] }).`
    : `\`${option}\` says who may connect.`
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

/** What a client said, on one line: it may be anything. */
function show(header: unknown): string {
  if (typeof header !== 'string') return 'none'
  return `'${header.slice(0, maxShown).replaceAll(/[^\x20-\x7e]/g, '?')}'`
}
