/**
 * What the platform noticed. Hints, never truth.
 *
 * - `wake`: somebody looks at the page again.
 * - `change`: the network came back or the page was restored, so an open socket is in doubt.
 * - `offline`: the platform believes that it has no network.
 * - `leave`: the page is left or frozen, and may come back. The socket is closed, and the session goes on; the next
 *   signal, or a timer that fires, shows that the page is there, and it is dialed at once.
 * - `blocked`: a policy of the page forbids to connect to the URL that comes with it.
 */
export type Signal = 'wake' | 'change' | 'offline' | 'leave' | 'blocked'

/** The events of a page's life that say something about its sockets, by their names in the DOM. */
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

/** What the platform says at the moment of an event. */
export interface Facts {
  readonly isVisible: boolean
  /** Whether a `pageshow` brings the page back as it was left, from the back-forward cache. */
  readonly isRestored: boolean
}

/**
 * What an event of the page says about its sockets. Pure, and without a memory.
 *
 * Browsers send these events in different orders, twice, or not at all: a page may be restored without a change of
 * visibility, be frozen without being hidden, or come online without having been offline. So no event is the counterpart
 * of another one. Each is judged by the facts at its moment, and the states of the connection take every signal at any
 * time.
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
