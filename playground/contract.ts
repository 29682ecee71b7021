/** What the page and its server say to each other: flat JSON, such as `{"type":"chat","message":"hi"}`. */
export interface Chat {
  readonly toServer: {
    /**
     * Comes first on every connection; later it changes the name. The new connection of a page takes the place of the
     * old one, which the server may not know to be dead: by the key, which is the page's secret.
     */
    readonly join: { readonly name: string; readonly key?: string }
    readonly chat: { readonly message: string }
    readonly typing: undefined
    readonly ping: undefined
  }
  readonly toClient: {
    /** The answer to `join`: who you are, with the name that was free, and who else is online. */
    readonly welcome: Stamped & { readonly others: readonly Person[] }
    /** Somebody came, or has a new name if the id is known. */
    readonly joined: Stamped
    readonly left: Stamped
    /** What somebody else said. */
    readonly chat: Stamped & { readonly message: string }
    readonly typing: Person
    readonly pong: object
    /** The server could not make sense of a frame, and did nothing else about it. */
    readonly error: { readonly message: string }
  }
}

export interface Person {
  /** Given by the server, a new one for every connection. */
  readonly id: string
  readonly name: string
}

/** Somebody, and when, by the server's clock in milliseconds since the Unix epoch. */
export interface Stamped extends Person {
  readonly at: number
}

/** The longest name and message, in UTF-16 units as `maxlength` counts them. */
export const limits = { name: 24, message: 2_000 } as const

/** How long a page stays cut off that asks for it with `POST /cut`, in milliseconds. */
export const cutDuration = 5_000
