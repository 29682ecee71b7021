/**
 * A hint of the platform.
 *
 * - `wake`: the page became visible or got the focus.
 * - `change`: the network came back or the page was restored, so an open socket may be dead.
 * - `offline`: the platform reports that it has no network.
 * - `leave`: the page is left or frozen, and may come back. The client closes the socket, and the session continues;
 *   the next signal, or a timer that fires, shows that the page is back, and the client dials at once.
 * - `blocked`: a policy of the page forbids connecting to the URL that comes with it.
 */
export type Signal = 'wake' | 'change' | 'offline' | 'leave' | 'blocked'

/** The events of a page that affect sockets, by their names in the DOM, and the signal that each may be. */
export const signalsOfEvents: Readonly<Record<string, Signal>> = {
  visibilitychange: 'wake',
  focus: 'wake',
  freeze: 'leave',
  pagehide: 'leave',
  resume: 'change',
  pageshow: 'change',
  online: 'change',
  offline: 'offline',
  securitypolicyviolation: 'blocked',
}

/** The parts of page events that matter. */
export interface PageEvent {
  readonly type: string
  /** Of a `pageshow`: whether it restores the page from the back-forward cache. */
  readonly persisted?: boolean
  /** Of a violation of the content security policy. */
  readonly effectiveDirective?: string
  readonly disposition?: 'enforce' | 'report'
}

/**
 * Maps a page event to a signal. Pure, and without a memory.
 *
 * Browsers send these events in different orders, twice, or not at all: a page may be restored without a change of
 * visibility, be frozen without being hidden, or come online without having been offline. So events do not pair up.
 * Each is mapped by the facts at its moment, and the states of the connection accept every signal at any time.
 *
 * @see HTML (pagehide, pageshow, visibilitychange, online, offline) and Page Lifecycle (freeze, resume)
 */
export function signalOf(
  { type, persisted, effectiveDirective, disposition }: PageEvent,
  isVisible: boolean,
): Signal | undefined {
  const signal = signalsOfEvents[type]
  const isIgnored =
    (signal === 'wake' && !isVisible) ||
    (type === 'pageshow' && !persisted) ||
    (signal === 'blocked' && (effectiveDirective !== 'connect-src' || disposition !== 'enforce'))
  return isIgnored ? undefined : signal
}
