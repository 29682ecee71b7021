import type { HistoryEvent, PeerLeft, Sent } from './history.ts'

/** An event whose moment is yet to be given. */
export type Event = Untimed<HistoryEvent>
type Untimed<T> = T extends unknown ? Omit<T, 'at'> : never

/** The history in which each step takes a moment, and what is in one list happens in one. */
export function tell(...steps: readonly (Event | readonly Event[])[]): HistoryEvent[] {
  return steps.flatMap((step, at) => [step].flat().map((event) => ({ at, ...event })))
}

type How = Partial<Omit<Sent, 'type' | 'id'>>

/** What a client says. */
export function clientEvents(by: string) {
  return {
    did: (what: 'connect' | 'disconnect' | 'discard' | 'reconnect' | 'dispose' | 'login'): Event => ({
      by,
      type: 'did',
      what,
    }),
    open: (identity: string | null = null): Event => ({
      by,
      type: 'open',
      resumed: false,
      replayed: 0,
      identity,
    }),
    resumed: (replayed = 0, identity: string | null = null): Event => ({
      by,
      type: 'open',
      resumed: true,
      replayed,
      identity,
    }),
    down: (reason = 'lost'): Event => ({ by, type: 'down', reason }),
    lost: (missed: number | null = null, undelivered = 0, unknown = 0): Event => ({
      by,
      type: 'lost',
      why: 'unknown',
      missed,
      undelivered,
      unknown,
    }),
    closed: (reason = 'disconnect'): Event => ({ by, type: 'closed', reason }),
    sent: (id: number, how: How = {}): Event => ({ by, type: 'sent', id, kind: 'event', ...how }),
    got: (id: number, kind: Sent['kind'] = 'event'): Event => ({ by, type: 'got', id, kind }),
    ...outcomeEvents(by),
  }
}

/** What a server says of one session. */
export function peerEvents(by: string, peer: string) {
  return {
    joined: (client: string, identity: string | null = null): Event => ({
      by,
      type: 'joined',
      peer,
      client,
      identity,
    }),
    moved: (client: string, identity: string | null = null): Event => ({
      by,
      type: 'joined',
      peer,
      client,
      identity,
      arrival: 'moved',
    }),
    draining: (): Event => ({ by, type: 'draining' }),
    left: (why: PeerLeft['why'] = 'expired', undelivered = 0, unknown = 0): Event => ({
      by,
      type: 'left',
      peer,
      why,
      undelivered,
      unknown,
    }),
    sent: (id: number, how: How = {}): Event => ({ by, type: 'sent', id, kind: 'event', peer, ...how }),
    got: (id: number, kind: Sent['kind'] = 'event', identity: string | null = null): Event => ({
      by,
      type: 'got',
      id,
      kind,
      peer,
      identity,
    }),
    killed: (): Event => ({ by, type: 'killed' }),
    ...outcomeEvents(by),
  }
}

function outcomeEvents(by: string) {
  return {
    cancelled: (id: number): Event => ({ by, type: 'cancelled', id }),
    delivered: (id: number): Event => ({ by, type: 'settled', id, status: 'delivered' }),
    passed: (id: number): Event => ({ by, type: 'settled', id, status: 'sent' }),
    undelivered: (id: number, reason: string): Event => ({
      by,
      type: 'settled',
      id,
      status: 'undelivered',
      reason,
    }),
    unknown: (id: number, reason = 'session-lost'): Event => ({
      by,
      type: 'settled',
      id,
      status: 'unknown',
      reason,
    }),
    right: (id: number): Event => ({ by, type: 'answered', id, how: 'right' }),
    wrong: (id: number): Event => ({ by, type: 'answered', id, how: 'wrong' }),
    failed: (id: number, code: string, reason?: string): Event => ({
      by,
      type: 'answered',
      id,
      how: 'error',
      code,
      ...(reason !== undefined && { reason }),
    }),
  }
}

/** What one application says of one channel. */
export function channelEvents(by: string, channel = 'room') {
  const places = (epoch: string, offset: number) => ({ channel, epoch, offset })
  return {
    opens: (since?: { readonly epoch: string; readonly offset: number }): Event => ({
      by,
      type: 'subscribed',
      channel,
      ...(since && { since }),
    }),
    leaves: (): Event => ({ by, type: 'unsubscribed', channel }),
    joined: (epoch: string, offset: number): Event => ({
      by,
      type: 'channel-joined',
      ...places(epoch, offset),
    }),
    refused: (reason = 'forbidden'): Event => ({ by, type: 'channel-refused', channel, reason }),
    gap: (epoch: string, offset: number, missed: number | null = null): Event => ({
      by,
      type: 'channel-gap',
      missed,
      ...places(epoch, offset),
    }),
    recovered: (count: number): Event => ({ by, type: 'channel-recovered', channel, count }),
    publishes: (publication: number): Event => ({ by, type: 'published', publication, channel }),
    published: (publication: number, epoch: string, offset: number): Event => ({
      by,
      type: 'publish-ended',
      publication,
      ...places(epoch, offset),
    }),
    failed: (publication: number, code: string, reason?: string): Event => ({
      by,
      type: 'publish-ended',
      publication,
      channel,
      code,
      ...(reason !== undefined && { reason }),
    }),
    got: (publication: number, epoch: string, offset: number): Event => ({
      by,
      type: 'publication',
      publication,
      ...places(epoch, offset),
    }),
    sees: (...members: string[]): Event => ({ by, type: 'members', channel, members }),
  }
}
