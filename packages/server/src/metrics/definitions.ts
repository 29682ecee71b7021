import type { HubStats } from '../hub-stats.ts'

/** A metric that is read from the snapshot of a hub. */
export interface Definition {
  readonly type: 'counter' | 'gauge'
  /** Without the prefix. */
  readonly name: string
  readonly help: string
  /** The label of the values, if there are several. */
  readonly label?: string
  read(stats: HubStats): number | Readonly<Record<string, number>>
}

/**
 * The metrics of a hub. Names follow the conventions of Prometheus: base units, and `_total` for counters.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
export const definitions: readonly Definition[] = [
  gauge('connections', 'Sockets that are open or closing.', (stats) => stats.connections),
  gauge('connections_greeting', 'Connections whose greeting is not over.', (stats) => stats.greeting),
  counter('connections_accepted_total', 'Connections that were accepted.', (stats) => stats.accepted),
  counter(
    'connections_refused_total',
    'Connections that were refused, or closed for a violation or a limit, by their close code.',
    (stats) => stats.refusals,
    'code',
  ),

  gauge('sessions', 'Sessions, with a connection or without.', (stats) => stats.sessions),
  gauge('sessions_connected', 'Sessions that have a connection.', (stats) => stats.connected),
  counter('sessions_opened_total', 'Sessions that were confirmed.', (stats) => stats.opened),
  counter('sessions_resumed_total', 'Sessions that were resumed.', (stats) => stats.resumed),
  counter('sessions_arrived_total', 'Sessions that came from another hub.', (stats) => stats.arrived),
  counter(
    'sessions_disconnected_total',
    'Sessions that lost their connection.',
    (stats) => stats.disconnected,
  ),
  counter(
    'sessions_ended_total',
    'Sessions that ended, by the reason: left, drained and moved are no losses.',
    (stats) => stats.ended,
    'reason',
  ),
  gauge('tombstones', 'Ended sessions that are remembered.', (stats) => stats.tombstones),
  gauge('producers', 'Producers of clients that are remembered.', (stats) => stats.producers),

  counter(
    'messages_sent_total',
    'Messages to clients, each counted for every session.',
    (stats) => stats.sentMessages,
  ),
  counter(
    'messages_delivered_total',
    'Messages that clients have acknowledged.',
    (stats) => stats.deliveredMessages,
  ),
  counter('messages_received_total', 'Messages of clients.', (stats) => stats.receivedMessages),
  counter(
    'messages_dropped_total',
    'Volatile messages of clients that exceeded their rate.',
    (stats) => stats.droppedMessages,
  ),
  counter(
    'messages_invalid_total',
    'Messages of clients that do not fit the contract.',
    (stats) => stats.invalid,
  ),
  counter(
    'messages_unhandled_total',
    'Messages of clients that have no listener.',
    (stats) => stats.unhandled,
  ),
  counter('sent_bytes_total', 'Bytes that were sent, before compression.', (stats) => stats.sentBytes),
  counter(
    'received_bytes_total',
    'Bytes that were received, after decompression.',
    (stats) => stats.receivedBytes,
  ),
  gauge(
    'buffered_messages',
    'Messages that wait for clients to acknowledge them.',
    (stats) => stats.bufferedMessages,
  ),
  gauge('buffered_bytes', 'The memory of these messages.', (stats) => stats.bufferedBytes),
  counter(
    'limit_hits_total',
    'How often a limit of the hub was reached, by its name.',
    (stats) => stats.limitHits,
    'limit',
  ),

  gauge('channels', 'Channels that have subscribers.', (stats) => stats.channels),
  gauge('channel_subscriptions', 'Subscriptions of clients to channels.', (stats) => stats.subscriptions),
  counter('channel_published_total', 'Publications of this hub.', (stats) => stats.published),
  counter(
    'channel_publications_sent_total',
    'Publications to clients, each counted for every subscriber.',
    (stats) => stats.publicationsSent,
  ),
  counter(
    'channel_recoveries_total',
    'Subscriptions that began again with all that they had missed.',
    (stats) => stats.recoveries,
  ),
  counter(
    'channel_gaps_total',
    'Subscribers that were notified of publications that are lost for them.',
    (stats) => stats.gaps,
  ),
  counter(
    'channel_refusals_total',
    'Subscriptions that were refused, by the reason.',
    (stats) => stats.channelRefusals,
    'reason',
  ),
  counter(
    'broker_failures_total',
    'Calls of the broker that failed or took too long.',
    (stats) => stats.brokerFailures,
  ),
]

function gauge(name: string, help: string, read: Definition['read']): Definition {
  return { type: 'gauge', name, help, read }
}

function counter(name: string, help: string, read: Definition['read'], label?: string): Definition {
  return { type: 'counter', name, help, read, ...(label && { label }) }
}
