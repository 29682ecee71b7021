/** The messages of the page and its server: flat JSON, such as `{"type":"chat","message":"hi"}`. */
export interface Chat {
  readonly toServer: {
    /**
     * The first message on every connection; a later one changes the name. The new connection of a page replaces the
     * old one, which the server may still consider alive: the server identifies the page by the key, which is its
     * secret.
     */
    readonly join: { readonly name: string; readonly key?: string }
    readonly chat: { readonly message: string }
    readonly typing: undefined
    readonly ping: undefined
  }
  readonly toClient: {
    /** The answer to `join`: the id of the page, its name made unique, and the other participants. */
    readonly welcome: Stamped & { readonly others: readonly Person[] }
    /** A participant joined, or has a new name if the id is known. */
    readonly joined: Stamped
    readonly left: Stamped
    /** A message of another participant. */
    readonly chat: Stamped & { readonly message: string }
    readonly typing: Person
    readonly pong: object
    /** The server rejected a frame, without any other effect. */
    readonly error: { readonly message: string }
  }
}

export interface Person {
  /** Assigned by the server, a new one for every connection. */
  readonly id: string
  readonly name: string
}

/** A participant, and a time by the server's clock in milliseconds since the Unix epoch. */
export interface Stamped extends Person {
  readonly at: number
}

/** The longest name and message, in UTF-16 units as `maxlength` counts them. */
export const limits = { name: 24, message: 2_000 } as const

/** The room of a connection whose URL names none, as `?room=…`. */
export const lobby = 'lobby'

/** How long `POST /cut` disconnects the page, in milliseconds. */
export const cutDuration = 5_000
/** How long a page stays unplugged that does not plug in again. */
export const longestUnplugged = 240_000
/** How long a session is held: no message is lost, however long a visitor leaves the plug out. */
export const sessionTimeout = longestUnplugged + 60_000
