import type { Cause, ClientState, Loss, Resumption } from 'holdfast'

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

const labels: Readonly<Record<ClientState['status'], string>> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  open: 'Connected',
  waiting: 'Waiting',
  closing: 'Disconnecting',
  closed: 'Disconnected',
}

const causes: Readonly<Record<string, string>> = {
  lost: 'The connection broke',
  unreachable: 'The server does not answer',
  offline: 'This device is offline',
  unauthorized: 'The server wants a new sign-in',
  forbidden: 'The server does not let this page in',
  'rate-limited': 'The server asks this page to slow down',
  'server-error': 'The server reported an error of its own',
  'upgrade-blocked': 'The server answers, but something on the way blocks WebSockets',
  csp: 'The security policy of this page forbids the connection',
  left: 'This page was in the background',
  timeout: 'Connecting took too long',
  silent: 'The server stopped answering',
  change: 'The network changed',
  normal: 'The server closed the connection',
  'no-status': 'The server closed the connection',
  closed: 'The server closed the connection',
  'going-away': 'The server shut down',
  restart: 'The server restarts',
  unavailable: 'The server is not available',
  'try-later': 'The server asks this page to come back later',
  'bad-gateway': 'A proxy does not reach the server',
  tls: 'The encrypted connection could not be made',
  'protocol-error': 'The server rejected a frame',
  'unsupported-data': 'The server rejected the kind of a message',
  'invalid-data': 'The server rejected the content of a message',
  'too-large': 'The server rejected a message as too large',
  'extension-missing': 'The server lacks an extension',
  policy: 'The server closed the connection by its policy',
  'bad-request': 'The server rejected the request',
  'not-found': 'Nothing answers at this address',
  subprotocol: 'The two sides speak different protocols',
  superseded: 'A newer connection took the place of this one',
  'upgrade-required': 'This page is too old for the server',
  gap: 'Messages were missing, so the connection starts again',
  drained: 'The server shut down after everything had arrived',
  'session-gone': 'The server no longer knows this session',
  disconnect: 'You disconnected',
  reconnect: 'You reconnected',
}

const losses: Readonly<Record<string, string>> = {
  expired: 'it was gone for too long',
  overflow: 'too many messages waited for it',
  closed: 'the server ended it',
  drained: 'the server shut down after everything had arrived',
  unknown: 'the server no longer knows it',
}

/** Sockets report these codes by themselves when no server sent one. */
const unsentCodes = [1005, 1006, 1015]

export function describeStatus({ status, attempt }: ClientState): string {
  return status === 'connecting' && attempt > 1 ? `${labels[status]}, attempt ${attempt}` : labels[status]
}

/** The cause in words, with the close code if the server sent one. */
export function describeCause(cause: Cause | undefined): string {
  if (!cause) return ''
  const words = causes[cause.reason] ?? cause.reason
  const { code } = cause
  return code === undefined || unsentCodes.includes(code) ? words : `${words} (code ${code})`
}

/** The cause in words, with every close code, for experts. */
export function explainCause(cause: Cause | undefined): string {
  if (cause?.code === undefined || !unsentCodes.includes(cause.code)) return describeCause(cause)
  return `${describeCause(cause)} (${cause.code})`
}

/** The time until the next attempt while the client waits; otherwise empty. */
export function describeCountdown({ retryAt, attempt }: ClientState, now: number): string {
  if (retryAt === undefined) return ''
  return `attempt ${attempt + 1} in ${(Math.max(0, retryAt - now) / 1_000).toFixed(1)} s`
}

/** How long the connection has been open, and its round-trip time once a heartbeat has measured it. */
export function describeOpen(openedAt: number, rtt: number | undefined): string {
  const since = `Since ${timeFormat.format(openedAt)}`
  return rtt === undefined ? since : `${since}, round trip ${rtt.toFixed(rtt < 10 ? 1 : 0)} ms`
}

/** How an opened connection continues; empty for one that starts anew, as always on the plain wire. */
export function describeResumption({ resumed, replayed }: Resumption): string {
  return resumed ? `Session resumed, ${replayed} sent again` : ''
}

/** Why a session has ended, and what that means for its messages. */
export function describeLoss({ why, missed, undelivered, unknown }: Loss): string {
  const parts = [
    undelivered > 0 && `${undelivered} did not arrive`,
    unknown > 0 && `${unknown} may or may not have arrived`,
    missed === undefined && 'messages of others may be missing',
    missed !== undefined && missed > 0 && `${missed} of others are missing`,
  ].filter(Boolean)
  return `${losses[why] ?? why}; ${parts.length > 0 ? parts.join(', ') : 'nothing is missing'}`
}

/** The numbers of unsent and of unacknowledged messages; empty when both are 0. */
export function describeQueue(queued: number, unacknowledged: number): string {
  const waiting = queued > 0 && `${queued} ${queued > 1 ? 'messages wait' : 'message waits'}`
  return [waiting, unacknowledged > 0 && `${unacknowledged} not acknowledged`].filter(Boolean).join(', ')
}
