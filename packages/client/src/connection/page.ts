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

/** The page events that affect sockets, by their names in the DOM. */
export const pageEvents = [
  'visibilitychange',
  'focus',
  'freeze',
  'resume',
  'pagehide',
  'pageshow',
  'online',
  'offline',
] as const

export type PageEvent = (typeof pageEvents)[number]

/** The state of the platform at the moment of an event. */
export interface Facts {
  readonly isVisible: boolean
  /** Whether a `pageshow` restores the page from the back-forward cache. */
  readonly isRestored: boolean
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
export function signalOf(event: PageEvent, { isVisible, isRestored }: Facts): Signal | undefined {
  switch (event) {
    case 'freeze':
    case 'pagehide':
      return 'leave'
    case 'resume':
    case 'online':
      return 'change'
    case 'pageshow':
      return isRestored ? 'change' : undefined
    case 'focus':
    case 'visibilitychange':
      return isVisible ? 'wake' : undefined
    case 'offline':
      return 'offline'
  }
}
