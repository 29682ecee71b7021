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
  lost: 'The connection was lost',
  unreachable: 'The server could not be reached',
  offline: 'This device is offline',
  unauthorized: 'The server wants to know who this is',
  forbidden: 'The server does not accept this page',
  'rate-limited': 'The server asks for patience',
  'server-error': 'The server is in trouble',
  'upgrade-blocked': 'Something lets no WebSocket through',
  left: 'The page was left',
  timeout: 'The attempt took too long',
  silent: 'The server fell silent',
  change: 'The network changed',
  'going-away': 'The server went away',
  drained: 'The server is about to go',
  'session-gone': 'The session has ended',
  disconnect: 'As you asked',
  reconnect: 'As you asked',
}

const losses: Readonly<Record<string, string>> = {
  expired: 'it was held long enough',
  overflow: 'too much waited for it',
  closed: 'the server ended it',
  drained: 'the server let it finish',
  unknown: 'the server does not know it',
}

export function describeStatus({ status, attempt }: ClientState): string {
  return status === 'connecting' && attempt > 1 ? `${labels[status]}, attempt ${attempt}` : labels[status]
}

/** The cause in words, and the close code for experts. */
export function describeCause(cause: Cause | undefined): string {
  if (!cause) return ''
  const words = causes[cause.reason] ?? cause.reason
  return cause.code === undefined ? words : `${words} (${cause.code})`
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
  return resumed ? `resumed, ${replayed} replayed` : ''
}

/** What is known of a session that has ended. */
export function describeLoss({ why, missed, undelivered, unknown }: Loss): string {
  const words = losses[why] ?? why
  return `${words}: ${undelivered} undelivered, ${unknown} unknown, ${missed ?? 'nobody knows how many'} missed`
}

/** The numbers of unsent and of unacknowledged messages; empty when both are 0. */
export function describeQueue(queued: number, unacknowledged: number): string {
  const waiting = queued > 0 && `${queued} ${queued > 1 ? 'messages wait' : 'message waits'}`
  return [waiting, unacknowledged > 0 && `${unacknowledged} not acknowledged`].filter(Boolean).join(', ')
}
