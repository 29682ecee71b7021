/** The faults that a page can request with `POST /trouble/<kind>?page=…`, and their descriptions. */
export const troubles = {
  'black-hole': 'The server neither reads nor answers these sockets any more, and leaves them open.',
  close: 'The server closed these sockets.',
  refuse: 'The server refuses new connections of this page for 10 seconds.',
  slow: 'For 30 seconds everything takes a second longer, in both directions.',
  stream: '1,000 messages a second come in, for 10 seconds.',
  flood: '20,000 messages come in as fast as they can.',
  restart: 'The server ends every connection, stops, and is back a second later. It remembers no session.',
  drain: 'The server lets every session finish, then stops, and is back a second later.',
} as const

export type Trouble = keyof typeof troubles

/** In milliseconds, except for counts. */
export const troubleFigures = {
  refuseDuration: 10_000,
  slowDuration: 30_000,
  slowness: 1_000,
  streamRate: 1_000,
  streamCount: 10_000,
  floodCount: 20_000,
  restartDuration: 1_000,
  drainDuration: 5_000,
} as const

/** The messages of a flood. */
export interface Flood {
  readonly toClient: { readonly flood: { readonly number: number; readonly of: number } }
}

/** Returns whether a server may close a socket with that code: 1005, 1006 and 1015 are never sent. */
export function isSendable(code: number): boolean {
  const isDefined = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)
  return Number.isInteger(code) && (isDefined || (code >= 3000 && code <= 4999))
}
