// The numbers of a conversation, times in milliseconds. A file without imports, so that bundlers inline them.

/** How late a ping of the server may be, in milliseconds. */
export const pingSlack = 5_000
/** How long a server may take to send its banner, in milliseconds. */
export const bannerTimeout = 5_000
/** How long handlers may run before the event loop gets a turn, in milliseconds. */
export const sliceLength = 12
/** The maximum of unanswered pings while a message waits for its ack. */
export const maxUnanswered = 2
/** The shortest limit for an answer, in milliseconds. */
export const shortestAnswer = 2_000
/** The speed below which a path counts as dead, in bytes a millisecond. */
export const slowestPath = 32
/** How long the client keeps a token that the server asked for, before it calls `token` for the next request. In milliseconds. */
export const renewalPause = 1_000
