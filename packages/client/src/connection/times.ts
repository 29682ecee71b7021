// The numbers of the lifecycle, times in milliseconds. A file without imports, so that bundlers inline them.

/** How long a closing handshake may take. Browsers would wait for a minute when the peer is gone. */
export const closeTimeout = 2_000
/**
 * How long the client waits for the close of a failed socket: it has the code, and WebKit fires it in a later turn.
 */
export const closeGrace = 100
/** How long a socket may be connecting before a wake-up replaces it. Browsers may delay a dial for as long. */
export const stuckAfter = 5_000
/** How often the clocks are checked if no heartbeat does, to detect sleep. */
export const lookInterval = 30_000
/** A page whose timers run that long after it was left still exists. */
export const leftDelay = 1_000
/** The shortest time between two dials that wake-ups cause. */
export const wakePause = 5_000
/** The range of the random delay of a wake-up: the user is probably waiting. */
export const wakeDelay = 300
/**
 * How many times in a row the client follows a server that requests an immediate dial, so that it causes no tight
 * loop.
 */
export const maxRetryAfter = 3
/** The lower bound from which a requested range does not count as immediate, in milliseconds. */
export const shortestPause = 500
/** The assumed round-trip time until it is measured, in milliseconds. */
export const assumedRtt = 2_000
/** How late a deadline may be noticed; later, it proves only that the timer was late. In milliseconds. */
export const lateness = 1_500
/** How long the client waits for a call of `token`, over all attempts, before it calls again. In milliseconds. */
export const tokenPatience = 60_000
/** After how many attempts in a row without an open socket the diagnosis runs. */
export const diagnoseEvery = 3
