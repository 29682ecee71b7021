/** Counters since the creation of the hub, and current sizes. */
export interface HubStats {
  /** Sockets that are open or closing. */
  readonly connections: number
  /** Connections whose greeting is not over: it has not arrived, or `authenticate` is pending. */
  readonly greeting: number
  /** Sessions, with a connection or without, confirmed or not. */
  readonly sessions: number
  /** Sessions that have a connection. */
  readonly connected: number
  /** Ended sessions that are remembered. */
  readonly tombstones: number
  /** Producers of clients that are remembered. */
  readonly producers: number
  /**
   * Messages that wait for clients to receive and acknowledge them: each message counts for every session that it
   * waits for.
   */
  readonly bufferedMessages: number
  /** The memory of these messages, as `limits.maxBufferedTotalBytes` counts it. */
  readonly bufferedBytes: number
  /** The channels that have subscribers on this hub. */
  readonly channels: number
  /** Channels that clients have joined: each counts for every session that has. */
  readonly subscriptions: number
  /** Publications of clients and the application that the broker has taken from this hub. */
  readonly published: number
  /** Publications that were sent to subscribers: each counts for every session. */
  readonly publicationsSent: number
  /** Subscriptions that clients began again with everything that they had missed. */
  readonly recoveries: number
  /** The number of times that a subscriber was notified that it has missed publications permanently. */
  readonly gaps: number
  /** Subscriptions that were refused: as `forbidden`, `too-many`, `too-large` or `unavailable`, or as `other` with a reason of a rule. */
  readonly channelRefusals: Readonly<Record<string, number>>
  /** Calls of the broker that failed, or took too long. */
  readonly brokerFailures: number
  /** Connections that were accepted. */
  readonly accepted: number
  /** Connections that were refused, or closed for a violation or a limit. */
  readonly refused: number
  /** Sessions that were confirmed. */
  readonly opened: number
  /** The number of times that a session was resumed. */
  readonly resumed: number
  /** Sessions that came from another hub. */
  readonly arrived: number
  /** The number of times that a session lost its connection. */
  readonly disconnected: number
  /**
   * Confirmed sessions that ended, by the `why` of `watch('closed')`: `left` if their clients ended them. `unknown`
   * counts the clients that came back to a session that this hub does not know.
   */
  readonly ended: Readonly<Record<string, number>>
  /** The connections of `refused`, by the code of `watch('refused')`. */
  readonly refusals: Readonly<Record<number, number>>
  /**
   * How often each of the `limits` was reached, by its name: a connection, session, message or request that it
   * refused, delayed, dropped or ended.
   */
  readonly limitHits: Readonly<Record<string, number>>
  /** The pings that clients answered, and the sum of their round-trip times in milliseconds. */
  readonly rtt: { readonly count: number; readonly sum: number }
  /** Messages for client applications, by `send`, `request` and `broadcast`: each counts for every session. */
  readonly sentMessages: number
  /** The bytes of WebSocket messages that were sent and received, before compression and without their headers. */
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Messages of client applications that arrived. */
  readonly receivedMessages: number
  /** Volatile messages of clients that were dropped because they exceeded `messageRate`. */
  readonly droppedMessages: number
  /** Messages that clients have acknowledged. */
  readonly deliveredMessages: number
  /** Messages that were reported to `watch('invalid')`. */
  readonly invalid: number
  /** Messages that were reported to `watch('unhandled')`. */
  readonly unhandled: number
}
